"""Pages of flags: the list, and a flag's dossier with tables and charts; to read, decisions go through the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue

from audit_api import auth, problems
from audit_api.auth import actor, now, page_requires
from audit_api.domain import dossier_text
from audit_api.domain.directory import STAFF
from audit_api.operations import flags, flags_precision, photos
from audit_api.problems import Problem
from audit_api.web import flag_words
from audit_api.web.chart_tables import chart_table
from audit_api.web.charts import NAMES, chart_svg, is_empty
from audit_api.web.pages import page, page_language

blp = Blueprint("pages_flags", __name__)
PAGE_ROWS = 100
LONGEST_ID = 200


@blp.get("/flags")
@page_requires(*STAFF)
def flag_list() -> ResponseReturnValue:
    """List the flags in scope, with how precise the detectors were."""
    state = request.args.get("state", "")
    state = state if state in flag_words.STATES else ""
    after = request.args.get("after", "")[:LONGEST_ID].replace("\x00", "")
    found = flags.list_flags(actor(), limit=PAGE_ROWS, after=after or None, state=state or None)
    precision = flags_precision.measure_precision(actor())
    return _page("flags.html", found=found, state=state, precision=precision, told=dossier_text)


@blp.get("/flags/<string:flag>")
@page_requires(*STAFF)
def flag_page(flag: str) -> ResponseReturnValue:
    """Show a flag's dossier; with ?figures=true also what grades one that is read blind."""
    try:
        found = flags.open_flag(actor(), flag, figures=request.args.get("figures") == "true", at=now())
    except Problem as problem:
        if not auth.wants_html():
            raise
        return make_response(_page("refusal.html", kind=problem.kind), problem.kind.status)
    charts = found["dossier"].get("charts") or {}
    language = page_language()
    shown = {
        name: chart_table(name, charts[name], language)
        for name in NAMES
        if name in charts and not is_empty(name, charts[name])
    }
    return _page("flag.html", flag=found, charts=shown, told=dossier_text, touchpoint=dossier_text.touchpoint_name)


@blp.get("/flags/<string:flag>/charts/<string:name>.svg")
@page_requires(*STAFF)
def flag_chart(flag: str, name: str) -> ResponseReturnValue:
    """Draw one chart of a dossier."""
    charts = flags.open_flag(actor(), flag)["dossier"].get("charts") or {}
    if name not in NAMES or name not in charts or is_empty(name, charts[name]):
        raise Problem(problems.NOT_FOUND)
    answer = Response(chart_svg(name, charts[name], page_language()), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    answer.headers["Vary"] = "Accept-Language, Authorization, Cookie"
    return answer


@blp.get("/flags/<string:flag>/photos/<string:sha256>.jpg")
@page_requires(*STAFF)
def flag_photo(flag: str, sha256: str) -> ResponseReturnValue:
    """Show a photo behind a flag, or of the dealer's replies, small and without metadata."""
    if sha256 not in flags.photos_of_flag(actor(), flag):
        raise Problem(problems.NOT_FOUND)
    answer = Response(photos.open_photo_thumbnail(sha256, actor=actor()), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def _page(template: str, **context: Any) -> Response:
    cookies: dict[str, str] = {}
    answer = make_response(
        page(template, person=actor(), form=auth.form_token(cookies), words=flag_words, word=flag_words.word, **context)
    )
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer
