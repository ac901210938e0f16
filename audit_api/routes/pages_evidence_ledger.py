"""The page of a visit's evidence: expected against received."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, make_response
from flask.typing import ResponseReturnValue

from audit_api import auth
from audit_api.auth import actor, now, page_requires
from audit_api.domain.directory import STAFF
from audit_api.extensions import services
from audit_api.operations import evidence_ledger
from audit_api.problems import Problem
from audit_api.web.pages import page

blp = Blueprint("pages_evidence_ledger", __name__)


@blp.get("/visits/<uuid:visit_id>/evidence")
@page_requires(*STAFF)
def ledger_page(visit_id: UUID) -> ResponseReturnValue:
    """Show item by item what was expected and what came."""
    try:
        found = evidence_ledger.open_ledger(actor(), str(visit_id), settings=services().settings, at=now())
    except Problem as problem:
        if not auth.wants_html():
            raise
        return make_response(page("refusal.html", person=actor(), kind=problem.kind), problem.kind.status)
    cookies: dict[str, str] = {}
    answer = make_response(page("evidence_ledger.html", person=actor(), form=auth.form_token(cookies), found=found))
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer
