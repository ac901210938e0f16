"""Puts the application together: connect, extensions, blueprints in the order of the data's way."""

from __future__ import annotations

from flask import Flask, Response, request
from pymongo.database import Database

from audit_api import __version__, auth, logs, models
from audit_api.evidence.store import GridFSStore
from audit_api.extensions import Api, Services, register_error_handlers
from audit_api.models import base
from audit_api.openapi import openapi_document
from audit_api.routes import BLUEPRINTS, PAGES
from audit_api.settings import Settings

__all__ = ["assemble", "create_app"]

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
}


def create_app(settings: Settings) -> Flask:
    """Build the WSGI application; connects to the database and creates its indexes."""
    logs.configure_logging(settings.log_level)
    database = base.connect(settings.mongodb_uri, settings.database)
    base.build_indexes()
    return assemble(settings, database)


def assemble(settings: Settings, database: Database[base.Row]) -> Flask:
    """Put the parts together on a database handle; nothing is asked of the database itself."""
    app = Flask("audit_api", static_folder=None)
    app.url_map.strict_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        API_TITLE="audit-api",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={"info": {"description": "Dealer audits and customer surveys held against each other."}},
    )
    app.extensions["audit"] = Services(settings, database, GridFSStore(database))
    logs.log_requests(app)
    api = Api(app)
    register_error_handlers(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    for pages in PAGES:
        app.register_blueprint(pages)
    app.extensions["openapi"] = openapi_document(app, api.spec.to_dict())
    auth.check_policies(app)
    app.after_request(_secure)
    return app


def _secure(response: Response) -> Response:
    # One pass over the headers there are: setdefault would search them all for each of ours, on every request.
    there = {name.lower() for name, _ in response.headers}
    for name, value in SECURITY_HEADERS.items():
        if name.lower() not in there:
            response.headers.add(name, value)
    if "cache-control" not in there and "HTTP_AUTHORIZATION" in request.environ:
        response.headers.add("Cache-Control", "no-store")
    return response


_ = models  # every document is registered before indexes are built
