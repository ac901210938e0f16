"""What checks of kept photos found."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api.auth import actor, requires
from audit_api.domain.directory import STAFF
from audit_api.extensions import Blueprint
from audit_api.operations import photo_checks
from audit_api.schemas.photo_checks import DamageQuery, PhotoDamagePageSchema

blp = Blueprint("photo_checks", __name__, url_prefix="/v1", description="Checks of kept photos against their names")


@blp.route("/photo-damages")
class PhotoDamages(MethodView):
    """Photos that are damaged or missing."""

    @requires(*STAFF)
    @blp.arguments(DamageQuery, location="query")
    @blp.response(200, PhotoDamagePageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List photos found damaged or missing, and how far the checks have come."""
        return photo_checks.list_damages(actor(), **query)
