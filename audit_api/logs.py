"""One JSON line for each request: route template, never the path, no personal data, no token."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid

import structlog
from flask import Flask, Response, g, request

ACCEPTED_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def configure_logging(level: str) -> None:
    """Send structured JSON lines to standard error."""
    logging.basicConfig(level=level.upper(), format="%(message)s", stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def log_requests(app: Flask) -> None:
    """Give each request an id (the caller's, where it is well formed) and log it when it ends."""
    log = structlog.get_logger("request")

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        request.environ["audit.request_id"] = given if ACCEPTED_ID.fullmatch(given) else uuid.uuid4().hex
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        request_id = request.environ.get("audit.request_id", "")
        response.headers["X-Request-Id"] = request_id
        log.info(
            "request",
            request_id=request_id,
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
            role=str(g.actor.role) if "actor" in g else None,
        )
        return response
