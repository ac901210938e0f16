"""A route that crashes, and a database that is away: problem documents too, and nothing of the inside shown."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path
from typing import Any

import mongoengine
import pytest
from flask import request
from flask.testing import FlaskClient

from audit_api import logs, problems
from audit_api.app import assemble
from audit_api.auth import public
from audit_api.edge import SECURITY_HEADERS
from audit_api.models import base
from audit_api.problems import Problem
from tests.contract.checks import check_problem, somewhere
from tests.contract.route_map import Route, routes

NO_ROOM = {"disk": errno.ENOSPC, "quota": errno.EDQUOT, "limit": errno.EFBIG, "permission": errno.EACCES}


class TestACrash:
    @pytest.fixture
    def crashing(self, app: Any) -> FlaskClient:
        @app.route("/crash")
        @public
        def crash() -> str:
            raise RuntimeError("the password is 12345")

        @app.route("/refusal")
        @public
        def refusal() -> str:
            raise Problem(problems.INVALID, zh="缘由", en="the reason", members={"errors": [{"zh": "甲", "en": "a"}]})

        @app.route("/full")
        @public
        def full() -> str:
            raise OSError(NO_ROOM[request.args["why"]], "no room", "/somewhere/secret")

        return app.test_client()

    def test_it_is_a_problem_that_shows_nothing(
        self, crashing: FlaskClient, capsys: pytest.CaptureFixture[str]
    ) -> None:
        logs.configure_logging("error")
        answer = crashing.get("/crash", headers={"X-Request-Id": "find-me-in-the-log", "Accept-Language": "zh"})
        document = check_problem(answer, 500)
        assert document["instance"] == "find-me-in-the-log"
        assert set(document) == {"type", "title", "status", "instance"}
        logged = json.loads(capsys.readouterr().err)
        assert logged["request_id"] == "find-me-in-the-log"
        assert logged["route"] == "/crash"
        assert logged["trace"][0] == "RuntimeError"
        assert any("test_crashes.py" in place for place in logged["trace"])
        assert "12345" not in answer.get_data(as_text=True) + str(logged)

    def test_security_headers_are_there_too(self, crashing: FlaskClient) -> None:
        answer = crashing.get("/crash")
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items()

    def test_a_refusal_speaks_one_language(self, crashing: FlaskClient) -> None:
        zh = check_problem(crashing.get("/refusal", headers={"Accept-Language": "zh"}), 422)
        en = check_problem(crashing.get("/refusal"), 422)
        assert (zh["detail"], zh["errors"]) == ("缘由", ["甲"])
        assert (en["detail"], en["errors"]) == ("the reason", ["a"])

    @pytest.mark.parametrize("why", ["disk", "quota", "limit"])
    def test_a_full_disk_is_a_reason_to_come_back(self, crashing: FlaskClient, why: str) -> None:
        answer = crashing.get(f"/full?why={why}")
        document = check_problem(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
        assert "secret" not in json.dumps(document)

    def test_other_errors_of_the_system_are_crashes(self, crashing: FlaskClient) -> None:
        check_problem(crashing.get("/full?why=permission"), 500)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
    def test_a_log_without_room_fails_no_call(self, crashing: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
        logs.configure_logging("info")
        with Path("/dev/full").open("w", buffering=1) as full:
            monkeypatch.setattr("sys.stderr", full)
            for _ in range(3):
                assert crashing.get("/healthz").status_code == 200
            check_problem(crashing.get("/crash"), 500)
            monkeypatch.undo()
            with pytest.raises(OSError, match="space"):
                full.flush()
            os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # so that it can be closed


class TestWithoutADatabase:
    @pytest.fixture
    def away(self, settings: Any) -> Any:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        base.disconnect()
        uri = f"mongodb://127.0.0.1:{port}/?serverSelectionTimeoutMS=100&uuidRepresentation=standard"
        mongoengine.connect(db="away", host=uri, tz_aware=True)
        app = assemble(settings, base.current_database())
        yield app.test_client()
        base.client().close()
        base.disconnect()

    @pytest.mark.parametrize("route", [r for r in routes() if not r.public], ids=str)
    def test_every_route_answers_503(self, away: FlaskClient, route: Route) -> None:
        answer = away.open(somewhere(route), method=route.method, headers={"Authorization": "Bearer " + "x" * 43})
        check_problem(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0

    def test_the_process_lives_and_is_not_ready(self, away: FlaskClient) -> None:
        assert away.get("/healthz").status_code == 200
        check_problem(away.get("/readyz"), 503)
