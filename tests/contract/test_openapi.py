"""The OpenAPI file: valid, complete, and true about errors."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest

from audit_api import problems
from tests.contract.route_map import PAGES, Route, offline_app, routes

DOCUMENT: dict[str, Any] = offline_app().extensions["openapi"]
METHODS = {"get", "put", "post", "patch", "delete", "head", "options"}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_the_head_of_the_document() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert set(DOCUMENT) <= {"openapi", "info", "paths", "components", "tags", "servers", "security", "externalDocs"}
    assert {"title", "version"} <= set(DOCUMENT["info"])
    assert DOCUMENT["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}


def test_every_reference_leads_somewhere() -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                target: Any = DOCUMENT
                for step in value["$ref"].removeprefix("#/").split("/"):
                    target = target[step.replace("~1", "/").replace("~0", "~")]
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(DOCUMENT)


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"].get("schemas", {})))
def test_every_schema_is_json_schema_2020_12(name: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]
    jsonschema_rs.meta.validate(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
    text = str(schema)
    assert "'nullable'" not in text, "a word of OpenAPI 3.0"
    assert "exclusiveMinimum': True" not in text


@pytest.mark.parametrize("route", routes(), ids=str)
def test_every_route_is_described(route: Route) -> None:
    if route.rule in PAGES:
        return
    operation = DOCUMENT["paths"][route.template][route.method.lower()]
    assert operation["summary"].endswith("."), "one imperative line: the first of the docstring"
    assert len(operation["summary"]) < 100
    assert operation["tags"]
    assert any(status.startswith("2") for status in operation["responses"])
    documented = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
    shared = {p["name"] for p in DOCUMENT["paths"][route.template].get("parameters", []) if p["in"] == "path"}
    assert documented | shared == set(route.arguments)


def test_nothing_is_described_that_is_not_there() -> None:
    there = {(r.template, r.method.lower()) for r in routes()}
    described = {(path, method) for path, method, _ in operations() if method != "head"}
    assert described <= there


def test_operation_ids_are_unique() -> None:
    ids = [o["operationId"] for _, _, o in operations() if "operationId" in o]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("path", "method", "operation"), operations(), ids=lambda v: v if isinstance(v, str) else "")
def test_errors_are_problem_documents(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = {kind.status for kind in problems.catalogue()}
    for status, answer in operation["responses"].items():
        assert re.fullmatch(r"default|[1-5]\d\d", status)
        if "$ref" in answer:
            answer = DOCUMENT["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]  # noqa: PLW2901
        assert answer["description"]
        if status == "default" or int(status) >= 400:
            assert list(answer["content"]) == ["application/problem+json"], (path, method, status)
            assert answer["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
        if status != "default" and int(status) >= 400:
            assert int(status) in statuses
    assert {"500", "503"} <= set(operation["responses"])
    if operation.get("requestBody"):
        assert {"413", "415", "422"} <= set(operation["responses"])
    if operation.get("security"):
        assert {"401", "403"} <= set(operation["responses"])
        assert operation["x-roles"]


@pytest.mark.parametrize("route", routes(), ids=str)
def test_the_policy_is_in_the_document(route: Route) -> None:
    operation = DOCUMENT["paths"].get(route.template, {}).get(route.method.lower())
    if operation is None:
        assert route.rule in PAGES
    elif route.public:
        assert not operation.get("security")
    else:
        assert operation["security"] == [{"token": []}]
        assert operation["x-roles"] == sorted(route.policy)


def test_every_list_has_a_bound() -> None:
    for path, method, operation in operations():
        for parameter in operation.get("parameters", []):
            if parameter["name"] == "limit":
                assert parameter["schema"]["maximum"] <= 200, (path, method)
