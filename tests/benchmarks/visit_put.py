"""PUT of a visit with 120 answers, over HTTP, against a journaled insert of the very same document.

The insert alone knows no network: a second line holds the PUT against the bare server that reads the same body and
makes the same insert, so that both figures together say what is ours and what is HTTP's.
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from datetime import UTC, date, datetime
from typing import Any

from audit_api.domain.directory import OPERATOR, Actor, Role
from audit_api.domain.programmes import AssignmentRequest
from audit_api.models.base import collection
from audit_api.operations import visits
from audit_api.operations.assignments import assign
from audit_api.operations.programmes import add_programme, add_wave
from audit_api.schemas.visit_content import read_content
from tests.benchmarks import material
from tests.benchmarks.figures import Figure, interleaved
from tests.benchmarks.load import read_answer, request_bytes
from tests.benchmarks.system import System

ROUNDS, VISITS = 12, 30


def prepare(system: System, count: int) -> list[tuple[str, bytes]]:
    """Plan visits; gives (visit id, body) for each."""
    at = datetime.now(UTC)
    code = f"P-{uuid.uuid4().hex[:6]}"
    add_programme(code=code, name_zh="测量", brand="Aurora", actor=OPERATOR, at=at)
    add_wave(
        code=f"W-{code}", programme=code, timezone="Asia/Shanghai", from_on=date(2026, 11, 1), to_on=date(2026, 11, 30),
        actor=OPERATOR, at=at,
    )  # fmt: skip
    made = []
    for number in range(count):
        dealer = f"D{number % 400 + 1:04d}"
        request = AssignmentRequest(
            code=f"{code}-{number}", wave=f"W-{code}", dealer=dealer, checklist="BEN", version=1,
            auditor=system.auditor, window_from="2026-11-01", window_to="2026-11-30",
        )  # fmt: skip
        assign(request, actor=OPERATOR, at=at)
        content = material.visit_content(request.code, dealer, material.BEGIN)
        made.append((str(uuid.uuid4()), json.dumps(content, ensure_ascii=False).encode()))
    return made


class Floor:
    """Inserts the document of a visit again and again, under new ids, majority and journal as the API does."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.kept = collection("bench_floor")
        self.kept.insert_one({"_id": "first"})

    def __call__(self) -> float:
        begun = time.perf_counter()
        for _ in range(VISITS):
            self.kept.insert_one({**self.document, "_id": str(uuid.uuid4())})
        return (time.perf_counter() - begun) / VISITS


def measure(system: System) -> list[Figure]:
    """Give seconds a PUT over seconds an insert: over HTTP, in process without Flask, and against bare HTTP."""
    sent = iter(prepare(system, VISITS * (3 * ROUNDS + 3)))
    actor = Actor(system.auditor, "", "auditor", Role.AUDITOR, frozenset({"*"}))
    with system.api() as api, system.bare() as bare, _connect(api.port) as connection, _connect(bare.port) as other:

        def over_http() -> float:
            requests = [
                request_bytes("PUT", f"/v1/visits/{name}", system.bearer | {"Content-Type": "application/json"}, body)
                for name, body in (next(sent) for _ in range(VISITS))
            ]
            return _send(connection, requests, b"HTTP/1.1 201 ")

        def bare_http() -> float:
            body = json.dumps(sample, ensure_ascii=False).encode()
            request = request_bytes("POST", "/insert", {"Content-Type": "application/json"}, body)
            return _send(other, [request] * VISITS, b"HTTP/1.1 200 ")

        def in_process() -> float:
            chosen = [next(sent) for _ in range(VISITS)]
            begun = time.perf_counter()
            for name, body in chosen:
                visits.receive_visit(name, read_content(body, "application/json"), actor=actor, at=datetime.now(UTC))
            return (time.perf_counter() - begun) / VISITS

        sample = material.visit_content("A", "D0001", material.BEGIN)
        over_http(), in_process(), bare_http()  # caches are filled
        floor = Floor(collection("visits").find_one() or {})
        figures = []
        for what, work, against, below, aim in (
            ("visit PUT, 120 answers, HTTP", over_http, "journaled insert", floor, 2.5),
            ("visit PUT, in process, no Flask", in_process, "journaled insert", floor, None),
            ("visit PUT, 120 answers, HTTP", over_http, "same insert, bare HTTP", bare_http, None),
        ):
            ratio, spread = interleaved(ROUNDS, work, below, best=min)
            note = f"{VISITS} a round"
            figures.append(Figure(what, against, ratio, aim, at_least=False, spread=spread, note=note))
    return figures


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _send(connection: socket.socket, requests: list[bytes], expected: bytes) -> float:
    """Send requests one after another; gives seconds a request."""
    begun = time.perf_counter()
    for request in requests:
        connection.sendall(request)
        answer = read_answer(connection)
        if not answer.startswith(expected):
            raise RuntimeError(answer[:800])
    return (time.perf_counter() - begun) / len(requests)
