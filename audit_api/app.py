"""Puts the application together: connect, extensions, blueprints in the order of the data's way."""

from __future__ import annotations

from flask import Flask
from pymongo.database import Database

from audit_api import __version__, auth, logs, models
from audit_api.edge import Edge
from audit_api.evidence.store import GridFSStore
from audit_api.extensions import Api, Services, register_error_handlers
from audit_api.models import base
from audit_api.openapi import openapi_document
from audit_api.routes import BLUEPRINTS, PAGES
from audit_api.settings import Settings

__all__ = ["assemble", "create_app"]


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
    api = Api(app)
    register_error_handlers(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    for pages in PAGES:
        app.register_blueprint(pages)
    app.extensions["openapi"] = openapi_document(app, api.spec.to_dict())
    auth.check_policies(app)
    app.wsgi_app = Edge(app.wsgi_app)  # type: ignore[method-assign] # as Flask documents it
    return app


_ = models  # every document is registered before indexes are built
