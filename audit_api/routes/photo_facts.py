"""What is known of a visit's photos."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView

from audit_api.auth import actor, requires
from audit_api.domain.directory import STAFF
from audit_api.extensions import Blueprint
from audit_api.operations import photo_facts
from audit_api.schemas.fields import LongPageQuery
from audit_api.schemas.photo_facts import VisitPhotoFactsSchema

blp = Blueprint("photo_facts", __name__, url_prefix="/v1/visits", description="What is known of photos")


@blp.route("/<uuid:visit_id>/photo-facts")
class PhotoFacts(MethodView):
    """The facts of one visit's photos."""

    @requires(*STAFF)
    @blp.arguments(LongPageQuery, location="query")
    @blp.response(200, VisitPhotoFactsSchema)
    def get(self, query: dict[str, Any], visit_id: UUID) -> Any:
        """List what is known of a visit's photos, where each fact came from, and what to look at."""
        return photo_facts.list_photo_facts(actor(), str(visit_id), **query)
