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
    pages_sign_in,
    photos,
    programmes,
    questions,
    results,
    reviews,
    screening,
    survey_frame,
    surveys,
    visit_imports,
    visit_versions,
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
    visit_imports.blp,
    visit_versions.blp,
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
PAGES = (pages_home.blp, pages_sign_in.blp, pages_flags.blp)
