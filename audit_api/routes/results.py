"""Results: the whole for staff, the dealer's part for the dealer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from audit_api.auth import actor, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, services
from audit_api.operations import results
from audit_api.schemas.results import (
    DealerResultSchema,
    ResultPageSchema,
    ResultPhotoQuery,
    ResultQuery,
    StaffResultSchema,
)

blp = Blueprint("results", __name__, url_prefix="/v1", description="Results of visits, per reader")
VIEWS = {Role.DEALER: DealerResultSchema()}
STAFF_VIEW = StaffResultSchema()
SCHEMA = {"anyOf": [StaffResultSchema, DealerResultSchema]}
PICTURE = {
    "description": "A JPEG of at most 2048 pixels, or 320, without any metadata",
    "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
}
VIEW = {"description": "The result", "content": {"application/json": {"schema": SCHEMA}}}


@blp.route("/results")
class Results(MethodView):
    """The results in one's sight."""

    @requires(Role.DEALER, *STAFF)
    @blp.arguments(ResultQuery, location="query")
    @blp.response(200, ResultPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List results: a dealer's own released ones, or all in a reviewer's scope."""
        return results.list_results(actor(), **query)


@blp.route("/visits/<uuid:visit_id>/result")
class Result(MethodView):
    """The result of one visit."""

    @requires(Role.DEALER, *STAFF)
    @blp.doc(responses={"200": VIEW})
    def get(self, visit_id: UUID) -> Any:
        """Read a result; a dealer its own once released, without auditor, integrity items and clock times."""
        found = results.open_result(actor(), str(visit_id), settings=services().settings)
        return jsonify(VIEWS.get(actor().role, STAFF_VIEW).dump(found))


@blp.route("/visits/<uuid:visit_id>/result/photos/<string:name>")
class ResultPhoto(MethodView):
    """A photo of a result."""

    @requires(Role.DEALER, *STAFF)
    @blp.arguments(ResultPhotoQuery, location="query")
    @blp.doc(responses={"200": PICTURE})
    def get(self, query: dict[str, Any], visit_id: UUID, name: str) -> ResponseReturnValue:
        """Show a photo of the dealer's form of a result, with faces, number plates and other regions covered."""
        picture = results.open_result_photo(actor(), str(visit_id), name, settings=services().settings, **query)
        return Response(picture, mimetype="image/jpeg", headers={"Cache-Control": "no-store"})
