"""What is kept. Importing this package registers every document: indexes exist only for imported ones."""

from audit_api.models import directory, findings, trail, visits

__all__ = ["DOCUMENTS", "directory", "findings", "trail", "visits"]

DOCUMENTS = (
    "Dealer",
    "Person",
    "TrailEntry",
    "Visit",
    "VisitRevision",
    "VisitConflict",
    "VisitReceipt",
    "Finding",
)
"""Names of the documents whose indexes are built at start."""
