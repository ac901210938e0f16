"""The field app: its page and its files, open to anybody; all that is anybody's own comes through the API."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from audit_api import problems
from audit_api.auth import public
from audit_api.extensions import language, services
from audit_api.problems import Problem
from audit_api.web import field_app

blp = Blueprint("pages_field", __name__)


@blp.get("/field", strict_slashes=True)
@public
def to_app() -> ResponseReturnValue:
    """Lead to the app's folder, which is the scope of its service worker."""
    return redirect("/field/", 308)


@blp.get("/field/")
@public
def app_page() -> ResponseReturnValue:
    """Give the app's one page."""
    return _answer("index.html")


@blp.get("/field/<path:name>")
@public
def app_file(name: str) -> ResponseReturnValue:
    """Give a file of the app."""
    return _answer(name)


def _answer(name: str) -> Response:
    asset = field_app.edition(services().settings.field_dir).serves(name, language())
    if asset is None:
        raise Problem(problems.NOT_FOUND)
    etag = asset.digest[:32]
    # The service worker decides what is kept; the browser asks each time and mostly gets a 304.
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": field_app.POLICY}
    headers["Vary"] = "Accept-Encoding, Accept-Language" if name == field_app.MANIFEST else "Accept-Encoding"
    if request.if_none_match.contains_weak(etag):
        answer = Response(status=304, headers=headers)
    elif request.accept_encodings["gzip"] > 0:
        answer = Response(asset.gzipped, mimetype=None, headers={**headers, "Content-Encoding": "gzip"})
        answer.headers["Content-Type"] = asset.kind
    else:
        answer = Response(asset.body, headers=headers)
        answer.headers["Content-Type"] = asset.kind
    answer.set_etag(etag, weak=True)
    return answer


@blp.record_once
def _read_at_start(state: object) -> None:
    """Read the app before the first request: an installation that is being replaced must not be read half."""
    field_app.edition()
