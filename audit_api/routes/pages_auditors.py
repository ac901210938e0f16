"""Pages of auditors for quality teams: the newest screenings, one auditor's dossier, and the decision on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from audit_api import auth, problems
from audit_api.auth import actor, now, page_requires
from audit_api.domain.auditor_cases import DECIDED, CaseState
from audit_api.domain.directory import STAFF
from audit_api.domain.flag_views import DECIDERS, may_decide
from audit_api.domain.flags import LONGEST_REASON, SHORTEST_REASON
from audit_api.operations import auditors, auditors_deciding
from audit_api.problems import Problem
from audit_api.schemas.auditors import AuditorDecisionSchema
from audit_api.web import auditor_words, flag_words
from audit_api.web.pages import page, page_language

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
        return _dossier(run, auditor)
    except Problem as problem:
        if not auth.wants_html():
            raise
        return make_response(_page("refusal.html", kind=problem.kind), problem.kind.status)


@blp.post("/auditors/<string:run>/<string:auditor>/decisions")
@page_requires(*DECIDERS)
def decide_case(run: str, auditor: str) -> ResponseReturnValue:
    """Take a decision from the form of the dossier's page; a refusal is shown above the form, what was written kept."""
    try:
        auditors.open_auditor_dossier(actor(), run, auditor)
        if not auth.check_form(request.form.get("form", "")):
            raise Problem(
                problems.MALFORMED_REQUEST,
                zh="此表单已过期，请再提交一次",
                en="This form has expired; send it once more",
            )
        auditors_deciding.decide_auditor_case(run, auditor, **_decision(), actor=actor(), at=now())
    except Problem as problem:
        if not auth.wants_html():
            raise
        if problem.kind is problems.NOT_FOUND:
            return make_response(_page("refusal.html", kind=problem.kind), problem.kind.status)
        return make_response(_dossier(run, auditor, refused=problem, written=request.form), problem.kind.status)
    return redirect(f"/auditors/{quote(run)}/{quote(auditor)}?lang={page_language()}", 303)


def _decision() -> dict[str, Any]:
    """Read the form as the API reads a body; raises INVALID."""
    sent = {name: request.form.get(name, "") for name in ("outcome", "reason")}
    try:
        loaded: dict[str, Any] = AuditorDecisionSchema().load(
            {**sent, "revision": request.form.get("revision", type=int)}
        )
    except ValidationError as error:
        raise Problem(
            problems.INVALID,
            zh=f"请选择结论，并写明理由（{SHORTEST_REASON} 至 {LONGEST_REASON} 个字符）",
            en=f"Choose an outcome and give the reason, in {SHORTEST_REASON} to {LONGEST_REASON} characters",
        ) from error
    return loaded


def _dossier(run: str, auditor: str, **context: object) -> Response:
    found = auditors.open_auditor_dossier(actor(), run, auditor)
    undecided = found["state"] is not None and CaseState(found["state"]) not in DECIDED
    names = auditors.names_of(entry["by"] for entry in found["decisions"])
    open_to = undecided and may_decide(actor()) and actor().id != auditor
    return _page("auditor.html", found=found, names=names, decidable=open_to, **context)


def _page(template: str, **context: object) -> Response:
    cookies: dict[str, str] = {}
    answer = make_response(
        page(
            template,
            person=actor(),
            form=auth.form_token(cookies),
            words=flag_words,
            told=auditor_words,
            word=flag_words.word,
            **context,
        )
    )
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer
