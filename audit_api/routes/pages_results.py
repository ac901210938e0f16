"""The page of a released result, as its dealer reads it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, make_response
from flask.typing import ResponseReturnValue

from audit_api import auth
from audit_api.auth import actor, page_requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import services
from audit_api.operations import results
from audit_api.problems import Problem
from audit_api.web.pages import page

blp = Blueprint("pages_results", __name__)


@blp.get("/visits/<uuid:visit_id>/result")
@page_requires(Role.DEALER, *STAFF)
def result_page(visit_id: UUID) -> ResponseReturnValue:
    """Show a result: score, sections, items with what was seen, photos with faces and number plates covered."""
    try:
        found = results.open_dealer_result(actor(), str(visit_id), settings=services().settings)
    except Problem as problem:
        if not auth.wants_html():
            raise
        return make_response(page("refusal.html", person=actor(), kind=problem.kind), problem.kind.status)
    cookies: dict[str, str] = {}
    answer = make_response(page("result.html", person=actor(), form=auth.form_token(cookies), result=found))
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blp.get("/visits/<uuid:visit_id>/result/photos/<string:name>.jpg")
@page_requires(Role.DEALER, *STAFF)
def result_photo(visit_id: UUID, name: str) -> ResponseReturnValue:
    """Show a photo of a result, regions covered."""
    return _picture(visit_id, name, thumbnail=False)


@blp.get("/visits/<uuid:visit_id>/result/thumbnails/<string:name>.jpg")
@page_requires(Role.DEALER, *STAFF)
def result_thumbnail(visit_id: UUID, name: str) -> ResponseReturnValue:
    """Show a photo of a result small, regions covered."""
    return _picture(visit_id, name, thumbnail=True)


def _picture(visit_id: UUID, name: str, *, thumbnail: bool) -> Response:
    settings = services().settings
    picture = results.open_result_photo(actor(), str(visit_id), name, settings=settings, thumbnail=thumbnail)
    return Response(picture, mimetype="image/jpeg", headers={"Cache-Control": "no-store"})
