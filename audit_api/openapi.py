"""The OpenAPI 3.1 file: what flask-smorest collects, plus every problem a route can answer with."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from flask import Flask

from audit_api import auth, problems
from audit_api.extensions import PROBLEM_TYPE
from audit_api.problems import ProblemType
from audit_api.schemas.visit_content import wire_components

ALWAYS = (problems.NOT_ACCEPTABLE, problems.UNEXPECTED, problems.UNAVAILABLE)
WITH_BODY = (problems.TOO_LARGE, problems.UNSUPPORTED_MEDIA_TYPE, problems.INVALID)


def openapi_document(app: Flask, spec: dict[str, Any]) -> dict[str, Any]:
    """Complete a spec in place: problems by status, security by policy; returns it."""
    spec.setdefault("components", {}).setdefault("securitySchemes", {})["token"] = {
        "type": "http",
        "scheme": "bearer",
    }
    # Bodies decoded without marshmallow, which apispec therefore does not know.
    spec["components"].setdefault("schemas", {}).update(wire_components())
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        for method, operation in spec.get("paths", {}).get(path, {}).items():
            if method in ("get", "put", "post", "patch", "delete", "head"):
                _complete(app, rule.endpoint, method, operation, has_path=bool(rule.arguments))
    return spec


def _complete(app: Flask, endpoint: str, method: str, operation: dict[str, Any], *, has_path: bool) -> None:
    policy = auth.policy_of(app, endpoint, method.upper())
    kinds: list[ProblemType] = [*ALWAYS, *_declared(app, endpoint, method)]
    if policy != auth.PUBLIC:
        kinds += [problems.UNAUTHENTICATED, problems.FORBIDDEN]
        operation["security"] = [{"token": []}]
        operation["x-roles"] = sorted(policy or ())
    if has_path:
        kinds.append(problems.NOT_FOUND)
    if operation.get("requestBody"):
        kinds += WITH_BODY
    if operation.get("parameters"):
        kinds.append(problems.INVALID)
    by_status: dict[int, list[ProblemType]] = {}
    for kind in dict.fromkeys(kinds):
        by_status.setdefault(kind.status, []).append(kind)
    for status, same in sorted(by_status.items()):
        operation["responses"][str(status)] = {
            "description": f"{HTTPStatus(status).phrase}: " + "; ".join(f"`{k.uri}` {k.en}" for k in same),
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _declared(app: Flask, endpoint: str, method: str) -> tuple[ProblemType, ...]:
    view = app.view_functions[endpoint]
    if view_class := getattr(view, "view_class", None):
        view = getattr(view_class, method, None) or view_class.get
    return getattr(view, "__problems__", ())
