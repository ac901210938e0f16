"""Sign in to the pages with a token, and out again."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue

from audit_api import auth, problems
from audit_api.auth import public
from audit_api.problems import Problem, ProblemType
from audit_api.web.pages import page, page_language

blp = Blueprint("pages_sign_in", __name__)
AFTERWARDS = "/flags"
INSIDE = tuple(
    f"{path}{end}" for path in (AFTERWARDS, "/auditors", "/devices", "/photo-damages", "/visits") for end in "/?"
)
LONGEST_PATH = 500


@blp.get("/sign-in")
@public
def sign_in_form() -> ResponseReturnValue:
    """Show the sign-in form."""
    return _form("role" if request.args.get("why") == "role" else "")


@blp.post("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Begin a session for a token."""
    if not auth.check_form(request.form.get("form", "")):
        return _form("form", problems.MALFORMED_REQUEST)
    answer = redirect(_next(), 303)
    assert isinstance(answer, Response)
    return (
        answer
        if auth.begin_session(answer, request.form.get("token", ""))
        else _form("token", problems.UNAUTHENTICATED)
    )


@blp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End the session of this browser."""
    answer = redirect(f"/sign-in?lang={page_language()}", 303)
    assert isinstance(answer, Response)
    if auth.check_form(request.form.get("form", "")):
        auth.end_session(answer)
    return answer


def _form(trouble: str, kind: ProblemType | None = None) -> ResponseReturnValue:
    """Show the form, saying what went wrong; who is no browser gets the problem itself."""
    if kind is not None and not auth.wants_html():
        raise Problem(kind, headers={"WWW-Authenticate": 'Bearer realm="audit-api"'} if kind.status == 401 else {})
    cookies: dict[str, str] = {}
    shown = page("sign_in.html", trouble=trouble, next=_next(), form=auth.form_token(cookies))
    answer = make_response(shown, kind.status if kind else 200)
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _next() -> str:
    """Give where to go after signing in: a page of ours only."""
    wanted = request.values.get("next", "")[:LONGEST_PATH]
    inside = f"{wanted}/".startswith(INSIDE)
    return wanted if inside and wanted.isprintable() and "\\" not in wanted else f"{AFTERWARDS}?lang={page_language()}"
