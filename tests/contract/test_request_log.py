"""One JSON line a request: route template, never the path; no token, no address, no name."""

from __future__ import annotations

import json

import pytest

from audit_api import logs
from tests.contract.checks import signed
from tests.contract.route_map import Route, routes
from tests.contract.world import World

KEYS = {"event", "level", "timestamp", "request_id", "method", "route", "status", "milliseconds", "role"}


@pytest.mark.parametrize("route", routes(), ids=str)
def test_a_line_holds_the_template_and_nothing_personal(
    world: World, route: Route, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure_logging("info")
    marker = "5ec2e700-0000-4000-8000-5ec2e7000000" if "<uuid:" in route.rule else "D0001-somebody-private"
    headers = signed(world, route) | {
        "Cookie": "session=cookie-secret",
        "User-Agent": "agent-of-somebody",
        "X-Request-Id": "log-line-0001",
    }
    path = route.path(dict.fromkeys(route.arguments, marker)) + "?email=li.wei@example.com"
    world.client.open(path, method=route.method, headers=headers, json={"contact": "+8613800000000"})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert len(lines) == 1
    assert set(lines[0]) == KEYS
    assert lines[0]["route"] == route.rule
    assert lines[0]["request_id"] == "log-line-0001"
    text = json.dumps(lines)
    token = headers.get("Authorization", "Bearer none-sent").split()[1]
    for secret in (marker, token, "example.com", "li.wei", "13800000000", "cookie-secret", "agent-of-somebody"):
        assert secret not in text


def test_an_unknown_path_is_not_logged(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure_logging("info")
    world.client.get(
        "/key/token-in-the-path/formList?deviceID=imei", headers={"Authorization": "Bearer wrong-token-of-somebody"}
    )
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["route"] is None
    assert "token-in-the-path" not in line
    assert "imei" not in line
    assert "wrong-token" not in line


def test_a_forged_request_id_cannot_write_lines(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure_logging("info")
    world.client.get("/healthz", headers={"X-Request-Id": 'x"}{"event":"forged'})
    (line,) = capsys.readouterr().err.splitlines()
    assert "forged" not in line
