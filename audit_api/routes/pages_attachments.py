"""The page that lists a visit's attachments for the reviewer, each to be saved; nothing is played here."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, make_response
from flask.typing import ResponseReturnValue

from audit_api import auth, problems
from audit_api.auth import actor, now, page_requires
from audit_api.domain.directory import STAFF
from audit_api.extensions import services
from audit_api.operations import flags, visit_attachments
from audit_api.operations.attachments import ATTACHMENTS
from audit_api.operations.evidence_reading import open_original
from audit_api.problems import Problem
from audit_api.routes.downloads import download
from audit_api.web.pages import page

blp = Blueprint("pages_attachments", __name__)


@blp.get("/visits/<uuid:visit_id>/attachments")
@page_requires(*STAFF)
def attachments_page(visit_id: UUID) -> ResponseReturnValue:
    """List what a visit names, with what was found in each."""
    try:
        found = visit_attachments.list_visit_attachments(actor(), str(visit_id))
    except Problem as problem:
        if not auth.wants_html():
            raise
        return make_response(page("refusal.html", person=actor(), kind=problem.kind), problem.kind.status)
    cookies: dict[str, str] = {}
    answer = make_response(page("attachments.html", person=actor(), form=auth.form_token(cookies), found=found))
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blp.get("/visits/<uuid:visit_id>/attachments/<string:sha256>")
@page_requires(*STAFF)
def visit_attachment(visit_id: UUID, sha256: str) -> ResponseReturnValue:
    """Save one of a visit's attachments; who did so is recorded."""
    found = visit_attachments.list_visit_attachments(actor(), str(visit_id))
    if sha256 not in {named["sha256"] for named in found["items"]}:
        raise Problem(problems.NOT_FOUND)
    return download(*open_original(ATTACHMENTS, services().store, sha256, actor=actor(), at=now()))


@blp.get("/flags/<string:flag>/attachments/<string:sha256>")
@page_requires(*STAFF)
def flag_attachment(flag: str, sha256: str) -> ResponseReturnValue:
    """Save an attachment of a dealer's reply; who did so is recorded."""
    if sha256 not in flags.attachments_of_flag(actor(), flag):
        raise Problem(problems.NOT_FOUND)
    return download(*open_original(ATTACHMENTS, services().store, sha256, actor=actor(), at=now()))
