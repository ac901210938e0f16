"""What the routes of photos and attachments share: bodies that come whole or in chunks, and what refuses them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from werkzeug.exceptions import ClientDisconnected

from audit_api import problems
from audit_api.auth import actor, now
from audit_api.extensions import services
from audit_api.operations import photo_chunks
from audit_api.operations.evidence_intake import EvidenceKind

BYTES = {"type": "string", "format": "binary"}
OFFSET = {
    "Upload-Offset": {
        "description": "Bytes that the server holds durably; go on there",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}
# What these routes declare: what refuses bytes, how far a file is, a chunk of it, and that none is ever replaced.
REFUSALS = (
    problems.TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
    problems.HASH_MISMATCH,
    problems.TOO_MANY_REQUESTS,
)
HOW_FAR: dict[str, Any] = {
    "responses": {
        "200": {"description": "It is here, whole"},
        "204": {"description": "A part of it is here, sent by the caller", "headers": OFFSET},
    }
}
CHUNK: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes from Upload-Offset on; chunks of 256 to 512 KB suit a phone",
        "content": {"application/octet-stream": {"schema": BYTES}},
    },
    "responses": {"204": {"description": "Held durably up to here, more is to come", "headers": OFFSET}},
}
IF_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "`*`, and understood so when left out: evidence is never replaced",
    "schema": {"type": "string"},
}


def whole(media_types: Sequence[str]) -> dict[str, Any]:
    """Give the `doc` of a route that takes a file whole."""
    return {
        "requestBody": {
            "required": True,
            "description": "The original bytes; the content type is a hint, the bytes decide",
            "content": {media_type: {"schema": BYTES} for media_type in media_types},
        },
        "parameters": [IF_NONE_MATCH],
    }


def how_far(kind: EvidenceKind, sha256: str) -> Response:
    """Answer how much of a file has arrived."""
    return so_far(photo_chunks.find_offset(sha256, kind=kind, settings=services().settings, actor=actor()))


def receive_chunk(kind: EvidenceKind, sha256: str, sent: dict[str, int]) -> Any:
    """Take in the chunk that is the body; gives the file's facts once it is whole, how far it is until then."""
    settings = services().settings
    request.max_content_length = settings.upload_chunk_bytes + 1
    received = photo_chunks.receive_chunk(
        services().store,
        ChunkStream(),
        sha256,
        offset=sent["offset"],
        length=sent["length"],
        kind=kind,
        settings=settings,
        actor=actor(),
        at=now(),
    )
    return received.facts or so_far(received.offset)


def so_far(offset: int | None) -> Response:
    """Answer 200 for a whole file, 204 with the offset for a part of one."""
    return Response(status=200) if offset is None else Response(status=204, headers={"Upload-Offset": str(offset)})


class ChunkStream:
    """The body of a request that ends where the connection does: what came of a chunk need not be sent again."""

    def read(self, size: int = -1) -> bytes:
        """Read on, at most `size` bytes; none at the end."""
        try:
            return request.stream.read(size)
        except ClientDisconnected:
            return b""
