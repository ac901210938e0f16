"""The outermost layer: every answer, however it was made, leaves with a request id, security headers and a log line."""

from __future__ import annotations

import random
import re
import string
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from audit_api import logs

ACCEPTED_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
REQUEST_ID, ROLE = "audit.request_id", "audit.role"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
}
POLICY = "Content-Security-Policy"
# Names for log lines need not be unguessable, and asking the system would give up the interpreter lock each time.
_bits = random.Random().getrandbits  # noqa: S311
_ALWAYS = tuple(SECURITY_HEADERS.items())
_WITHOUT_POLICY = tuple(header for header in _ALWAYS if header[0] != POLICY)


class Edge:
    """WSGI middleware rather than Flask's hooks: it sees every answer, and costs a request less."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass a request on under an id: the caller's, where it is well formed."""
        given = environ.get("HTTP_X_REQUEST_ID")
        request_id = given if given and ACCEPTED_ID.fullmatch(given) else f"{_bits(128):032x}"
        environ[REQUEST_ID] = request_id
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():  # raw bytes, which Werkzeug would take for UTF-8 and crash over
            environ["QUERY_STRING"] = quote(query.encode("latin-1", "replace"), safe=string.punctuation)
        begun = time.perf_counter()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            _log(environ, request_id, int(status[:3]), begun)
            headers.append(("X-Request-Id", request_id))
            _secure(headers, personal="HTTP_AUTHORIZATION" in environ)
            return start_response(status, headers, exc_info)

        answer: Iterable[bytes] = self.application(environ, start)
        return answer


def _secure(headers: list[tuple[str, str]], *, personal: bool) -> None:
    """Add what is missing; a page may bring a policy of its own, and says itself how long it may be kept."""
    present = [name for name, _ in headers]
    # Every header of ours and of Werkzeug's is written in this one way.
    headers.extend(_WITHOUT_POLICY if POLICY in present else _ALWAYS)
    if personal and "Cache-Control" not in present:
        headers.append(("Cache-Control", "no-store"))


def _log(environ: dict[str, Any], request_id: str, status: int, begun: float) -> None:
    """Log route template, never the path; no personal data, no token."""
    request = environ.get("werkzeug.request")  # Flask leaves it here
    rule = request.url_rule if request is not None else None
    logs.write(
        "info",
        "request",
        request_id=request_id,
        method=environ.get("REQUEST_METHOD"),
        route=rule.rule if rule else None,
        status=status,
        milliseconds=round((time.perf_counter() - begun) * 1000, 1),
        role=environ.get(ROLE),
    )
