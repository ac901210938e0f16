"""What every page shares: the reader's language, links that keep it, the template call."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from audit_api import __version__
from audit_api.extensions import language

LANGUAGES = ("zh", "en")


def page_language() -> str:
    """Choose `zh` or `en`: the switch `?lang=` first, then Accept-Language."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else language()


def page(template: str, **context: Any) -> ResponseReturnValue:
    """Render a template in the reader's language; it may be kept for a minute, by language."""
    lang = page_language()
    response = make_response(
        render_template(template, lang=lang, other="en" if lang == "zh" else "zh", version=__version__, **context)
    )
    response.headers["Content-Language"] = lang
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "private, max-age=60"
    return response
