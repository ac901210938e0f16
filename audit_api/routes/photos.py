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
from audit_api.operations import photo_chunks, photos
from audit_api.routes.bodies import BYTES, CHUNK, HOW_FAR, IF_NONE_MATCH, ChunkStream, so_far
from audit_api.routes.downloads import AS_ATTACHMENT, download
from audit_api.schemas.photos import ChunkHeaders, PhotoSchema

blp = Blueprint("photos", __name__, url_prefix="/v1", description="Photos, named by the SHA-256 of their bytes")

REFUSALS = (
    problems.TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
    problems.HASH_MISMATCH,
    problems.PHOTO_REFUSED,
    problems.TOO_MANY_REQUESTS,
)
KINDS = ("image/jpeg", "image/png", "image/webp", "image/heic", "application/octet-stream")


JPEG = {"description": "A JPEG, upright, at most 320 pixels, without any metadata",
        "content": {"image/jpeg": {"schema": BYTES}}}  # fmt: skip


@blp.route("/photos/<string:sha256>")
class Photo(MethodView):
    """One photo."""

    @requires(Role.AUDITOR, *STAFF)
    @declares(problems.TOO_MANY_REQUESTS)
    @blp.doc(**HOW_FAR)
    def head(self, sha256: str) -> ResponseReturnValue:
        """Tell how much of a photo has arrived; 404 says nothing about what others have sent."""
        return so_far(photo_chunks.find_offset(sha256, settings=services().settings, actor=actor()))

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(**AS_ATTACHMENT)
    def get(self, sha256: str) -> ResponseReturnValue:
        """Download the original; who did so is recorded."""
        return download(*photos.open_photo_original(services().store, sha256, actor=actor(), at=now()))

    @requires(Role.AUDITOR, Role.DEALER)
    @declares(problems.MALFORMED_REQUEST, problems.PHOTO_EXISTS, *REFUSALS)
    @blp.doc(
        requestBody={
            "required": True,
            "description": "The original bytes; the content type is a hint, the bytes decide",
            "content": {kind: {"schema": BYTES} for kind in KINDS},
        },
        parameters=[IF_NONE_MATCH],
    )
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
    @blp.doc(**CHUNK)
    @blp.arguments(ChunkHeaders, location="headers")
    @blp.response(201, PhotoSchema)
    def patch(self, sent: dict[str, int], sha256: str) -> Any:
        """Send a chunk of a photo; 409 tells the true offset, and 412 that it is here already, a success."""
        settings = services().settings
        request.max_content_length = settings.upload_chunk_bytes + 1
        received = photo_chunks.receive_chunk(
            services().store,
            ChunkStream(),
            sha256,
            offset=sent["offset"],
            length=sent["length"],
            settings=settings,
            actor=actor(),
            at=now(),
        )
        return received.facts or so_far(received.offset)


@blp.route("/photos/<string:sha256>/thumbnail")
class Thumbnail(MethodView):
    """A small picture."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(responses={"200": JPEG})
    def get(self, sha256: str) -> ResponseReturnValue:
        """Show a photo small: encoded anew, upright, without metadata."""
        return Response(photos.open_photo_thumbnail(sha256, actor=actor()), mimetype="image/jpeg")
