"""The page that shows a visit's photos with what is known of each."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, make_response, request
from flask.typing import ResponseReturnValue

from audit_api import auth
from audit_api.auth import actor, page_requires
from audit_api.domain.directory import STAFF
from audit_api.operations import photo_facts
from audit_api.problems import Problem
from audit_api.web.pages import page

blp = Blueprint("pages_photo_facts", __name__)
PAGE_PHOTOS = 50
LONGEST_ID = 200


@blp.get("/visits/<uuid:visit_id>/photo-facts")
@page_requires(*STAFF)
def photo_facts_page(visit_id: UUID) -> ResponseReturnValue:
    """Show each photo with its facts, their sources and what to look at."""
    after = request.args.get("after", "")[:LONGEST_ID]
    try:
        found = photo_facts.list_photo_facts(actor(), str(visit_id), limit=PAGE_PHOTOS, after=after or None)
    except Problem as problem:
        if not auth.wants_html():
            raise
        return make_response(page("refusal.html", person=actor(), kind=problem.kind), problem.kind.status)
    cookies: dict[str, str] = {}
    answer = make_response(page("photo_facts.html", person=actor(), form=auth.form_token(cookies), found=found))
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer
