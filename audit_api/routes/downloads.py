"""Files that others made, given back: to be saved, never shown or played from our origin."""

from __future__ import annotations

from typing import Any, BinaryIO

from flask import Response, request
from werkzeug.wsgi import wrap_file

from audit_api.routes.evidence import BYTES

MEDIA_TYPE = "application/octet-stream"
AS_ATTACHMENT = {
    "responses": {
        "200": {
            "description": "The bytes as they were sent, to be saved",
            "content": {MEDIA_TYPE: {"schema": BYTES}},
        }
    }
}
"""`doc` of a route that answers so."""


def download(facts: dict[str, Any], blob: BinaryIO) -> Response:
    """Answer with a file to be saved; `facts`: name, byte_count.

    Should a browser show it after all, it may do nothing there.
    """
    answer = Response(wrap_file(request.environ, blob), mimetype=MEDIA_TYPE, direct_passthrough=True)
    answer.content_length = facts["byte_count"]
    answer.headers["Content-Disposition"] = f'attachment; filename="{facts["name"]}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer
