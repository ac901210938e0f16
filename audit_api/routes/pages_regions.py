"""Pages that show a visit's photos with the regions a dealer does not see, and a form to add or remove them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue

from audit_api import auth, problems
from audit_api.auth import actor, now, page_requires
from audit_api.domain.directory import STAFF
from audit_api.domain.regions import KINDS, Place
from audit_api.operations import regions
from audit_api.problems import Problem
from audit_api.routes.regions import DECIDERS
from audit_api.web.pages import page, page_language

blp = Blueprint("pages_regions", __name__)
SIDES = ("left", "top", "right", "bottom")
PERCENT = 100
LONGEST_NUMBER = 20


@blp.get("/visits/<uuid:visit_id>/photos")
@page_requires(*STAFF)
def visit_photos(visit_id: UUID) -> ResponseReturnValue:
    """List a visit's photos, and which of them a dealer may see."""
    try:
        found = regions.visit_photos(actor(), str(visit_id))
    except Problem as problem:
        return _refusal(problem)
    return _page("visit_photos.html", visit=str(visit_id), photos=found)


@blp.get("/visits/<uuid:visit_id>/photos/<string:sha256>")
@page_requires(*STAFF)
def photo_regions(visit_id: UUID, sha256: str) -> ResponseReturnValue:
    """Show one photo with its regions."""
    return _photo_page(str(visit_id), sha256, None)


@blp.post("/visits/<uuid:visit_id>/photos/<string:sha256>")
@page_requires(*DECIDERS)
def change_regions(visit_id: UUID, sha256: str) -> ResponseReturnValue:
    """Add a region or remove one, as the page's form says; back to the page afterwards."""
    try:
        regions.find_visit_photo(actor(), str(visit_id), sha256)
        _change(sha256)
    except Problem as problem:
        return _photo_page(str(visit_id), sha256, problem)
    return redirect(f"/visits/{visit_id}/photos/{sha256}?lang={page_language()}", 303)


@blp.get("/visits/<uuid:visit_id>/photos/<string:sha256>/<string:shown>.jpg")
@page_requires(*STAFF)
def photo_picture(visit_id: UUID, sha256: str, shown: str) -> ResponseReturnValue:
    """Show the photo as quality control sees it (`display`) or as its dealer does (`dealer`)."""
    regions.find_visit_photo(actor(), str(visit_id), sha256)
    picture = regions.open_display(actor(), sha256) if shown == "display" else None
    if shown == "dealer":
        picture = regions.covered_picture(sha256)
    if picture is None:
        raise Problem(problems.NOT_FOUND)
    return Response(picture, mimetype="image/jpeg", headers={"Cache-Control": "no-store"})


def _change(sha256: str) -> None:
    if not auth.check_form(request.form.get("form", "")):
        raise Problem(
            problems.MALFORMED_REQUEST,
            zh="表单已过期或不是本页面的，请重试",
            en="The form is too old or not of this page; please try again",
        )
    revision = int(_number("revision"))
    if request.form.get("remove"):
        regions.remove_region(
            sha256, revision=revision, region=request.form["remove"][:LONGEST_NUMBER], actor=actor(), at=now()
        )
        return
    left, top, right, bottom = (_number(side) / PERCENT for side in SIDES)
    kind = request.form.get("kind", "")
    if kind not in KINDS:
        raise _invalid("kind", "请选择种类", "choose a kind")
    regions.add_region(
        sha256,
        revision=revision,
        kind=kind,
        place=Place(left, top, right - left, bottom - top),
        actor=actor(),
        at=now(),
    )


def _number(name: str) -> float:
    try:
        value = float(request.form.get(name, "")[:LONGEST_NUMBER])
    except ValueError:
        raise _invalid(name, "请填写数字", "a number is needed") from None
    if not 0 <= value < 1e9:  # NaN is neither
        raise _invalid(name, "数字超出范围", "the number is out of range")
    return value


def _invalid(field: str, zh: str, en: str) -> Problem:
    return Problem(problems.INVALID, members={"errors": [{"field": field, "message": {"zh": zh, "en": en}}]})


def _photo_page(visit: str, sha256: str, trouble: Problem | None) -> ResponseReturnValue:
    if trouble is not None and not auth.wants_html():
        raise trouble
    try:
        regions.find_visit_photo(actor(), visit, sha256)
        found = regions.list_regions(actor(), sha256)
    except Problem as problem:
        return _refusal(problem)
    may_change = actor().role in DECIDERS and found["state"] == "looked_at"
    said = None if trouble is None else trouble.document(page_language())
    answer = _page("photo_regions.html", visit=visit, photo=found, may_change=may_change, kinds=KINDS, trouble=said)
    answer.status_code = 200 if trouble is None else trouble.kind.status
    return answer


def _refusal(problem: Problem) -> ResponseReturnValue:
    if not auth.wants_html():
        raise problem
    return make_response(page("refusal.html", person=actor(), kind=problem.kind), problem.kind.status)


def _page(template: str, **context: object) -> Response:
    cookies: dict[str, str] = {}
    answer = make_response(page(template, person=actor(), form=auth.form_token(cookies), **context))
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer
