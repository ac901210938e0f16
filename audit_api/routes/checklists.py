"""Checklists: what phones fetch, and publishing."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Response, request
from flask.views import MethodView
from werkzeug.datastructures import Headers

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares
from audit_api.models.checklists import Compiled
from audit_api.operations import checklists
from audit_api.schemas.checklists import ChecklistEntryPageSchema, PublishedSchema, PublishSchema
from audit_api.schemas.fields import PageQuery

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

blp = Blueprint("checklists", __name__, url_prefix="/v1", description="Checklists, published and never changed")
# Dealers never receive a checklist: it holds the integrity items.
READERS = (Role.AUDITOR, *STAFF)
DOCUMENT = {
    "200": {
        "description": "The checklist, with the keys of its file",
        "content": {"application/json": {"schema": {"type": "object"}}},
        "headers": {"ETag": {"schema": {"type": "string"}}},
    },
    "304": {"description": "Not Modified: If-None-Match names this version"},
}


@blp.route("/checklists")
class Checklists(MethodView):
    """The published checklists."""

    @requires(*READERS)
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, ChecklistEntryPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List published checklists."""
        return checklists.list_checklists(**query)

    @requires(Role.PROGRAMME_MANAGER, Role.ADMIN)
    @declares(problems.CHECKLIST_INVALID, problems.CHECKLIST_PUBLISHED)
    @blp.arguments(PublishSchema)
    @blp.response(201, PublishedSchema)
    @blp.alt_response(200, schema=PublishedSchema, description="It was there already with the same content")
    def post(self, body: dict[str, Any]) -> Any:
        """Publish a checklist version."""
        published = checklists.publish_source(body["source"], actor=actor(), at=now())
        return published, 200 if published["unchanged"] else 201


@blp.route("/checklists/<string:code>")
class NewestChecklist(MethodView):
    """The newest version of a checklist."""

    @requires(*READERS)
    @blp.doc(responses=DOCUMENT)
    def get(self, code: str) -> Response:
        """Read the newest published version of a checklist."""
        return compiled_response(checklists.read_checklist_bytes(code))


@blp.route("/checklists/<string:code>/versions/<string:version>")
class ChecklistVersion(MethodView):
    """One version of a checklist."""

    @requires(*READERS)
    @blp.doc(responses=DOCUMENT)
    def get(self, code: str, version: str) -> Response:
        """Read one published version of a checklist."""
        return compiled_response(checklists.read_checklist_bytes(code, version))


class CompiledResponse(Response):
    """An answer whose headers are complete: Werkzeug need not work them out each time (a tenth of a request)."""

    default_mimetype = None

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """Give the headers as they are."""
        return self.headers


def compiled_response(compiled: Compiled) -> Response:
    """Answer with compiled bytes, compressed where accepted, or 304."""
    zipped = _accepts_gzip()
    etag = compiled.gzipped_etag if zipped else compiled.etag
    if _is_known(etag):
        return CompiledResponse(status=304, headers=_headers(etag, None, zipped=False))
    body = compiled.gzipped if zipped else compiled.body
    # A list: given plain bytes, Werkzeug would write the length into the headers, which are shared.
    return CompiledResponse([body], headers=_headers(etag, len(body), zipped=zipped))


@lru_cache(maxsize=1024)
def _headers(etag: str, length: int | None, *, zipped: bool) -> Headers:
    """Give the headers of one representation, made once: building them took a fifth of the request.

    `no-cache` makes a phone ask each time and get a 304: whoever lost the right to read is told so.
    """
    headers = Headers({"ETag": etag, "Vary": "Accept-Encoding", "Cache-Control": "private, no-cache"})
    if length is not None:
        headers["Content-Type"] = "application/json"
        headers["Content-Length"] = str(length)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return headers


def _accepts_gzip() -> bool:
    accepted = request.environ.get("HTTP_ACCEPT_ENCODING", "")
    # Nearly every client sends plain "gzip, deflate, br"; only weights need parsing.
    return "gzip" in accepted and ("q=" not in accepted or request.accept_encodings["gzip"] > 0)


def _is_known(etag: str) -> bool:
    given = request.environ.get("HTTP_IF_NONE_MATCH")
    return given is not None and (given == etag or request.if_none_match.contains_weak(etag.strip('"')))
