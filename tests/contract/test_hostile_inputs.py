"""Hostile bodies, queries and ids on every route: refused with a reason, never a crash, and nothing is stored."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.contract import hostile
from tests.contract.checks import check_problem, signed
from tests.contract.examples import MAY_BE_EMPTY, OPEN_VALUES, arguments, body_of, ids_of
from tests.contract.route_map import CONVERTER, Route, offline_app, routes
from tests.contract.world import World

JSON_ROUTES = [r for r in routes() if "application/json" in r.media_types]
RAW_ROUTES = [r for r in routes() if r.media_types and "application/json" not in r.media_types]


def senders(world: World, route: Route) -> tuple[dict[str, str], str]:
    """Give headers and path of somebody who may call the route, on an object of their own."""
    role = sorted(route.policy)[0]
    values = ids_of(world, route).of(role) if route.arguments else {}
    return signed(world, route), route.path(values)


def send(world: World, route: Route, data: bytes, content_type: str = "application/json") -> Any:
    headers, path = senders(world, route)
    return world.client.open(path, method=route.method, headers=headers, data=data, content_type=content_type)


def dotted(path: tuple[Any, ...]) -> str:
    return ".".join("*" if isinstance(step, int) else step for step in path)


@pytest.mark.parametrize("route", JSON_ROUTES, ids=str)
def test_the_example_itself_is_taken(world: World, route: Route) -> None:
    """The control: what the other tests spoil is good before they do."""
    role = sorted(route.policy)[0]
    values = ids_of(world, route).of(role) if route.arguments else {}
    answer = world.client.open(
        route.path(values), method=route.method, headers=signed(world, route), **arguments(world, route)
    )
    assert answer.status_code < 300 or answer.status_code in (409, 423), answer.get_data()[:500]


@pytest.mark.parametrize("route", JSON_ROUTES, ids=str)
def test_whole_bodies(world: World, route: Route) -> None:
    before = world.counts()
    bodies = dict(hostile.BODIES)
    bodies["a list" if isinstance(body_of(world, route), dict) else "an object"] = (
        b"[]" if isinstance(body_of(world, route), dict) else b"{}"
    )
    for name, data in bodies.items():
        assert check_problem(send(world, route, data))["status"] == 422, name
    assert world.counts() == before


@pytest.mark.parametrize("route", JSON_ROUTES, ids=str)
def test_values_that_are_refused_everywhere(world: World, route: Route) -> None:
    before = world.counts()
    body = body_of(world, route)
    for path, _ in hostile.leaves(body):
        for name, raw in hostile.NEVER.items():
            answer = send(world, route, hostile.with_raw(body, path, raw))
            assert answer.status_code == 422, (dotted(path), name, answer.status_code, answer.get_data()[:300])
            check_problem(answer)
    for name, raw in hostile.NEVER.items():
        if isinstance(body, dict):
            spoilt = json.dumps(body)[:-1] + f', "zz_unknown": {raw}}}'
            assert check_problem(send(world, route, spoilt.encode()))["status"] == 422, name
            twice = (
                json.dumps(body)[:-1] + f", {json.dumps(next(iter(body)))}: {json.dumps(next(iter(body.values())))}}}"
            )
            assert check_problem(send(world, route, twice.encode()))["status"] == 422
    assert world.counts() == before


@pytest.mark.parametrize("route", JSON_ROUTES, ids=str)
def test_values_of_another_kind(world: World, route: Route) -> None:
    before = world.counts()
    body = body_of(world, route)
    free = OPEN_VALUES.get((route.method, route.rule), frozenset())
    taken = []
    for path, value in hostile.leaves(body):
        for name, misfit in hostile.misfits(value).items():
            if dotted(path) in free or f"{dotted(path)}: {name}" in free:
                continue
            answer = send(world, route, json.dumps(hostile.replaced(body, path, misfit)).encode())
            if answer.status_code not in (422, 404):
                taken.append((dotted(path), name, answer.status_code, answer.get_data(as_text=True)[:200]))
            else:
                check_problem(answer)
    assert not taken, taken
    assert world.counts() == before


@pytest.mark.parametrize("route", JSON_ROUTES, ids=str)
def test_a_missing_or_unknown_field_is_named(world: World, route: Route) -> None:
    before = world.counts()
    body = body_of(world, route)
    if not isinstance(body, dict):
        pytest.skip("the body is a list")
    document = check_problem(send(world, route, json.dumps(body | {"zz_unknown": 1}).encode()), 422)
    assert any(error["field"].endswith("zz_unknown") for error in document["errors"])
    if not isinstance(body, dict) or (route.method, route.rule) not in MAY_BE_EMPTY:
        document = check_problem(send(world, route, b"{}"), 422)
        assert all(error["field"] for error in document["errors"])
    assert world.counts() == before


@pytest.mark.parametrize("route", RAW_ROUTES, ids=str)
def test_raw_bodies(world: World, route: Route) -> None:
    before = world.counts()
    for data in (*hostile.BODIES.values(), b"GIF89a", b"PK\x03\x04" * 100, b"<svg/>", b"\xff\xd8\xff" + b"\x00" * 9999):
        for content_type in (*route.media_types, "text/html", ""):
            answer = send(world, route, data, content_type)
            assert check_problem(answer)["status"] in (409, 411, 412, 415, 422, 428), (data[:20], content_type)
    assert world.counts() == before


def query_parameters(route: Route) -> list[str]:
    operation = offline_app().extensions["openapi"]["paths"].get(route.template, {}).get(route.method.lower(), {})
    return [p["name"] for p in operation.get("parameters", []) if p.get("in") == "query"]


def encoded(value: str | bytes) -> str:
    return quote(value, safe="")


# Whoever opens an original is in the trail; nothing else may change.
READING_IS_RECORDED = {
    "GET /flags/<string:flag>/attachments/<string:sha256>",
    "GET /v1/attachments/<string:sha256>",
    "GET /visits/<uuid:visit_id>/attachments/<string:sha256>",
    "GET /v1/photos/<string:sha256>",
}


@pytest.mark.parametrize("route", routes(), ids=str)
def test_queries(world: World, route: Route) -> None:
    """Every declared parameter with every hostile value, and parameters that nobody declared."""
    before = world.counts()
    if route.media_types:
        headers, path = signed(world, route), route.path(route.nowhere)
    else:
        headers, path = senders(world, route) if route.arguments else (signed(world, route), route.rule)
    for value in hostile.QUERY_VALUES:
        for name in [*query_parameters(route), "zz_unknown", "$where", "a[b]", "limit__gte", "__raw__", "\x00"]:
            answer = world.client.open(f"{path}?{encoded(name)}={encoded(value)}", method=route.method, headers=headers)
            assert answer.status_code < 500, (name, value, answer.get_data()[:300])
            if answer.status_code >= 400:
                check_problem(answer)
    for name in query_parameters(route):
        answer = world.client.open(f"{path}?{name}=1&{name}=2&{name}={'9' * 99}", method=route.method, headers=headers)
        assert answer.status_code < 500
    if route.method == "GET":
        after = world.counts()
        if str(route) in READING_IS_RECORDED:
            assert after.pop("trail") > before.pop("trail")
            assert after.pop("trail_heads") >= before.pop("trail_heads")
        assert after == before


@pytest.mark.parametrize("route", [r for r in routes() if query_parameters(r)], ids=str)
def test_unknown_parameters_are_named(world: World, route: Route) -> None:
    headers, path = senders(world, route) if route.arguments else (signed(world, route), route.rule)
    document = check_problem(world.client.open(f"{path}?zz_unknown=1", method=route.method, headers=headers), 422)
    assert document["errors"][0]["field"] == "query.zz_unknown"


@pytest.mark.parametrize("route", [r for r in routes() if r.arguments], ids=str)
def test_ids(world: World, route: Route) -> None:
    """Each path argument with every hostile value, the others being good: 404 or 422, and nothing is made."""
    before = world.counts()
    role = sorted(route.policy)[0]
    good = {name: encoded(value) for name, value in ids_of(world, route).of(role).items()}
    more = arguments(world, route)
    before.pop("visit_conflicts", None)  # content sent under a new id is kept beside its assignment's visit
    for name in route.arguments:
        for value in hostile.PATH_VALUES:
            path = CONVERTER.sub(
                lambda found, name=name, value=value: encoded(value) if found[1] == name else good[found[1]], route.rule
            )
            answer = world.client.open(path, method=route.method, headers=signed(world, route), **more)
            allowed = (404, 422) if value != "00000000-0000-0000-0000-000000000000" else (404, 409, 422)
            # Dots are resolved by clients and may name another route, which then says 405 or 200.
            if value in ("..", "...", "%2e%2e"):
                allowed = (*allowed, 200, 308, 405)
            assert answer.status_code in allowed, (name, value, answer.status_code, answer.get_data()[:300])
            if answer.status_code >= 400:
                check_problem(answer)
    after = world.counts()
    after.pop("visit_conflicts", None)
    assert after == before
