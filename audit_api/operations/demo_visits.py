"""Sends the demo's visits through the verbs a phone and a reviewer use."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from audit_api import problems
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor
from audit_api.domain.visits import State
from audit_api.evidence.store import BlobStore
from audit_api.operations import photos, reviews, submissions, visits
from audit_api.operations.demo_network import TIMEZONE, DemoDealer, DemoVisit
from audit_api.operations.demo_photos import draw_photo
from audit_api.operations.visit_reading import find_visit
from audit_api.problems import Problem
from audit_api.settings import Settings
from audit_api.simulator.observations import draw_fix, draw_visit

SENT_AFTER = timedelta(hours=3)
REVIEWED_AFTER = timedelta(days=1)
COPY_CUT = 0.05
LEFT_FOR_REVIEW = timedelta(days=16)
"""Visits younger than this stay submitted, so that the reviewer finds a queue."""


@dataclass(frozen=True)
class Sending:
    """What every visit of the demo is sent with."""

    settings: Settings
    store: BlobStore
    reviewer: Actor
    now: datetime


@dataclass(frozen=True)
class Copied:
    """Whose picture a photograph shows: the title written into it, and the seed of the visit it was drawn for."""

    title: str
    seed: str


def compose_visit(
    checklist: Checklist,
    *,
    assignment: str,
    dealer: str,
    title: str,
    position: tuple[float, float],
    started_at: datetime,
    quality: float,
    seed: str,
    adverse_share: float = 0.0,
    copied: Copied | None = None,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Draw one whole visit: the body of its PUT, and its photographs by SHA-256.

    quality: 0..1, the chance that a criterion is met; the same arguments give the same visit. `copied`: the first
    photograph is one of an earlier visit, cut at its edges.
    """
    rng = np.random.default_rng(np.frombuffer(hashlib.sha256(seed.encode()).digest(), dtype=np.uint32))
    local = started_at.astimezone(ZoneInfo(TIMEZONE))
    drawn = draw_visit(
        checklist, quality, rng, started_at=local, position=position, adverse_share=adverse_share, locale="zh"
    )
    by_item = {observation["item"]: observation for observation in drawn.observations}
    pictures: dict[str, bytes] = {}
    for number, slot in enumerate(drawn.slots):
        source = copied if copied and number == 0 else Copied(title, seed)
        observation = by_item[slot.item]
        taken_at = datetime.fromisoformat(observation["answered_at"])
        fix = draw_fix(rng, taken_at, position)
        picture = draw_photo(
            (source.title, f"{slot.item} {slot.slot}"),
            taken_at=taken_at,
            lat=fix["lat"],
            lon=fix["lon"],
            seed=f"{source.seed}:{slot.item}:{slot.slot}",
            cut=COPY_CUT if source is copied else 0.0,
        )
        sha256 = hashlib.sha256(picture).hexdigest()
        pictures[sha256] = picture
        reference = {"slot": slot.slot, "sha256": sha256, "taken_at": taken_at.isoformat(), "fix": fix}
        observation["photos"].append(reference)
    content = {
        "revision": 1,
        "checklist": {"code": checklist.code, "version": checklist.version},
        "assignment": assignment,
        "dealer": dealer,
        "started_at": drawn.started_at.isoformat(timespec="seconds"),
        "ended_at": drawn.ended_at.isoformat(timespec="seconds"),
        "locale": "zh",
        "client": {"app": "audit-api demo", "device": ""},
        "observations": drawn.observations,
    }
    return content, pictures


def make_visit(
    visit: DemoVisit,
    sending: Sending,
    *,
    dealer: DemoDealer,
    checklist: Checklist,
    auditor: Actor,
    quality: float,
    copied: Copied | None = None,
) -> int:
    """Send one visit with its photographs, submit it, review it; repeated, it goes on where it stopped.

    Returns the number of photographs.
    """
    content, pictures = compose_visit(
        checklist,
        assignment=visit.request.code,
        dealer=dealer.code,
        title=dealer.name_en,
        position=(dealer.lat, dealer.lon),
        started_at=visit.started_at,
        quality=quality,
        seed=visit.visit_id,
        copied=copied,
    )
    arrived = datetime.fromisoformat(content["ended_at"]) + SENT_AFTER
    row, _ = visits.receive_visit(visit.visit_id, content, actor=auditor, at=arrived)
    if row["state"] == State.STARTED:
        _send_photos(pictures, auditor, arrived, sending)
        submissions.submit_visit(visit.visit_id, revision=1, settings=sending.settings, actor=auditor, at=arrived)
    _review(visit.visit_id, arrived, sending)
    return len(pictures)


def _send_photos(pictures: Mapping[str, bytes], auditor: Actor, at: datetime, sending: Sending) -> None:
    for sha256, picture in pictures.items():
        try:
            photos.receive_photo(
                sending.store, io.BytesIO(picture), sha256, settings=sending.settings, actor=auditor, at=at
            )
        except Problem as problem:
            if problem.kind is not problems.PHOTO_EXISTS:  # sent before the demo was interrupted
                raise


INVENTED = "演示数据：走访的时间与地点为虚构 / demo data: times and places of this visit are invented"


def _review(visit_id: str, arrived: datetime, sending: Sending) -> None:
    """Take up, approve and release what is old enough, from whatever state the visit is in."""
    if arrived > sending.now - LEFT_FOR_REVIEW:
        return
    at = arrived + REVIEWED_AFTER
    row = find_visit(sending.reviewer, visit_id)
    if row["state"] == State.SUBMITTED:
        row = reviews.take_up_visit(visit_id, record_revision=row["record_revision"], actor=sending.reviewer, at=at)
    if row["state"] == State.IN_QC:
        row = reviews.approve_visit(
            visit_id,
            record_revision=row["record_revision"],
            unverified=[],
            cleared=[
                {"check": check["check"], "reason": INVENTED}
                for check in row.get("checks", ())
                if check["blocking"] and check["passed"] is False
            ],
            actor=sending.reviewer,
            at=at,
        )
    if row["state"] == State.APPROVED:
        at = max(at, row["earliest_release_at"]) + timedelta(hours=1)
        reviews.release_visit(visit_id, record_revision=row["record_revision"], actor=sending.reviewer, at=at)
