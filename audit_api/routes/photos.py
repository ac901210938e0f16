"""Photos, named by the SHA-256 of their bytes; sent whole, or in chunks that go on where the last one ended."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from werkzeug.wsgi import wrap_file

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares, services
from audit_api.operations import photo_chunks, photos
from audit_api.routes.bodies import ChunkStream
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
BYTES = {"type": "string", "format": "binary"}
OFFSET = {
    "Upload-Offset": {
        "description": "Bytes that the server holds durably; go on there",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}


def _so_far(offset: int | None) -> Response:
    """Answer 200 for a whole photo, 204 with the offset for a part of one."""
    return Response(status=200) if offset is None else Response(status=204, headers={"Upload-Offset": str(offset)})


def _bytes_answer(description: str, media_type: str) -> dict[str, Any]:
    return {"responses": {"200": {"description": description, "content": {media_type: {"schema": BYTES}}}}}


@blp.route("/photos/<string:sha256>")
class Photo(MethodView):
    """One photo."""

    @requires(Role.AUDITOR, *STAFF)
    @declares(problems.TOO_MANY_REQUESTS)
    @blp.doc(
        responses={
            "200": {"description": "It is here, whole"},
            "204": {"description": "A part of it is here, sent by the caller", "headers": OFFSET},
        }
    )
    def head(self, sha256: str) -> ResponseReturnValue:
        """Tell how much of a photo has arrived; 404 says nothing about what others have sent."""
        return _so_far(photo_chunks.find_photo_offset(sha256, settings=services().settings, actor=actor()))

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(**_bytes_answer("The bytes as they were sent, as an attachment", "application/octet-stream"))
    def get(self, sha256: str) -> ResponseReturnValue:
        """Download the original; who did so is recorded."""
        facts, blob = photos.open_photo_original(services().store, sha256, actor=actor(), at=now())
        answer = Response(
            wrap_file(request.environ, blob), mimetype="application/octet-stream", direct_passthrough=True
        )
        answer.content_length = facts["byte_count"]
        answer.headers["Content-Disposition"] = f'attachment; filename="{facts["name"]}"'
        return answer

    @requires(Role.AUDITOR, Role.DEALER)
    @declares(problems.MALFORMED_REQUEST, problems.PHOTO_EXISTS, *REFUSALS)
    @blp.doc(
        requestBody={
            "required": True,
            "description": "The original bytes; the content type is a hint, the bytes decide",
            "content": {kind: {"schema": BYTES} for kind in KINDS},
        },
        parameters=[
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "`*`, and understood so when left out: a photo is never replaced",
                "schema": {"type": "string"},
            }
        ],
    )
    @blp.response(201, PhotoSchema)
    def put(self, sha256: str) -> Any:
        """Send a photo; 412 means it is here already, which is a success for the sender."""
        settings = services().settings
        request.max_content_length = settings.max_photo_bytes
        return photos.receive_photo(
            services().store, request.stream, sha256, settings=settings, actor=actor(), at=now()
        )

    @requires(Role.AUDITOR, Role.DEALER)
    @declares(problems.PHOTO_EXISTS, problems.UPLOAD_OFFSET, *REFUSALS)
    @blp.doc(
        requestBody={
            "required": True,
            "description": "The bytes from Upload-Offset on; chunks of 256 to 512 KB suit a phone",
            "content": {"application/octet-stream": {"schema": BYTES}},
        },
        responses={"204": {"description": "Held durably up to here, more is to come", "headers": OFFSET}},
    )
    @blp.arguments(ChunkHeaders, location="headers")
    @blp.response(201, PhotoSchema)
    def patch(self, sent: dict[str, int], sha256: str) -> Any:
        """Send a chunk of a photo; 409 tells the true offset, and 412 that it is here already, a success."""
        settings = services().settings
        request.max_content_length = settings.upload_chunk_bytes + 1
        received = photo_chunks.receive_chunk(
            services().store, ChunkStream(), sha256, **sent, settings=settings, actor=actor(), at=now()
        )
        return received.photo or _so_far(received.offset)


@blp.route("/photos/<string:sha256>/thumbnail")
class Thumbnail(MethodView):
    """A small picture."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(**_bytes_answer("A JPEG, upright, at most 320 pixels, without any metadata", "image/jpeg"))
    def get(self, sha256: str) -> ResponseReturnValue:
        """Show a photo small: encoded anew, upright, without metadata."""
        return Response(photos.open_photo_thumbnail(sha256, actor=actor()), mimetype="image/jpeg")
