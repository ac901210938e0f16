"""Pages of auditors for quality teams: the newest screenings, and one auditor's dossier."""

from __future__ import annotations

from flask import Blueprint, Response, make_response
from flask.typing import ResponseReturnValue

from audit_api import auth
from audit_api.auth import actor, page_requires
from audit_api.domain.directory import STAFF
from audit_api.operations import auditors
from audit_api.problems import Problem
from audit_api.web import flag_words
from audit_api.web.pages import page

blp = Blueprint("pages_auditors", __name__)
SHOWN_RUNS = 5


@blp.get("/auditors")
@page_requires(*STAFF)
def auditor_list() -> ResponseReturnValue:
    """Show the newest screenings with their auditors, the most unusual first."""
    runs = auditors.newest_auditor_runs(actor(), SHOWN_RUNS)
    shown = [(run, auditors.ranked_auditors(actor(), run["code"])) for run in runs]
    return _page("auditors.html", runs=shown)


@blp.get("/auditors/<string:run>/<string:auditor>")
@page_requires(*STAFF)
def auditor_page(run: str, auditor: str) -> ResponseReturnValue:
    """Show an auditor's dossier."""
    try:
        found = auditors.open_auditor_dossier(actor(), run, auditor)
    except Problem as problem:
        if not auth.wants_html():
            raise
        return make_response(_page("refusal.html", kind=problem.kind), problem.kind.status)
    return _page("auditor.html", found=found)


def _page(template: str, **context: object) -> Response:
    cookies: dict[str, str] = {}
    answer = make_response(
        page(template, person=actor(), form=auth.form_token(cookies), words=flag_words, word=flag_words.word, **context)
    )
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer
