"""Who may call what, and who may see what: generated from the route map, so that a new route cannot escape."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from audit_api import auth
from audit_api.domain.directory import OPERATOR, Role
from audit_api.models import directory as people
from audit_api.operations import directory
from tests.contract.checks import check_problem, somewhere
from tests.contract.examples import Ids, arguments, ids_of
from tests.contract.route_map import OPEN_PAGES, Route, offline_app, routes
from tests.contract.world import World

GUARDED = [r for r in routes() if not r.public]
WITH_IDS = [r for r in GUARDED if r.arguments]
# Whoever holds a receipt checks it, without asking us for a token first.
RECEIPTS = {"/v1/receipt-keys", "/v1/receipt-verifications"}
# Here a code is what opens.
SIGNING_IN = {"/v1/device-tokens"}
PUBLIC = {"/healthz", "/readyz", "/openapi.json"} | RECEIPTS | SIGNING_IN | OPEN_PAGES


def call(world: World, route: Route, path: str, headers: dict[str, str], **more: Any) -> Any:
    return world.client.open(path, method=route.method, headers=headers, **more)


def test_the_map_is_the_applications(world: World) -> None:
    """The routes tried here are those of the application that serves."""
    assert {r.rule for r in world.app.url_map.iter_rules()} == {r.rule for r in offline_app().url_map.iter_rules()}
    assert {r.rule for r in world.app.url_map.iter_rules()} - auth.WITHOUT_POLICY == {r.rule for r in routes()}


def test_what_needs_no_token_is_known_by_name() -> None:
    assert {r.rule for r in routes() if r.public} == PUBLIC


def test_a_route_without_a_policy_stops_the_start() -> None:
    app = Flask("x", static_folder=None)
    app.add_url_rule("/open", "open", lambda: "x")
    with pytest.raises(RuntimeError, match=r"/open declares no policy"):
        auth.check_policies(app)


@pytest.mark.parametrize("route", GUARDED, ids=str)
@pytest.mark.parametrize("role", [role.value for role in Role])
def test_method_and_role(world: World, route: Route, role: str) -> None:
    """403 exactly where the policy leaves the role out, whatever is sent; HEAD goes with GET."""
    methods = [route.method, "HEAD"] if route.method == "GET" else [route.method]
    for method in methods:
        answer = world.client.open(somewhere(route), method=method, headers=world.headers(role))
        assert (answer.status_code == 403) is (role not in route.policy), answer.get_data()[:300]
        assert answer.status_code != 401


def _tokens(world: World) -> dict[str, str]:
    """Tokens that must not open anything, by what is the matter with them."""
    now = datetime.now(UTC)

    def person(name: str) -> str:
        email = f"{name}-{uuid.uuid4().hex[:8]}@example.com"
        directory.add_person(email=email, name=name, role=Role.ADMIN, brands=["*"], actor=OPERATOR, at=now)
        return email

    def token(email: str, at: datetime, days: int) -> str:
        made, _ = directory.create_token(email=email, days=days, actor=OPERATOR, at=at, hash_token=auth.hash_token)
        return made

    expired = token(person("expired"), now - timedelta(days=10), 9)
    revoked_email = person("revoked")
    revoked = token(revoked_email, now, 9)
    directory.revoke_tokens(email=revoked_email, actor=OPERATOR, at=now)
    left_email = person("left")
    left = token(left_email, now, 9)
    people.Person._get_collection().update_one({"email": left_email}, {"$set": {"active": False}})
    good = world.headers("admin")["Authorization"].split()[1]
    return {
        "none": "",
        "wrong": "Bearer " + "x" * 43,
        "expired": f"Bearer {expired}",
        "revoked": f"Bearer {revoked}",
        "of a person who left": f"Bearer {left}",
        "good, cut short": f"Bearer {good[:-1]}",
        "good, longer": f"Bearer {good}x",
        "good, other scheme": f"Basic {good}",
        "good, no scheme": good,
        "its hash": f"Bearer {auth.hash_token(good)}",
    }


@pytest.fixture(scope="module")
def bad_tokens(world: World) -> dict[str, str]:
    return _tokens(world)


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_401_for_every_token_that_is_not_good(world: World, route: Route, bad_tokens: dict[str, str]) -> None:
    for matter, header in bad_tokens.items():
        headers = {"Authorization": header} if header else {}
        answer = call(world, route, somewhere(route), headers)
        assert answer.status_code == 401, (matter, answer.get_data()[:300])
        check_problem(answer, 401)
        challenge = answer.headers["WWW-Authenticate"]
        assert ("invalid_token" in challenge) is bool(header)


@pytest.mark.parametrize("route", [r for r in GUARDED if r.media_types], ids=str)
def test_who_asks_comes_before_what_is_sent(world: World, route: Route) -> None:
    """Nobody learns from the checks of a body what only others may send."""
    answer = call(world, route, somewhere(route), {}, data=b"\xff{", content_type="application/json")
    assert answer.status_code == 401
    for role in Role:
        if role.value not in route.policy:
            refused = call(
                world,
                route,
                somewhere(route),
                world.headers(role.value),
                data=b"\xff{",
                content_type="application/json",
            )
            assert refused.status_code == 403


def _not_theirs(ids: Ids, role: str) -> list[tuple[str, str, dict[str, str]]]:
    """List (actor, what, path values) that must end in 404."""
    cases = [] if ids.missing_is_made else [(role, "missing", ids.missing)]
    if ids.unowned:
        return cases
    assert ids.other_brand is not None
    cases.append((role, "other brand", ids.other_brand))
    if ids.other_dealer is None:  # it belongs to the brand as a whole
        return [*cases, (f"{role} of Borealis", "other brand's", ids.own)]
    if role == Role.DEALER:
        cases.append((role, "other dealer", ids.other_dealer))
        cases.append(("dealer of D0003", "other brand's", ids.of(role)))
        return cases
    cases.append((f"{role} of D0001", "other dealer", ids.other_dealer))
    cases.append((f"{role} of Borealis", "other brand's", ids.of(role)))
    if role == Role.AUDITOR and ids.assigned:
        cases.append((role, "another auditor's", ids.other_dealer))
    return cases


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
def test_what_is_not_ones_own_is_not_there(world: World, route: Route) -> None:
    """404 for the other's as for the missing, and not a word of difference between the two."""
    ids = ids_of(world, route)
    methods = [route.method, "HEAD"] if route.method == "GET" else [route.method]
    for role in sorted(route.policy):
        for name, what, values in _not_theirs(ids, role):
            for method in methods:
                answer = world.client.open(
                    route.path(values), method=method, headers=world.headers(name), **arguments(world, route)
                )
                assert answer.status_code == 404, (method, name, what, values, answer.get_data()[:300])
            if route.method != "HEAD":
                document = check_problem(
                    call(world, route, route.path(values), world.headers(name), **arguments(world, route))
                )
                absent = (
                    check_problem(
                        call(world, route, route.path(ids.missing), world.headers(name), **arguments(world, route))
                    )
                    if not ids.missing_is_made
                    else None
                )
                if absent is not None:
                    assert {k: v for k, v in document.items() if k != "instance"} == {
                        k: v for k, v in absent.items() if k != "instance"
                    }


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
def test_what_is_ones_own_is_there(world: World, route: Route) -> None:
    """The control: without it the test above would pass on a route that answers 404 to everybody."""
    ids = ids_of(world, route)
    for role in sorted(route.policy):
        answer = call(world, route, route.path(ids.of(role)), world.headers(role), **arguments(world, route))
        assert answer.status_code not in (401, 403, 404, 405), (role, answer.get_data()[:300])
        assert answer.status_code < 500


# Who one is and what the server alone decides: no body may bring it along.
FORBIDDEN_FIELDS = {
    "role": "admin", "brands": ["*"], "dealers": ["D0002"], "active": True, "auditor": "somebody", "actor": "somebody",
    "score": 100, "scores": [], "state": "released", "received_at": "2026-11-20T10:00:00+08:00", "grade": "none",
    "updated_at": "2026-11-20T10:00:00+08:00", "released_at": "2026-11-20T10:00:00+08:00", "record_revision": 1,
    "content_hash": "0" * 64, "_id": "x", "by": "somebody", "brand": "Borealis",
}  # fmt: skip


@pytest.mark.parametrize("route", [r for r in GUARDED if "application/json" in r.media_types], ids=str)
def test_nobody_assigns_what_the_server_decides(world: World, route: Route) -> None:
    values = ids_of(world, route).of(sorted(route.policy)[0]) if route.arguments else {}
    for role in sorted(route.policy):
        for name, value in FORBIDDEN_FIELDS.items():
            body = arguments(world, route)["json"]
            if isinstance(body, dict) and name in body:
                continue  # the field is this route's own business (a wave's brand, an assignment's auditor)
            targets = [body | {name: value}] if isinstance(body, dict) else [[*body, {name: value}]]
            for key, inner in body.items() if isinstance(body, dict) else ():
                if isinstance(inner, list) and inner and isinstance(inner[0], dict) and name not in inner[0]:
                    targets.append(body | {key: [inner[0] | {name: value}, *inner[1:]]})
            for target in targets:
                answer = call(world, route, route.path(values), world.headers(role), json=target)
                assert answer.status_code == 422, (role, name, answer.status_code, answer.get_data()[:300])
                errors = answer.get_json().get("errors", [])
                assert any(e["field"].split(".")[-1] == name or f"`{name}`" in e["message"] for e in errors), errors
