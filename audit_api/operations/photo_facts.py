"""Verbs on the facts of photos: list them with where they came from."""

from __future__ import annotations

from dataclasses import asdict

from audit_api.domain.directory import Actor
from audit_api.domain.photo_facts import facts_of
from audit_api.evidence.remarks import remark
from audit_api.models.base import Row
from audit_api.models.photos import WITHOUT_PIXELS, Photo, sent_by
from audit_api.operations.visit_reading import find_visit


def list_photo_facts(actor: Actor, visit_id: str, *, limit: int, after: str | None = None) -> Row:
    """List the photos of a visit that its own auditor has sent, with facts, sources and remarks.

    Returns `{"visit", "waiting", "items", "next"}`; `waiting` counts those that have not arrived. Raises NOT_FOUND.
    """
    visit = find_visit(actor, visit_id)
    named = [
        {"id": f"{observation['item']}:{photo['slot']}", "item": observation["item"], **photo}
        for observation in visit.get("observations", [])
        for photo in observation.get("photos", [])
    ]
    arrived = sent_by(visit["auditor"], {photo["sha256"] for photo in named})
    here = sorted((photo for photo in named if photo["sha256"] in arrived), key=lambda photo: photo["id"])
    start = next((place for place, photo in enumerate(here) if photo["id"] > after), len(here)) if after else 0
    page = here[start : start + limit]
    wanted = {"_id": {"$in": sorted({photo["sha256"] for photo in page})}}
    kept = {row["_id"]: row for row in Photo._get_collection().find(wanted, WITHOUT_PIXELS)}
    return {
        "visit": visit_id,
        "waiting": len(named) - len(here),
        "items": [_item(photo, kept[photo["sha256"]]) for photo in page if photo["sha256"] in kept],
        "next": page[-1]["id"] if len(here) > start + limit else None,
    }


def _item(sent: Row, kept: Row) -> Row:
    return {
        **{name: sent[name] for name in ("id", "item", "slot", "sha256")},
        "facts": facts_of({"facts": [], **kept}, sent),
        "remarks": [asdict(remark(code)) for code in kept["remarks"]],
    }
