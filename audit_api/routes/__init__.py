"""HTTP in, HTTP out; blueprints in the order of the data's way."""

from audit_api.routes import (
    assignments,
    checklists,
    directory,
    findings,
    flags,
    health,
    pages_flags,
    pages_home,
    pages_photo_checks,
    pages_sign_in,
    photo_checks,
    photos,
    programmes,
    questions,
    receipts,
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
    photo_checks.blp,
    visits.blp,
    receipts.blp,
    reviews.blp,
    results.blp,
    findings.blp,
    surveys.blp,
    survey_frame.blp,
    screening.blp,
    flags.blp,
    questions.blp,
)

# For people's browsers; not part of the OpenAPI file.
PAGES = (pages_home.blp, pages_sign_in.blp, pages_flags.blp, pages_photo_checks.blp)
