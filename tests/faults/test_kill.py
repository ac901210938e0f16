"""kill -9 of the database and of the web process while phones send: whatever was acknowledged is there, each once.

200 visits with FULL=1 (`make test-all`), a tenth of that otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit_api.domain.directory import Role
from audit_api.embedded_mongo import EmbeddedMongo
from audit_api.evidence.store import GridFSStore
from audit_api.models import base
from audit_api.models.directory import Dealer
from tests import worlds
from tests.conftest import People
from tests.faults.phone import Errand, Notes, Phone
from tests.servers import WebServer, environment, serve_command

FULL = os.environ.get("FULL") == "1"
VISITS = 200 if FULL else 20
PHONES = 4
PHOTOS = 3
KILLS = 6 if FULL else 3


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedMongo]:
    """A mongod of this test's own: it is going to be killed."""
    with EmbeddedMongo(tmp_path / "mongod") as mongo:
        yield mongo


def kill_database(server: EmbeddedMongo) -> None:
    """Kill -9 the mongod that was started here, and start it again on the same folder and port."""
    port = server.port
    os.kill(server.pid, signal.SIGKILL)
    assert server._process is not None
    server._process.wait(timeout=30)
    time.sleep(0.3)
    server.start()
    assert server.port == port


def a_visit(code: str, template: worlds.SentVisit, number: int) -> worlds.SentVisit:
    """A whole visit whose photos are its own: the same picture with other bytes behind its end."""
    body = json.loads(json.dumps(template.body)) | {"assignment": code}
    photos = {}
    for observation in body["observations"]:
        for photo in observation["photos"]:
            data = template.photos[photo["sha256"]]
            if len(photos) < PHOTOS:  # the rest are shared between visits, as blobs are
                data = (
                    data[:-2]
                    + b"\xff\xfe"
                    + (18).to_bytes(2, "big")
                    + f"{number:06d}-{len(photos):09d}".encode()
                    + data[-2:]
                )
            photo["sha256"] = hashlib.sha256(data).hexdigest()
            photos[photo["sha256"]] = data
    return worlds.SentVisit(str(uuid.uuid4()), body, photos)


def errands(visits: list[worlds.SentVisit]) -> list[Errand]:
    return [Errand(visit.id, [visit.body], visit.photos) for visit in visits]


def populate(people: People) -> tuple[list[dict[str, str]], list[worlds.SentVisit]]:
    """Plan the visits, a quarter for each of four auditors; gives their headers and what they are to send."""
    Dealer._get_collection().insert_many([dict(row) for row in worlds.DEALERS.values()])
    worlds.publish_all()
    worlds.make_wave()
    auditors = [people.add(Role.AUDITOR, brands=("Aurora",)) for _ in range(PHONES)]
    template = worlds.make_visit("-", checklist="SAA")
    visits = []
    for number in range(VISITS):
        worlds.make_assignment(f"A-{number}", auditors[number % PHONES], checklist="SAA")
        visits.append(a_visit(f"A-{number}", template, number))
    return [people.headers(auditor) for auditor in auditors], visits


@pytest.mark.timeout(900)
def test_what_was_acknowledged_is_there(server: EmbeddedMongo, tmp_path: Path) -> None:
    database = base.connect(server.uri, "faults")
    base.build_indexes()
    GridFSStore(database).ensure_indexes()
    headers, visits = populate(People())
    notes, chance = Notes(), random.Random(7)
    environ = environment(server.uri, "faults", AUDIT_UPLOAD_DIR=str(tmp_path), AUDIT_LOG_LEVEL="warning")
    with WebServer(serve_command(workers=2, threads=4), environ, tmp_path / "serve.log") as web:
        phones = [Phone(web.port, headers[n], errands(visits[n::PHONES]), notes, n) for n in range(PHONES)]
        for phone in phones:
            phone.start()
        killed: Counter[str] = Counter()
        for turn in range(KILLS):
            _wait_for_progress(notes, phones, (turn + 1) / (KILLS + 1))
            time.sleep(chance.uniform(0, 0.2))
            if not any(phone.is_alive() for phone in phones):
                break
            if turn % 2:
                web.kill()
                web.start()
                killed["web"] += 1
            else:
                kill_database(server)
                killed["database"] += 1
        for phone in phones:
            phone.join(timeout=600)
        log = (tmp_path / "serve.log").read_text()
        assert not notes.wrong, (notes.wrong, log[-3000:])
        assert [phone.failure for phone in phones] == [None] * PHONES
        assert killed["web"] and killed["database"], "nothing was killed in the middle"
        _hold_against(database, visits, notes)
        _replay(web, headers, visits, notes)
    print(killed, notes.counts)
    base.disconnect()


def _wait_for_progress(notes: Notes, phones: list[Phone], share: float) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until and any(phone.is_alive() for phone in phones):
        if len(notes.receipts) >= share * VISITS:
            return
        time.sleep(0.01)


def _hold_against(database: Any, visits: list[worlds.SentVisit], notes: Notes) -> None:
    """Every acknowledged visit and photo, whole and once; nothing beside them."""
    assert set(notes.visits) == set(notes.receipts) == {visit.id for visit in visits}
    kept = {row["_id"]: row for row in database.visits.find()}
    assert set(kept) == set(notes.visits)
    assert database.visits.count_documents({}) == VISITS
    assert database.visit_conflicts.count_documents({}) == 0
    for visit in visits:
        row = kept[visit.id]
        assert row["observations"] == visit.body["observations"]
        assert row["content_hash"] == notes.visits[visit.id]["content_hash"]
        assert row["state"] == "submitted"
        verbs = [
            entry["verb"] for entry in database.trail.find({"kind": "visit", "object_id": visit.id}).sort("seq", 1)
        ]
        assert Counter(verbs) == Counter(set(verbs)), "an event stands twice in the trail"
    store = GridFSStore(database)
    sent = {sha256: data for visit in visits for sha256, data in visit.photos.items()}
    assert notes.photos == set(sent)
    for sha256, data in sent.items():
        with store.open(sha256) as blob:
            assert blob.read() == data
    assert database["blobs.files"].count_documents({}) == len(sent), "a blob stands twice, or one that nobody sent"
    assert {row["_id"] for row in database.photos.find({}, {"_id": 1})} == set(sent)
    findings = [row["_id"] for row in database.findings.find({}, {"_id": 1})]
    assert len(findings) == len(set(findings))


def _replay(web: WebServer, headers: list[dict[str, str]], visits: list[worlds.SentVisit], notes: Notes) -> None:
    """Sent again, everything is answered as before: the same visit, the same receipt to the byte."""
    again = Notes()
    for number in range(PHONES):
        phone = Phone(web.port, headers[number], errands(visits[number::PHONES][:5]), again, number)
        phone.start()
        phone.join(timeout=300)
        assert phone.failure is None
    for visit, receipt in again.receipts.items():
        assert receipt == notes.receipts[visit]
    assert again.counts["repeated"] >= sum(1 + len(v.photos) for n in range(PHONES) for v in visits[n::PHONES][:5])
