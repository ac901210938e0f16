"""Pages without a token: landing page, documentation, problem types."""

from __future__ import annotations

import re

import pytest

from audit_api import problems


def test_it_works(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    text = answer.get_data(as_text=True)
    assert 'href="/docs' in text
    assert 'href="/openapi.json"' in text


@pytest.mark.parametrize(
    ("path", "header", "language"),
    [
        ("/", "", "en"),
        ("/", "zh-CN,zh;q=0.9,en;q=0.5", "zh"),
        ("/", "fr", "en"),
        ("/?lang=zh", "en", "zh"),
        ("/?lang=en", "zh", "en"),
        ("/?lang=xx", "zh", "zh"),
        ("/?lang=%00%ff", "", "en"),
    ],
)
def test_language(client, path, header, language):
    answer = client.get(path, headers={"Accept-Language": header} if header else {})
    assert answer.headers["Content-Language"] == language
    assert ("满意度" in answer.get_data(as_text=True)) is (language == "zh")


@pytest.mark.parametrize("path", ["/", "/problems", "/problems/not-found", "/docs"])
def test_nothing_inline_nothing_from_elsewhere(client, path):
    """The content policy would block inline code, and no reader should depend on another host."""
    text = client.get(path).get_data(as_text=True)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/problems", "/problems/not-found", "/docs"])
def test_every_link_and_asset_is_there(client, path):
    text = client.get(path).get_data(as_text=True)
    for target in set(re.findall(r'(?:href|src)="(/[^"#]*)"', text)):
        assert client.get(target).status_code == 200, target


@pytest.mark.parametrize("kind", problems.catalogue(), ids=lambda kind: kind.slug)
def test_every_problem_type_leads_to_a_page(client, kind):
    text = client.get(kind.uri).get_data(as_text=True)
    assert kind.zh in text
    assert str(kind.status) in text
    assert client.get(kind.uri + "?lang=zh").headers["Content-Language"] == "zh"


def test_an_unknown_problem_type_is_not_found(client):
    assert client.get("/problems/no-such-thing").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/nothing",
        "/docs/assets/../__init__.py",
        "/docs/assets/LICENSE",
    ],
)
def test_only_what_is_meant_is_served(client, path):
    assert client.get(path).status_code == 404


def test_the_demo_says_so_and_shows_no_token(client, app, people):
    from audit_api.domain.directory import Role

    assert "tokens.json" not in client.get("/").get_data(as_text=True)
    object.__setattr__(app.extensions["audit"].settings, "demo", True)
    people.add(Role.ADMIN)
    text = client.get("/").get_data(as_text=True)
    assert "tokens.json" in text
    assert not [token for token in people.tokens.values() if token in text]
