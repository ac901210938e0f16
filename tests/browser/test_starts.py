"""The app is served under its own policy, and starts."""

from __future__ import annotations

import urllib.request

from playwright.sync_api import Page

from tests.browser.conftest import Site


def test_it_works(page: Page) -> None:
    page.wait_for_selector("body[data-screen]", state="attached")


def test_no_inline_script_and_nothing_from_elsewhere(site: Site) -> None:
    with urllib.request.urlopen(site.app) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
