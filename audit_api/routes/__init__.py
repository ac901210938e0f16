"""HTTP in, HTTP out; blueprints in the order of the data's way."""

from audit_api.routes import (
    assignments,
    auditors,
    checklists,
    copies,
    directory,
    findings,
    flags,
    health,
    pages_auditors,
    pages_copies,
    pages_flags,
    pages_home,
    pages_sign_in,
    photos,
    programmes,
    questions,
    results,
    reviews,
    screening,
    survey_frame,
    surveys,
    visits,
)

BLUEPRINTS = (
    health.blp,
    directory.blp,
    checklists.blp,
    programmes.blp,
    assignments.blp,
    photos.blp,
    visits.blp,
    reviews.blp,
    copies.blp,
    results.blp,
    findings.blp,
    surveys.blp,
    survey_frame.blp,
    screening.blp,
    auditors.blp,
    flags.blp,
    questions.blp,
)

# For people's browsers; not part of the OpenAPI file.
PAGES = (pages_home.blp, pages_sign_in.blp, pages_flags.blp, pages_copies.blp, pages_auditors.blp)
