"""Copies of a visit's photos, exact or altered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView

from audit_api.auth import actor, requires
from audit_api.domain.directory import STAFF
from audit_api.extensions import Blueprint
from audit_api.operations import copies
from audit_api.schemas.copies import CopiesSchema
from audit_api.schemas.fields import LongPageQuery

blp = Blueprint("copies", __name__, url_prefix="/v1/visits", description="Photos used more than once")


@blp.route("/<uuid:visit_id>/copies")
class Copies(MethodView):
    """The copies of one visit's photos."""

    @requires(*STAFF)
    @blp.arguments(LongPageQuery, location="query")
    @blp.response(200, CopiesSchema)
    def get(self, query: dict[str, Any], visit_id: UUID) -> Any:
        """List photos of any visit, dealer or year that are the same as this visit's, or altered from them."""
        return copies.list_copies(actor(), str(visit_id), **query)
