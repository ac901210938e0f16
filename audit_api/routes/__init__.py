"""HTTP in, HTTP out; blueprints in the order of the data's way."""

from audit_api.routes import checklists, directory, health, pages_home, photos, surveys

BLUEPRINTS = (
    health.blp,
    directory.blp,
    checklists.blp,
    photos.blp,
    surveys.blp,
)

# For people's browsers; not part of the OpenAPI file.
PAGES = (pages_home.blp,)
