"""The link that signs a phone in, and its QR code for screens and terminals."""

from __future__ import annotations

import io

import segno


def link(base: str, code: str) -> str:
    """Give the link; the code stands behind #, which browsers send to no server and no log keeps."""
    return f"{base.rstrip('/')}/field/#/sign-in?code={code}"


def as_svg(text: str) -> str:
    """Draw a QR code as an SVG document, dark on white whatever the page's colours."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", scale=6, light="#fff", xmldecl=False, nl=False)
    return out.getvalue().decode()


def for_terminal(text: str) -> str:
    """Draw a QR code with characters for a terminal."""
    out = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out, compact=True)
    return out.getvalue()
