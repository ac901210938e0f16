"""Regions of a photo that are covered before a dealer sees it, and the photo as quality control sees it."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.domain.regions import Place
from audit_api.extensions import Blueprint, declares
from audit_api.operations import regions
from audit_api.schemas.regions import NewRegionSchema, RegionRemovalSchema, RegionsSchema

blp = Blueprint("regions", __name__, url_prefix="/v1/photos", description="Faces and number plates in photos")
DECIDERS = (Role.QUALITY_REVIEWER, Role.PROGRAMME_MANAGER)
REFUSALS = (problems.STALE_REVISION, problems.TRANSITION_REFUSED)
PICTURE = {
    "description": "A JPEG, upright, at most 2048 pixels, without any metadata, nothing covered",
    "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
}


@blp.route("/<string:sha256>/display")
class Display(MethodView):
    """The display derivative of a photo."""

    @requires(*STAFF)
    @blp.doc(responses={"200": PICTURE})
    def get(self, sha256: str) -> ResponseReturnValue:
        """Show a photo encoded anew, upright, without metadata; 404 until the background has made it."""
        return Response(regions.open_display(actor(), sha256), mimetype="image/jpeg")


@blp.route("/<string:sha256>/regions")
class Regions(MethodView):
    """The regions of one photo."""

    @requires(*STAFF)
    @blp.response(200, RegionsSchema)
    def get(self, sha256: str) -> Any:
        """List the regions of a photo that are covered before a dealer sees it."""
        return regions.list_regions(actor(), sha256)

    @requires(*DECIDERS)
    @declares(*REFUSALS)
    @blp.arguments(NewRegionSchema)
    @blp.response(201, RegionsSchema)
    def post(self, body: dict[str, Any], sha256: str) -> Any:
        """Cover one more region of a photo."""
        place = Place(*(body[name] for name in ("x", "y", "width", "height")))
        kept = {"revision": body["revision"], "kind": body["kind"]}
        return regions.add_region(sha256, **kept, place=place, actor=actor(), at=now())


@blp.route("/<string:sha256>/region-removals")
class RegionRemovals(MethodView):
    """Regions that are shown again."""

    @requires(*DECIDERS)
    @declares(*REFUSALS)
    @blp.arguments(RegionRemovalSchema)
    @blp.response(200, RegionsSchema)
    def post(self, body: dict[str, Any], sha256: str) -> Any:
        """Show a region of a photo again, for instance one that holds no face."""
        return regions.remove_region(sha256, **body, actor=actor(), at=now())
