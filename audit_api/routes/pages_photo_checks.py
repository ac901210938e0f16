"""The page of kept photos: how far checks have come, and what is damaged or missing."""

from __future__ import annotations

from flask import Blueprint, make_response, request
from flask.typing import ResponseReturnValue

from audit_api import auth
from audit_api.auth import actor, page_requires
from audit_api.domain.directory import STAFF
from audit_api.operations import photo_checks
from audit_api.web.pages import page

blp = Blueprint("pages_photo_checks", __name__)
PAGE_ROWS = 100
HASH_CHARACTERS = 64


@blp.get("/photo-damages")
@page_requires(*STAFF)
def damage_list() -> ResponseReturnValue:
    """List photos found damaged or missing, in scope."""
    after = request.args.get("after", "")[:HASH_CHARACTERS].replace("\x00", "")
    found = photo_checks.list_damages(actor(), limit=PAGE_ROWS, after=after or None)
    cookies: dict[str, str] = {}
    answer = make_response(page("photo_damages.html", person=actor(), form=auth.form_token(cookies), found=found))
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer
