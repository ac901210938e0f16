"""A route that crashes, and a database that is away: problem documents too, and nothing of the inside shown."""

from __future__ import annotations

import json
import socket
from typing import Any

import mongoengine
import pytest
from flask.testing import FlaskClient

from audit_api import logs, problems
from audit_api.app import assemble
from audit_api.auth import public
from audit_api.edge import SECURITY_HEADERS
from audit_api.models import base
from audit_api.problems import Problem
from tests.contract.checks import check_problem, somewhere
from tests.contract.route_map import Route, routes


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
