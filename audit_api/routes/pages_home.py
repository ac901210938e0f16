"""Pages that need no token: what this is, what each problem means, the API's documentation."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, send_from_directory
from flask.typing import ResponseReturnValue

from audit_api import problems
from audit_api.auth import public
from audit_api.extensions import services
from audit_api.problems import Problem
from audit_api.web.advice import advice
from audit_api.web.pages import page, page_language

blp = Blueprint("pages", __name__, template_folder="../web/templates")
STATIC_FOLDER = Path(__file__).parents[1] / "web" / "static"
ASSET_SECONDS = 3600
# Swagger UI as its package installs it; nothing comes from a content network.
DOCS_ASSETS = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
# Its icons are data: images inside its stylesheet; everything else is limited to our own files.
DOCS_POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


@blp.get("/")
@public
def home() -> ResponseReturnValue:
    """Say what this is and lead on."""
    return page("home.html", demo=services().settings.demo)


@blp.get("/problems")
@public
def problem_list() -> ResponseReturnValue:
    """List the kinds of problem that answers can carry."""
    return page("problems.html", kinds=sorted(problems.catalogue(), key=lambda kind: (kind.status, kind.slug)))


@blp.get("/problems/<string:slug>")
@public
def problem_type(slug: str) -> ResponseReturnValue:
    """Say what one kind of problem means."""
    kind = next((kind for kind in problems.catalogue() if kind.slug == slug), None)
    if kind is None:
        raise Problem(problems.NOT_FOUND)
    return page("problem.html", kind=kind, advice=advice(kind.status, page_language()))


@blp.get("/docs")
@public
def docs() -> ResponseReturnValue:
    """Show the API's documentation, to read and to try."""
    response = page("docs.html")
    response.headers["Content-Security-Policy"] = DOCS_POLICY  # type: ignore[union-attr] # page() gives a Response
    return response


@blp.get("/docs/assets/<string:name>")
@public
def docs_asset(name: str) -> ResponseReturnValue:
    """Serve a file of the installed Swagger UI."""
    if name not in DOCS_ASSETS:
        raise Problem(problems.NOT_FOUND)
    package = find_spec("flask_swagger_ui")
    folders = list(package.submodule_search_locations or []) if package else []
    return send_from_directory(Path(folders[0]) / "dist", name, max_age=ASSET_SECONDS)


@blp.get("/static/<path:name>")
@public
def asset(name: str) -> ResponseReturnValue:
    """Serve our own stylesheet or script."""
    return send_from_directory(STATIC_FOLDER, name, max_age=ASSET_SECONDS)
