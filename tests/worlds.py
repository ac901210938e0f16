"""A small piece of network with an assignment, and visits to send: what tests of visits begin with."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from audit_api.app import create_app
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import OPERATOR, Actor, Role
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.programmes import AssignmentRequest
from audit_api.models import base
from audit_api.models.directory import Dealer
from audit_api.operations.assignments import assign
from audit_api.operations.checklists import publish
from audit_api.operations.programmes import add_programme, add_wave
from audit_api.settings import Settings
from audit_api.simulator.observations import draw_visit
from tests.conftest import People

POSITION = (30.2741, 120.1551)
WHEN = datetime(2026, 11, 20, 2, 2, 11, tzinfo=UTC)
WAVES = {"Aurora": "AUR-2026-Q4", "Borealis": "BOR-2026-Q4"}
DEALERS = {
    code: {
        "_id": code, "name_zh": f"经销商{code}", "name_en": f"Dealer {code}", "brand": brand, "region": "East",
        "city": "杭州", "city_tier": "1", "lat": POSITION[0], "lon": POSITION[1], "datum": "WGS-84", "fence_m": 300,
        "timezone": "Asia/Shanghai", "opened_on": "2015-01-01", "ownership": "group", "owner_group": "",
        "volume_band": "M",
    }
    for code, brand in (("D0001", "Aurora"), ("D0002", "Aurora"), ("D0003", "Borealis"))
}  # fmt: skip
PROGRAMMED_AT = datetime(2026, 10, 1, tzinfo=UTC)


class Network:
    """The application on a database of its own: dealers, published checklists, a wave; tests add assignments."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.people = People()
        self.count = 0
        Dealer._get_collection().insert_many([dict(row) for row in DEALERS.values()])
        publish_all()
        for brand, code in WAVES.items():
            make_wave(code, brand)

    def person(self, role: Role, **scope: Any) -> tuple[Actor, dict[str, str]]:
        """Add a person; gives the actor and the headers that sign in its name."""
        actor = self.people.add(role, **scope)
        return actor, self.people.headers(actor)

    def add_dealer(self, code: str, brand: str) -> None:
        """Add a dealer of another brand."""
        Dealer._get_collection().insert_one(DEALERS["D0001"] | {"_id": code, "brand": brand})

    def assignment(self, auditor: Actor, *, checklist: str = "SMS", dealer: str = "D0001", **more: Any) -> str:
        """Make an assignment under a new code."""
        self.count += 1
        code = f"A-{self.count}"
        wave = WAVES[DEALERS[dealer]["brand"]]
        make_assignment(code, auditor, checklist=checklist, dealer=dealer, wave=wave, **more)
        return code

    def submitted(self, auditor: Actor, *, checklist: str = "SMS", dealer: str = "D0001", **more: Any) -> SentVisit:
        """Bring a whole visit to its submission."""
        assignment = self.assignment(auditor, checklist=checklist, dealer=dealer)
        visit = make_visit(assignment, checklist=checklist, dealer=dealer, **more)
        headers = self.people.headers(auditor)
        assert send_visit(self.client, headers, visit).status_code == 201
        answer = submit_visit(self.client, headers, visit)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return visit


@contextmanager
def a_network(uri: str, folder: Path) -> Iterator[Network]:
    """Build the application on a fresh database, dropped afterwards."""
    settings = Settings(
        mongodb_uri=uri, database=f"test_{uuid.uuid4().hex[:16]}", secret_key="s" * 40, contact_key="c" * 40,
        upload_dir=str(folder), token_cache_seconds=0, log_level="error",
    )  # fmt: skip
    app = create_app(settings)
    app.testing = False
    try:
        yield Network(app)
    finally:
        base.client().drop_database(settings.database)
        base.disconnect()


@cache
def picture(seed: int) -> bytes:
    """Draw a small JPEG, another one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((320, 240)).save(out, "JPEG")
    return out.getvalue()


def checklist_named(code: str) -> Checklist:
    return next(c for c in packaged_checklists() if c.code == code)


@dataclass
class SentVisit:
    """A visit as a phone holds it: its id, the body of its PUT, and the bytes of its photos and attachments by hash."""

    id: str
    body: dict[str, Any]
    photos: dict[str, bytes] = field(default_factory=dict)
    attachments: dict[str, bytes] = field(default_factory=dict)

    def attach(self, item: str, data: bytes, kind: str = "document", slot: str = "1") -> str:
        """Name an attachment of an item; gives its hash."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.attachments[sha256] = data
        named = self.observation(item).setdefault("attachments", [])
        named.append({"slot": slot, "sha256": sha256, "kind": kind, "recorded_at": None})
        return sha256

    @property
    def url(self) -> str:
        return f"/v1/visits/{self.id}"

    def observation(self, item: str) -> dict[str, Any]:
        return next(o for o in self.body["observations"] if o["item"] == item)


def complete_answers(
    checklist: Checklist, quality: float = 0.9, *, seed: int = 1, started_at: datetime = WHEN, **more: Any
) -> tuple[list[dict[str, Any]], dict[str, bytes], datetime]:
    """Answer a whole checklist, with photos; gives observations, photo bytes by hash, and the end of the visit."""
    drawn = draw_visit(
        checklist, quality, np.random.default_rng(seed), started_at=started_at, position=POSITION, **more
    )
    by_item = {o["item"]: o for o in drawn.observations}
    photos = {}
    for n, slot in enumerate(drawn.slots):
        data = picture(seed * 1000 + n)
        sha256 = hashlib.sha256(data).hexdigest()
        photos[sha256] = data
        taken_at = by_item[slot.item]["answered_at"]
        fix = {"lat": POSITION[0], "lon": POSITION[1], "accuracy_m": 8, "fixed_at": taken_at, "datum": "WGS-84"}
        by_item[slot.item]["photos"].append({"slot": slot.slot, "sha256": sha256, "taken_at": taken_at, "fix": fix})
    return drawn.observations, photos, drawn.ended_at


def publish_all() -> None:
    for checklist in packaged_checklists():
        publish(checklist, actor=OPERATOR, at=PROGRAMMED_AT)


def make_wave(code: str = "AUR-2026-Q4", brand: str = "Aurora", from_on: date = date(2026, 10, 1)) -> None:
    programme = f"P-{brand}"
    add_programme(code=programme, name_zh="销售与服务质量", brand=brand, actor=OPERATOR, at=PROGRAMMED_AT)
    add_wave(
        code=code, programme=programme, timezone="Asia/Shanghai", from_on=from_on,
        to_on=from_on + timedelta(days=91), actor=OPERATOR, at=PROGRAMMED_AT,
    )  # fmt: skip


def make_assignment(
    code: str, auditor: Actor, *, checklist: str = "SMS", dealer: str = "D0001", wave: str = "AUR-2026-Q4",
    window: tuple[str, str] = ("2026-11-01", "2026-11-30"),
) -> dict[str, Any]:  # fmt: skip
    """Assign a visit; the window is given in dates local to the dealer."""
    request = AssignmentRequest(
        code=code, wave=wave, dealer=dealer, checklist=checklist, version=1, auditor=auditor.id,
        window_from=window[0], window_to=window[1], scenario="首次购车", selected_by="trigger",
    )  # fmt: skip
    return assign(request, actor=OPERATOR, at=PROGRAMMED_AT)


def make_visit(
    assignment: str,
    *,
    checklist: str = "SMS",
    dealer: str = "D0001",
    quality: float = 0.9,
    revision: int = 1,
    **more: Any,
) -> SentVisit:
    """Make a complete visit to an assignment, with photographs, under a new id."""
    observations, photos, ended_at = complete_answers(checklist_named(checklist), quality, **more)
    body = {
        "revision": revision,
        "checklist": {"code": checklist, "version": 1},
        "assignment": assignment,
        "dealer": dealer,
        "started_at": more.get("started_at", WHEN).isoformat(),
        "ended_at": ended_at.isoformat(),
        "locale": "zh",
        "client": {"app": "field/1.2", "device": "test"},
        "observations": observations,
    }
    return SentVisit(str(uuid.uuid4()), body, photos)


def send_visit(client: FlaskClient, headers: dict[str, str], visit: SentVisit, *, photos: bool = True) -> Any:
    """Send a visit as the phone does, then its photos; gives the answer to the PUT."""
    answer = client.put(visit.url, json=visit.body, headers=headers)
    for sha256, data in visit.photos.items() if photos else ():
        kept = client.put(f"/v1/photos/{sha256}", data=data, headers={**headers, "Content-Type": "image/jpeg"})
        assert kept.status_code in (201, 412), kept.get_data(as_text=True)
    for sha256, data in visit.attachments.items() if photos else ():
        kept = client.put(f"/v1/attachments/{sha256}", data=data, headers=headers)
        assert kept.status_code in (201, 412), kept.get_data(as_text=True)
    return answer


def submit_visit(client: FlaskClient, headers: dict[str, str], visit: SentVisit) -> Any:
    return client.post(f"{visit.url}/submission", json={"revision": visit.body["revision"]}, headers=headers)
