"""The page on which a programme manager signs an auditor's phone in: a form, then the code to be scanned."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from audit_api import auth, problems
from audit_api.auth import actor, now, page_requires
from audit_api.domain.devices import DEFAULT_MINUTES
from audit_api.domain.directory import Role
from audit_api.extensions import services
from audit_api.operations import devices
from audit_api.problems import Problem
from audit_api.web import sign_in_links
from audit_api.web.pages import page, page_language

blp = Blueprint("pages_devices", __name__)
MAKERS = (Role.PROGRAMME_MANAGER, Role.ADMIN)
CHOICES = (DEFAULT_MINUTES, 60, 480, 1_440)
PAGE_ROWS = 100
LONGEST_PERSON = 254


@blp.get("/devices")
@page_requires(*MAKERS)
def device_list() -> ResponseReturnValue:
    """List auditors' phones, with the form that makes a code."""
    return _page()


@blp.post("/devices")
@page_requires(*MAKERS)
def change() -> ResponseReturnValue:
    """Make a code and show it, this once; or shut a lost phone out."""
    try:
        _check_form()
        if phone := request.form.get("shut", ""):
            person, _, device = phone[:LONGEST_PERSON].replace("\x00", "").partition(":")
            devices.shut_out(person, device, actor=actor(), at=now())
            return redirect(f"/devices?lang={page_language()}", 303)
        return _page(made=_made())
    except Problem as problem:
        if not auth.wants_html():
            raise
        return _page(trouble=problem)


def _check_form() -> None:
    if not auth.check_form(request.form.get("form", "")):
        raise Problem(
            problems.MALFORMED_REQUEST,
            zh="表单已过期或不是本页面的，请重试",
            en="The form is too old or not of this page; please try again",
        )


def _made() -> dict[str, Any]:
    person, minutes = request.form.get("person", "").replace("\x00", "")[:LONGEST_PERSON], request.form.get("minutes")
    chosen = next((choice for choice in CHOICES if str(choice) == minutes), DEFAULT_MINUTES)
    settings = services().settings
    code, expires_at = devices.make_code(person=person, minutes=chosen, settings=settings, actor=actor(), at=now())
    link = sign_in_links.link(settings.public_url or request.host_url, code)
    drawn = Markup(sign_in_links.as_svg(link))  # noqa: S704 - squares drawn by ourselves, no text of anybody's
    return {"person": person, "code": code, "expires_at": expires_at, "link": link, "qr": drawn}


def _page(*, made: dict[str, Any] | None = None, trouble: Problem | None = None) -> ResponseReturnValue:
    cookies: dict[str, str] = {}
    shown = page(
        "devices.html", person=actor(), form=auth.form_token(cookies), made=made, choices=CHOICES,
        trouble=trouble.document(page_language()) if trouble else None,
        devices=devices.list_devices(actor(), at=now(), limit=PAGE_ROWS),
    )  # fmt: skip
    answer = make_response(shown, trouble.kind.status if trouble else 200)
    auth.set_form_cookies(answer, cookies)
    answer.headers["Cache-Control"] = "no-store"
    return answer
