"""Files that arrive as raw request bodies."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Response, request
from werkzeug.exceptions import ClientDisconnected

from audit_api import problems
from audit_api.extensions import services
from audit_api.intake.tables import Table, read_table
from audit_api.problems import Problem

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TABLE_TYPES = ("text/csv", XLSX_TYPE, "application/x-ndjson", "application/octet-stream")
CHUNK_BYTES = 1 << 16

TABLE_BODY: dict[str, Any] = {
    "required": True,
    "description": "A CSV, XLSX, JSON or JSON Lines file as it is; its bytes tell which, not the content type",
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TABLE_TYPES},
}
"""`requestBody` of a route that takes a table, for the OpenAPI file."""


BYTES = {"type": "string", "format": "binary"}
OFFSET = {
    "Upload-Offset": {
        "description": "Bytes that the server holds durably; go on there",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}
# What routes of evidence declare: how far a file is, a chunk of it, and that none is ever replaced.
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


@contextmanager
def sent_table() -> Iterator[Table]:
    """Give the table in the request's body, kept in a temporary file meanwhile, never whole in memory.

    Raises UNSUPPORTED_MEDIA_TYPE, TOO_LARGE beyond `max_import_bytes`, IMPORT_REFUSED as `read_table` does.
    """
    if request.mimetype not in TABLE_TYPES:
        raise Problem(
            problems.UNSUPPORTED_MEDIA_TYPE,
            zh=f"请以 text/csv 或 {XLSX_TYPE} 发送文件本身",
            en=f"Send the file itself as text/csv or {XLSX_TYPE}",
        )
    settings = services().settings
    request.max_content_length = settings.max_import_bytes
    with tempfile.NamedTemporaryFile(dir=settings.upload_dir or None, prefix="import-") as kept:
        while chunk := request.stream.read(CHUNK_BYTES):
            kept.write(chunk)
        kept.flush()
        yield read_table(Path(kept.name))
