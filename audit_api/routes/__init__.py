"""HTTP in, HTTP out; blueprints in the order of the data's way."""

from audit_api.routes import directory, health

BLUEPRINTS = (
    health.blp,
    directory.blp,
)
