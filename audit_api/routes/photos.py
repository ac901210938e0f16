"""Photos, named by the SHA-256 of their bytes; sent whole, or in chunks that go on where the last one ended."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares, services, uncapped_stream
from audit_api.operations import photos
from audit_api.operations.evidence_reading import open_original
from audit_api.routes import evidence
from audit_api.routes.downloads import AS_ATTACHMENT, download
from audit_api.schemas.photos import ChunkHeaders, PhotoSchema

blp = Blueprint("photos", __name__, url_prefix="/v1", description="Photos, named by the SHA-256 of their bytes")

REFUSALS = (*evidence.REFUSALS, problems.PHOTO_REFUSED)
KINDS = ("image/jpeg", "image/png", "image/webp", "image/heic", "application/octet-stream")
JPEG = {"description": "A JPEG, upright, at most 320 pixels, without any metadata",
        "content": {"image/jpeg": {"schema": evidence.BYTES}}}  # fmt: skip


@blp.route("/photos/<string:sha256>")
class Photo(MethodView):
    """One photo."""

    @requires(Role.AUDITOR, *STAFF)
    @declares(problems.TOO_MANY_REQUESTS)
    @blp.doc(**evidence.HOW_FAR)
    def head(self, sha256: str) -> ResponseReturnValue:
        """Tell how much of a photo has arrived; 404 says nothing about what others have sent."""
        return evidence.how_far(photos.PHOTOS, sha256)

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(**AS_ATTACHMENT)
    def get(self, sha256: str) -> ResponseReturnValue:
        """Download the original; who did so is recorded."""
        return download(*open_original(photos.PHOTOS, services().store, sha256, actor=actor(), at=now()))

    @requires(Role.AUDITOR, Role.DEALER)
    @declares(problems.MALFORMED_REQUEST, problems.PHOTO_EXISTS, *REFUSALS)
    @blp.doc(**evidence.whole(KINDS))
    @blp.response(201, PhotoSchema)
    def put(self, sha256: str) -> Any:
        """Send a photo; 412 means it is here already, which is a success for the sender."""
        stream, length = uncapped_stream(request), request.content_length
        settings = services().settings
        return photos.receive_photo(
            services().store, stream, sha256, announced_bytes=length, settings=settings, actor=actor(), at=now()
        )

    @requires(Role.AUDITOR, Role.DEALER)
    @declares(problems.PHOTO_EXISTS, problems.UPLOAD_OFFSET, *REFUSALS)
    @blp.doc(**evidence.CHUNK)
    @blp.arguments(ChunkHeaders, location="headers")
    @blp.response(201, PhotoSchema)
    def patch(self, sent: dict[str, int], sha256: str) -> Any:
        """Send a chunk of a photo; 409 tells the true offset, and 412 that it is here already, a success."""
        return evidence.receive_chunk(photos.PHOTOS, sha256, sent)


@blp.route("/photos/<string:sha256>/thumbnail")
class Thumbnail(MethodView):
    """A small picture."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(responses={"200": JPEG})
    def get(self, sha256: str) -> ResponseReturnValue:
        """Show a photo small: encoded anew, upright, without metadata."""
        return Response(photos.open_photo_thumbnail(sha256, actor=actor()), mimetype="image/jpeg")
