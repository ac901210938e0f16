"""The app is served under its own policy, and starts."""

from __future__ import annotations

import urllib.request

from playwright.sync_api import Page

from audit_api.web import field_app
from tests.browser.conftest import Site


def test_it_works(page: Page) -> None:
    page.wait_for_selector("body[data-screen]", state="attached")


def test_no_inline_script_and_nothing_from_elsewhere(site: Site) -> None:
    with urllib.request.urlopen(site.app) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy


def test_phones_load_the_code_without_its_comments() -> None:
    """Every line of code is served as it is written, under the number it has here; a comment's line is empty."""
    for name, served in field_app.edition().files.items():
        if not name.endswith((".js", ".css")):
            continue
        written = (field_app.FOLDER / name).read_text("utf-8").split("\n")
        lines = served.body.decode().split("\n")
        assert len(lines) == len(written), name
        for number, (line, source) in enumerate(zip(lines, written, strict=True), start=1):
            is_comment = source.strip().startswith(("//", "/*", "*", "@")) or not source.strip() or not line
            assert line == source or (line == "" and is_comment), f"{name}:{number}: {source}"
        inside = [line for line in lines if line.strip().startswith(("//", "/**"))]
        assert not inside, f"{name}: {inside}"
    kept = b"const a = 'http://x';  // said\nb = 1; /* c */\nf(`\n  text`);\n"
    assert field_app.without_comments("a.js", kept) == kept
    assert field_app.without_comments("a.js", b"  // one\n/**\n * two\n */\nc();\n") == b"\n\n\n\nc();\n"
