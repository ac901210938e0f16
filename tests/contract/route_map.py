"""Every route of the application, read from its URL map without a database, so that a new one cannot escape."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from flask import Flask
from pymongo import MongoClient

from audit_api import auth
from audit_api.app import assemble
from audit_api.settings import Settings

# Pages for people: no part of the API, so not in its description.
OPEN_PAGES = frozenset(
    {
        "/", "/docs", "/docs/assets/<string:name>", "/problems", "/problems/<string:slug>", "/static/<path:name>",
        "/sign-in", "/sign-out", "/field", "/field/", "/field/<path:name>",
    }
)  # fmt: skip
PAGES = OPEN_PAGES | {
    "/auditors",
    "/auditors/<string:run>/<string:auditor>",
    "/auditors/<string:run>/<string:auditor>/decisions",
    "/devices",
    "/flags",
    "/flags/<string:flag>",
    "/flags/<string:flag>/charts/<string:name>.svg",
    "/flags/<string:flag>/photos/<string:sha256>.jpg",
    "/flags/<string:flag>/attachments/<string:sha256>",
    "/photo-damages",
    "/visits/<uuid:visit_id>/attachments",
    "/visits/<uuid:visit_id>/attachments/<string:sha256>",
    "/visits/<uuid:visit_id>/copies",
    "/visits/<uuid:visit_id>/copies/<string:sha256>.jpg",
    "/visits/<uuid:visit_id>/evidence",
    "/visits/<uuid:visit_id>/photo-facts",
    "/visits/<uuid:visit_id>/photos",
    "/visits/<uuid:visit_id>/photos/<string:sha256>",
    "/visits/<uuid:visit_id>/photos/<string:sha256>/<string:shown>.jpg",
    "/visits/<uuid:visit_id>/result",
    "/visits/<uuid:visit_id>/result/photos/<string:name>.jpg",
    "/visits/<uuid:visit_id>/result/thumbnails/<string:name>.jpg",
}
NO_UUID = "00000000-0000-4000-8000-00000000dead"
CONVERTER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    method: str
    rule: str
    endpoint: str
    arguments: tuple[str, ...]
    policy: frozenset[str]
    media_types: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def template(self) -> str:
        """Give the path as OpenAPI writes it."""
        return CONVERTER.sub(r"{\1}", self.rule)

    @property
    def nowhere(self) -> dict[str, str]:
        """Give path values of the right form that name nothing."""
        uuids = set(re.findall(r"<uuid:([^<>]+)>", self.rule))
        return {name: NO_UUID if name in uuids else "none" for name in self.arguments}

    def path(self, values: dict[str, str]) -> str:
        """Fill the path in."""
        return CONVERTER.sub(lambda found: quote(values[found.group(1)], safe=""), self.rule)

    @property
    def public(self) -> bool:
        return self.policy == auth.PUBLIC


@cache
def offline_app() -> Flask:
    """Assemble the application on a database handle that is never used."""
    settings = Settings(
        mongodb_uri="mongodb://127.0.0.1:9", secret_key="s" * 40, contact_key="c" * 40, log_level="error"
    )
    return assemble(settings, MongoClient("mongodb://127.0.0.1:9", connect=False)["nowhere"])


@cache
def routes() -> tuple[Route, ...]:
    """List every route, HEAD and OPTIONS left out."""
    app = offline_app()
    paths: dict[str, Any] = app.extensions["openapi"]["paths"]
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in auth.WITHOUT_POLICY:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            policy = auth.policy_of(app, rule.endpoint, method) or frozenset()
            operation = paths.get(CONVERTER.sub(r"{\1}", rule.rule), {}).get(method.lower(), {})
            media_types = tuple(operation.get("requestBody", {}).get("content", {}))
            names = tuple(CONVERTER.findall(rule.rule))
            found.append(Route(method, rule.rule, rule.endpoint, names, policy, media_types))
    return tuple(sorted(found, key=lambda r: (r.rule, r.method)))
