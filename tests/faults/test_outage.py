"""The database stays away for a while: everything that needs it says 503 and when to come back, and then goes on."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from audit_api.domain.directory import Role
from audit_api.embedded_mongo import EmbeddedMongo
from audit_api.models import base
from audit_api.models.directory import Dealer
from tests import worlds
from tests.conftest import People
from tests.servers import WebServer, environment, serve_command

PATIENCE_SECONDS = 60  # as long as a client of this kind waits for an answer (Collect does)


def call(
    port: int, method: str, path: str, headers: dict[str, str], body: Any = None
) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    data = None if body is None else json.dumps(body).encode()
    connection.request(method, path, data, headers | ({"Content-Type": "application/json"} if body is not None else {}))
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, json.loads(text) if text else None


def test_unavailable_until_it_is_back(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path / "mongod") as server:
        base.connect(server.uri, "outage")
        base.build_indexes()
        people = People()
        Dealer._get_collection().insert_many([dict(row) for row in worlds.DEALERS.values()])
        worlds.publish_all()
        worlds.make_wave()
        auditor = people.add(Role.AUDITOR)
        manager = people.add(Role.PROGRAMME_MANAGER)
        worlds.make_assignment("A-1", auditor, checklist="SAA")
        visit = worlds.make_visit("A-1", checklist="SAA")
        programme = {"code": "P-new", "name_zh": "新", "brand": "Aurora"}
        calls = [
            ("GET", "/readyz", {}, None),
            ("GET", "/v1/dealers", people.headers(manager), None),
            ("PUT", visit.url, people.headers(auditor), visit.body),
            ("POST", f"{visit.url}/submission", people.headers(auditor), {"revision": 1}),
            ("POST", "/v1/programmes", people.headers(manager), programme),  # a transaction
        ]
        # Tokens are trusted for the length of the outage, so that the calls reach what lies behind them.
        environ = environment(server.uri, "outage", AUDIT_LOG_LEVEL="warning", AUDIT_TOKEN_CACHE_SECONDS="600")
        with WebServer(serve_command(workers=1, threads=8), environ, tmp_path / "serve.log") as web:
            for person in (auditor, manager):
                path = "/v1/assignments" if person is auditor else "/v1/dealers"
                assert call(web.port, "GET", path, people.headers(person))[0] == 200
            os.kill(server.pid, signal.SIGKILL)
            assert server._process is not None
            server._process.wait(timeout=30)
            begun = time.monotonic()
            with ThreadPoolExecutor(len(calls) + 1) as pool:
                living = pool.submit(call, web.port, "GET", "/healthz", {})
                answers = list(pool.map(lambda c: call(web.port, *c), calls))
                assert living.result()[0] == 200
            assert time.monotonic() - begun < PATIENCE_SECONDS
            for (method, path, *_), (status, headers, document) in zip(calls, answers, strict=True):
                assert status == 503, (method, path, document)
                assert document["type"] == "/problems/unavailable"
                assert int(headers["retry-after"]) > 0
            server.start()
            for method, path, headers, body in calls[:3] + calls[4:]:
                status, _, document = call(web.port, method, path, headers, body)
                assert status in (200, 201), (method, path, document)
        assert base.collection("programmes").count_documents({"_id": "P-new"}) == 1
        base.disconnect()
