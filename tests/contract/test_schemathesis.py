"""schemathesis over our OpenAPI file, as every role: no 5xx, no status, type or body that is not documented.

The `default` responses are removed from the tested copy: with them every status is documented and the check is empty.
FULL=1 tries ten times as many cases, anew each time.
"""

from __future__ import annotations

import copy
import os
from typing import Any

import pytest
import schemathesis
from flask import Flask, jsonify
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup

from tests.contract.checks import signed
from tests.contract.examples import HEADERS, arguments, ids_of
from tests.contract.route_map import PAGES, Route, routes
from tests.contract.world import World

FULL = os.environ.get("FULL") == "1"
CASES = 200 if FULL else 20
load_all_checks()
CONFORMANCE = [
    CHECKS.get_by_names([name])[0]
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
]
API = [route for route in routes() if route.rule not in PAGES]
NO_TOKEN = "nobody"
# The WSGI client asks for gzip by itself and cannot unpack it.
PLAIN = {"Accept-Encoding": "identity"}


def without_defaults(document: dict[str, Any]) -> dict[str, Any]:
    """Copy a document without its `default` responses."""
    tested = copy.deepcopy(document)
    for item in tested["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.get("responses", {}).pop("default", None)
    return tested


def schema_of(app: Flask) -> Any:
    document = app.test_client().get("/openapi.json").get_json()
    schema = schemathesis.openapi.from_dict(without_defaults(document))
    schema.app = app
    return schema


@pytest.fixture(scope="module")
def schema(world: World) -> Any:
    return schema_of(world.app)


def modes(operation: Any) -> list[Any]:
    """Give a strategy for good cases and, where something can be got wrong, one for bad cases."""
    found = [operation.as_strategy(generation_mode=GenerationMode.POSITIVE)]
    if operation.body or operation.query or operation.path_parameters:
        found.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return found


@pytest.mark.parametrize("route", API, ids=str)
def test_answers_are_as_described(world: World, schema: Any, route: Route) -> None:
    operation = schema[route.template][route.method]
    places = [ids_of(world, route).of(role) for role in sorted(route.policy)] if route.arguments else []
    allowed = [NO_TOKEN] if route.public else sorted(route.policy)
    everybody = [NO_TOKEN, *world.actors]
    seen = {_good_case(world, operation, route)}
    assert min(seen) < 300, "the example does not reach the good answer"

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=not FULL,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def run(data: Any) -> None:
        case = data.draw(st.one_of(modes(operation)))
        caller = data.draw(st.sampled_from(data.draw(st.sampled_from([allowed, everybody]))))
        headers = PLAIN | ({} if caller == NO_TOKEN else world.headers(caller))
        # Random ids and bodies end at 404 and 422; real ones lead to what lies behind.
        if places and data.draw(st.booleans()):
            case.path_parameters = data.draw(st.sampled_from(places))
        if route.media_types and data.draw(st.integers(0, 3)) == 0:
            more = arguments(world, route)
            case.body = more.get("json", more.get("data"))
            case.media_type = route.media_types[0]
        case.headers = {k: v for k, v in (case.headers or {}).items() if k.lower() != "authorization"}
        response = case.call(headers=headers)
        case.validate_response(response, checks=CONFORMANCE, headers=headers)
        seen.add(response.status_code)

    run()
    assert seen


def _good_case(world: World, operation: Any, route: Route) -> int:
    """Send the example, by somebody who may, on an object of their own; gives the status."""
    headers = PLAIN | signed(world, route) | HEADERS.get((route.method, route.rule), {})
    role = sorted(route.policy)[0]
    case = operation.Case(path_parameters=ids_of(world, route).of(role) if route.arguments else {})
    if route.media_types:
        more = arguments(world, route)
        case.body = more.get("json", more.get("data"))
        case.media_type = route.media_types[0]
    response = case.call(headers=headers)
    case.validate_response(response, checks=CONFORMANCE, headers=headers)
    return int(response.status_code)


def _planted(answer: Any) -> Any:
    """Make an application whose one route is described as answering 200 with a text member, and a `default`."""
    app = Flask("planted", static_folder=None)
    problem = {"application/json": {"schema": {"type": "object"}}}
    good = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "planted", "version": "1"},
        "paths": {
            "/x": {
                "get": {
                    "responses": {
                        "200": {"description": "good", "content": {"application/json": {"schema": good}}},
                        "default": {"description": "whatever", "content": problem},
                    }
                }
            }
        },
    }
    app.add_url_rule("/openapi.json", "openapi", lambda: jsonify(document))
    app.add_url_rule("/x", "x", answer)
    return schema_of(app)["/x"]["GET"]


@pytest.mark.parametrize(
    ("answer", "caught"),
    [
        (lambda: ({"a": "b"}, 418), "Undocumented status code"),
        (lambda: ({"a": "b"}, 500), "Server error"),
        (lambda: ({"a": 1}, 200), "Response violates schema"),
        (lambda: ("<p>", 200), "Undocumented Content-Type"),
        (lambda: ({"a": "b"}, 200), None),
    ],
    ids=["a status", "a crash", "a body", "a type", "nothing"],
)
def test_the_check_is_not_empty(answer: Any, caught: str | None) -> None:
    """What is planted is found; the `default` response does not hide it."""
    operation = _planted(answer)
    case = operation.Case()
    response = case.call()
    if caught is None:
        case.validate_response(response, checks=CONFORMANCE)
        return
    with pytest.raises((Failure, FailureGroup)) as found:
        case.validate_response(response, checks=CONFORMANCE)
    assert caught in str(found.value) or any(caught in e.title for e in getattr(found.value, "exceptions", []))
