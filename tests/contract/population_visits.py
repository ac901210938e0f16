"""Assignments, visits at every stage with their photos, findings and results, all by the operations of the house."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from audit_api.domain.directory import OPERATOR
from audit_api.evidence.detector import Detector
from audit_api.models.base import collection
from audit_api.operations import attachments, photos, results, reviews, submissions, visits
from audit_api.operations.regions_detecting import look_at_photos
from tests import pdfs, worlds

if TYPE_CHECKING:
    from tests.contract.world import World

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
# Whose: who visits, where. Own is what the people of D0001 and Aurora see.
WHOSE = {
    "own": ("auditor", "D0001"),
    "other_dealer": ("auditor of D0002", "D0002"),
    "other_brand": ("auditor of Borealis", "D0003"),
}
# Sees a face in the middle of whatever it looks at.
ONE_FACE = Detector("one face", lambda pixels, side: [((100.0, 80.0, 150.0, 140.0), 0.9)], lambda levels: [])
STAGES = ("started", "submitted", "in_qc", "approved", "released")
# One visit of one's own for each thing that can be done to a visit, brought to the stage at which it can be done.
OWN = {
    "sent": "started", "submission": "started", "review": "submitted", "return": "in_qc", "approval": "in_qc",
    "release": "approved", "void": "started", "result": "released",
}  # fmt: skip


def make_visits(world: World) -> None:
    """Publish, plan, visit: `world.visits[whose][what]` holds each visit as its phone does."""
    worlds.publish_all()
    for brand, wave in worlds.WAVES.items():
        worlds.make_wave(wave, brand)
    for place, (whose, (auditor, _)) in enumerate(WHOSE.items()):
        wanted = OWN if whose == "own" else {"sent": "started", "result": "released"}
        content = _content(place)
        for what, stage in wanted.items():
            world.visits.setdefault(whose, {})[what] = _visit(world, whose, f"A-{whose}-{what}", content, stage)
        code = f"A-{whose}-open"
        worlds.make_assignment(code, world.actors[auditor], **_where(whose))
    services = world.app.extensions["audit"]
    look_at_photos(services.store, ONE_FACE, settings=services.settings, actor=OPERATOR, now=lambda: AT, most=1_000)


def _where(whose: str) -> dict[str, str]:
    dealer = WHOSE[whose][1]
    return {"checklist": "SAA", "dealer": dealer, "wave": worlds.WAVES[worlds.DEALERS[dealer]["brand"]]}


def _content(place: int) -> worlds.SentVisit:
    visit = worlds.make_visit("-", checklist="SAA", quality=0.2, seed=place + 1)
    visit.attach("SAA-PRI-01", pdfs.plain(place + 1))
    return visit


def _visit(world: World, whose: str, code: str, content: worlds.SentVisit, stage: str) -> worlds.SentVisit:
    services, auditor = world.app.extensions["audit"], world.actors[WHOSE[whose][0]]
    assignment = worlds.make_assignment(code, auditor, **_where(whose))
    body = copy.deepcopy(content.body) | {"assignment": code, "dealer": assignment["dealer"]["code"]}
    visit = worlds.SentVisit(str(world.uuid()), body, content.photos, content.attachments)
    visits.receive_visit(visit.id, body, actor=auditor, at=AT)
    if not world.sent.get(whose):
        for sha256, data in visit.photos.items():
            photos.receive_photo(
                services.store, BytesIO(data), sha256, settings=services.settings, actor=auditor, at=AT
            )
        world.sent[whose] = visit.photos
        for sha256, data in visit.attachments.items():
            attachments.receive_attachment(
                services.store, BytesIO(data), sha256, settings=services.settings, actor=auditor, at=AT
            )
        world.attached[whose] = visit.attachments
    for step in STAGES[1 : STAGES.index(stage) + 1]:
        _bring_to(world, step, visit.id, auditor)
    return visit


def _bring_to(world: World, step: str, visit: str, auditor: Any) -> None:
    if step == "submitted":
        submissions.submit_visit(
            visit, revision=1, settings=world.app.extensions["audit"].settings, actor=auditor, at=AT
        )
        return
    read = {"record_revision": record_revision(visit), "actor": OPERATOR, "at": AT}
    if step == "in_qc":
        reviews.take_up_visit(visit, **read)
    elif step == "approved":
        reviews.approve_visit(visit, unverified=[], **read)
    else:
        reviews.release_visit(visit, **read)


def record_revision(visit: str) -> int:
    """Read which revision of the record a decision has to name."""
    return int(collection("visits").find_one({"_id": visit})["record_revision"])


def finding_of(visit: str) -> str:
    """Name a finding of a visit."""
    return str(collection("findings").find_one({"visit": visit}, sort=[("_id", 1)])["_id"])


def region_of(sha256: str) -> str:
    """Name a region of a photo; "gone" once it was removed."""
    regions = collection("photo_views").find_one({"_id": sha256})["regions"]
    return str(regions[0]["id"]) if regions else "gone"


def region_revision(sha256: str) -> int:
    """Tell at which revision the regions of a photo are."""
    return int(collection("photo_views").find_one({"_id": sha256})["revision"])


def result_photo_of(world: World, visit: str) -> str:
    """Name a photo of a result as its dealer knows it."""
    settings = world.app.extensions["audit"].settings
    items = results.open_dealer_result(OPERATOR, visit, settings=settings)["items"]
    return str(next(photo["name"] for item in items for photo in item["photos"]))


def auditor_run_of(brand: str) -> str:
    """Name the screening of a brand's auditors."""
    return str(collection("auditor_runs").find_one({"brand": brand})["_id"])
