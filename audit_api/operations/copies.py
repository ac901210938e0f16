"""Verbs on copies: what else the photos of a visit were used for, exactly or altered."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from audit_api import problems
from audit_api.domain.copies import BITS, CHANGES, Seen, chance, changes
from audit_api.domain.directory import Actor
from audit_api.models.base import Row
from audit_api.models.copies import PhotoCopies
from audit_api.models.directory import Person
from audit_api.models.photos import Photo, PhotoUpload
from audit_api.models.visits import Visit
from audit_api.operations import photos
from audit_api.operations.directory import scope_filter
from audit_api.operations.visit_reading import find_visit
from audit_api.problems import Problem

MOST_USES = 20
MOST_VISITS = 2_000
SHOWN_OF_PHOTO = ("format", "width", "height", "byte_count", "taken_at", "received_at")
SHOWN_OF_VISIT = ("dealer", "brand", "wave", "auditor", "state", "started_at")


def list_copies(actor: Actor, visit_id: str, *, limit: int, after: str | None = None) -> Row:
    """List the photos that a visit's photos are copies of or have copies in, the same bytes in two slots included.

    Returns `{"visit", "entered", "waiting", "plain", "items", "next"}`, items by item, slot and other photo. Uses in
    visits out of the actor's scope are counted, not shown. Raises NOT_FOUND.
    """
    visit = find_visit(actor, visit_id)
    slots = _slots(visit)
    mine = {slot["sha256"] for slot in slots}
    entries = {row["sha256"]: row for row in PhotoCopies._get_collection().find({"sha256": {"$in": sorted(mine)}})}
    pairs = _pairs(slots, entries)
    uses = _uses({pair["other"] for pair in pairs}, actor)
    items = [found for pair in pairs if (found := _with_uses(pair, uses, visit_id)) is not None]
    items.sort(key=lambda found: found["id"])
    start = next((place for place, found in enumerate(items) if found["id"] > after), len(items)) if after else 0
    page = items[start : start + limit]
    more = len(items) > start + limit
    return {
        "visit": visit_id,
        "entered": len(entries),
        "waiting": Photo._get_collection().count_documents({"_id": {"$in": sorted(mine - entries.keys())}}),
        "plain": sum(not entry["cuts"] for entry in entries.values()),
        "items": _described(page, entries),
        "next": page[-1]["id"] if more else None,
    }


def open_copy_thumbnail(actor: Actor, visit_id: str, sha256: str) -> bytes:
    """Give the thumbnail of a photo that a visit's copies show to this actor; raises NOT_FOUND."""
    visit = find_visit(actor, visit_id)
    mine = {slot["sha256"] for slot in _slots(visit)}
    if sha256 not in mine:
        alike = {"sha256": {"$in": sorted(mine)}, "found.sha256": sha256}
        later = {"sha256": sha256, "found.sha256": {"$in": sorted(mine)}}
        if PhotoCopies._get_collection().find_one({"$or": [alike, later]}, {"_id": 1}) is None:
            raise Problem(problems.NOT_FOUND)
    return photos.open_photo_thumbnail(sha256, actor=actor)


def _slots(visit: Row) -> list[Row]:
    """List the photos that a visit names and its own auditor has sent."""
    named = [
        {"item": observation["item"], "slot": photo["slot"], "sha256": photo["sha256"]}
        for observation in visit.get("observations", [])
        for photo in observation.get("photos", [])
    ]
    sent = _sent([visit["auditor"]], (slot["sha256"] for slot in named))
    return [slot for slot in named if (visit["auditor"], slot["sha256"]) in sent]


def _sent(people: Iterable[str], hashes: Iterable[str]) -> set[tuple[str, str]]:
    wanted = {"sha256": {"$in": sorted(set(hashes))}, "person": {"$in": sorted(set(people))}}
    return {(r["person"], r["sha256"]) for r in PhotoUpload._get_collection().find(wanted, {"person": 1, "sha256": 1})}


def _pairs(slots: list[Row], entries: dict[str, Row]) -> list[Row]:
    """Give each slot with each photo like its own: itself (the same bytes), earlier ones, later ones."""
    alike: dict[str, list[Row]] = defaultdict(list)
    for sha256, entry in entries.items():
        alike[sha256] += [_pair(found, found["sha256"], sha256) for found in entry["found"]]
    wanted = {"found.sha256": {"$in": sorted(entries)}}
    for row in PhotoCopies._get_collection().find(wanted, {"sha256": 1, "found": 1}):
        for found in row["found"]:
            if found["sha256"] in entries:
                alike[found["sha256"]].append(_pair(found, row["sha256"], row["sha256"]))
    exact = {"distance": 0, "cut": "whole", "turn": "upright", "earlier_cut": "whole"}
    return [
        slot | pair for slot in slots for pair in [_pair(exact, slot["sha256"], slot["sha256"]), *alike[slot["sha256"]]]
    ]


def _pair(found: Row, other: str, later: str) -> Row:
    seen = {name: found[name] for name in ("distance", "cut", "turn", "earlier_cut")}
    return seen | {"other": other, "later": later}


def _uses(hashes: set[str], actor: Actor) -> dict[str, list[Row]]:
    """List by photo where visits name it whose auditor has sent it; out of scope only that there is one."""
    fields = dict.fromkeys((*SHOWN_OF_VISIT, "observations.item", "observations.photos"), 1)
    found = list(
        Visit._get_collection()
        .find({"observations.photos.sha256": {"$in": sorted(hashes)}}, fields)
        .sort("started_at", 1)
        .limit(MOST_VISITS)
    )
    seen = {
        row["_id"]
        for row in Visit._get_collection().find(
            {"$and": [{"_id": {"$in": [row["_id"] for row in found]}}, scope_filter(actor)]}, {"_id": 1}
        )
    }
    sent = _sent((visit["auditor"] for visit in found), hashes)
    names = {
        row["_id"]: row["name"]
        for row in Person._get_collection().find({"_id": {"$in": [visit["auditor"] for visit in found]}}, {"name": 1})
    }
    uses: dict[str, list[Row]] = defaultdict(list)
    for visit in found:
        for slot in _named(visit):
            if slot["sha256"] in hashes and (visit["auditor"], slot["sha256"]) in sent:
                told = {name: visit[name] for name in SHOWN_OF_VISIT if name in visit}
                told |= {"visit": visit["_id"], "auditor_name": names.get(visit["auditor"], "")}
                uses[slot["sha256"]].append(slot | told | {"in_scope": visit["_id"] in seen})
    return uses


def _named(visit: Row) -> Iterator[Row]:
    for observation in visit.get("observations", []):
        for photo in observation.get("photos", []):
            yield {"item": observation["item"], "slot": photo["slot"], "sha256": photo["sha256"]}


def _with_uses(pair: Row, uses: dict[str, list[Row]], visit_id: str) -> Row | None:
    """Join a pair with the other photo's uses beside this slot's own; None where that is the only one."""
    own = (visit_id, pair["item"], pair["slot"])
    used = [use for use in uses[pair["other"]] if (use["visit"], use["item"], use["slot"]) != own]
    if pair["other"] == pair["sha256"] and not used:
        return None
    shown = [use for use in used if use["in_scope"]]
    named = hashlib.sha256(f"{pair['sha256']} {pair['other']}".encode()).hexdigest()
    return pair | {
        # Names the pair without naming a photo that may be out of scope.
        "id": f"{pair['item']}:{pair['slot']}:{named[:24]}",
        "uses": shown[:MOST_USES],
        "uses_more": max(0, len(shown) - MOST_USES),
        "uses_out_of_scope": len(used) - len(shown),
    }


def _described(page: list[Row], entries: dict[str, Row]) -> list[Row]:
    """Add what the photos are, what change would explain the likeness, and what chance does."""
    hashes = sorted({pair["sha256"] for pair in page} | {pair["other"] for pair in page})
    facts: dict[str, Row] = {
        row["_id"]: row
        for row in Photo._get_collection().find({"_id": {"$in": hashes}}, dict.fromkeys(SHOWN_OF_PHOTO, 1))
    }
    tones = {sha256: entry["tone"] for sha256, entry in entries.items()}
    others = {"sha256": {"$in": [sha256 for sha256 in hashes if sha256 not in tones]}}
    tones |= {
        row["sha256"]: row["tone"] for row in PhotoCopies._get_collection().find(others, {"sha256": 1, "tone": 1})
    }
    return [_item(pair, facts, tones) for pair in page]


def _item(pair: Row, facts: dict[str, Row], tones: dict[str, Any]) -> Row:
    mine, other = pair["sha256"], pair["other"]
    same = mine == other
    codes = ["same_bytes"]
    if not same:
        later, earlier = (mine, other) if pair["later"] == mine else (other, mine)
        seen = Seen(pair["distance"], pair["cut"], pair["turn"], pair["earlier_cut"])
        rows = [facts[sha256] | {"tone": tones.get(sha256) or (0.0, 0.0, 0.0)} for sha256 in (later, earlier)]
        codes = changes(rows[0], rows[1], seen)
    visible = same or bool(pair["uses"])
    return {
        "id": pair["id"],
        "item": pair["item"],
        "slot": pair["slot"],
        "photo": _photo(facts[mine]),
        "other": _photo(facts[other]) if visible else None,
        "other_is": "same" if same else "earlier" if pair["later"] == mine else "later",
        "distance": pair["distance"],
        "bits": BITS,
        "changes": [{"code": code, "zh": CHANGES[code][0], "en": CHANGES[code][1]} for code in codes],
        "chance": None if same else chance(pair["distance"]),
        **{name: pair[name] for name in ("uses", "uses_more", "uses_out_of_scope")},
    }


def _photo(row: Row) -> Row:
    return {"sha256": row["_id"], **{name: row[name] for name in SHOWN_OF_PHOTO}}
