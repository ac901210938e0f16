"""What is kept. Importing this package registers every document: indexes exist only for imported ones."""

from audit_api.models import (
    checklists,
    directory,
    findings,
    flags,
    photos,
    programmes,
    survey_frame,
    surveys,
    trail,
    visits,
)

__all__ = [
    "DOCUMENTS",
    "checklists",
    "directory",
    "findings",
    "flags",
    "photos",
    "programmes",
    "survey_frame",
    "surveys",
    "trail",
    "visits",
]

DOCUMENTS = (
    "Dealer",
    "Publication",
    "ItemMeaning",
    "Person",
    "Programme",
    "Wave",
    "Assignment",
    "Photo",
    "PhotoUpload",
    "Response",
    "ColumnMapping",
    "Event",
    "StaffContact",
    "TrailEntry",
    "Visit",
    "VisitRevision",
    "VisitConflict",
    "VisitReceipt",
    "Finding",
    "ScreeningRun",
    "ScreenedDealer",
    "Flag",
    "Question",
    "Suppression",
    "DealerDossier",
)
"""Names of the documents whose indexes are built at start."""
