"""The page that shows a visit's photos beside their copies."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue

from audit_api import auth
from audit_api.auth import actor, page_requires
from audit_api.domain.directory import STAFF
from audit_api.operations import copies
from audit_api.problems import Problem
from audit_api.web.pages import page

blp = Blueprint("pages_copies", __name__)
PAGE_PAIRS = 50
LONGEST_ID = 200


@blp.get("/visits/<uuid:visit_id>/copies")
@page_requires(*STAFF)
def copies_page(visit_id: UUID) -> ResponseReturnValue:
    """Show each pair side by side."""
    after = request.args.get("after", "")[:LONGEST_ID]
    try:
        found = copies.list_copies(actor(), str(visit_id), limit=PAGE_PAIRS, after=after or None)
    except Problem as problem:
        if not auth.wants_html():
            raise
        return make_response(page("refusal.html", person=actor(), kind=problem.kind), problem.kind.status)
    cookies: dict[str, str] = {}
    answer = make_response(page("copies.html", person=actor(), form=auth.form_token(cookies), found=found))
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blp.get("/visits/<uuid:visit_id>/copies/<string:sha256>.jpg")
@page_requires(*STAFF)
def copies_photo(visit_id: UUID, sha256: str) -> ResponseReturnValue:
    """Show a photo of a pair, small and without metadata."""
    answer = Response(copies.open_copy_thumbnail(actor(), str(visit_id), sha256), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer
