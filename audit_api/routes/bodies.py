"""Tables that arrive as raw request bodies."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import request

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
