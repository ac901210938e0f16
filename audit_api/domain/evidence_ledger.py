"""Expected against received: what evidence the answers of a visit need, name, and have brought in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from audit_api.domain.checklists import Checklist, Item
from audit_api.domain.evidence_rules import Observation, missing_entry
from audit_api.domain.submission_rules import Standing

ARRIVED, MISSING, REFUSED = "arrived", "missing", "refused"
STATES = (ARRIVED, MISSING, REFUSED)

Facts = Mapping[str, Mapping[str, Any]]
"""What is known of photos, by SHA-256."""


def absent(hashes: Sequence[str], arrived: Mapping[str, Any]) -> list[str]:
    """Return the hashes that have not arrived, in their order: what a submission still waits for."""
    return [sha256 for sha256 in hashes if sha256 not in arrived]


def photo_lines(
    places: Sequence[tuple[Mapping[str, Any], str]], arrived: Facts, refused: Facts
) -> list[dict[str, Any]]:
    """Return one line a place that names a photo: {**place, sha256, state, received_at, remarks, refusal, repeats}.

    ``places``: (what names it, SHA-256). ``arrived``: {received_at, remarks} of photos that are here; ``refused``: why
    an upload was refused, shown until the photo is here. ``repeats``: the other places that name the same bytes.
    """
    named: dict[str, list[int]] = defaultdict(list)
    for number, (_, sha256) in enumerate(places):
        named[sha256].append(number)
    lines = []
    for number, (place, sha256) in enumerate(places):
        facts = arrived.get(sha256)
        refusal = refused.get(sha256) if facts is None else None
        lines.append(
            {
                **place,
                "sha256": sha256,
                "state": ARRIVED if facts is not None else REFUSED if refusal is not None else MISSING,
                "received_at": facts["received_at"] if facts is not None else None,
                "remarks": facts["remarks"] if facts is not None else [],
                "refusal": refusal,
                "repeats": [dict(places[other][0]) for other in named[sha256] if other != number],
            }
        )
    return lines


def item_lines(
    checklist: Checklist,
    observations: Sequence[Observation],
    standings: Sequence[Standing],
    arrived: Facts,
    refused: Facts,
    *,
    follow_ups: Facts | None = None,
) -> list[dict[str, Any]]:
    """Return a line for each item that needs evidence, names some, or lacks anything, in the order of the checklist.

    Lines: {item, text, shown, rule, of, gallery, needed, named, arrived, follow_up, photos, errors}; ``errors`` as a
    refused submission gives them. ``follow_ups``, by item: {open_until, answered_at, received_at}. Items hidden by
    other answers need nothing, but photos they name are waited for.
    """
    places = [
        ({"item": o["item"], "slot": photo["slot"]}, photo["sha256"])
        for o in observations
        for photo in o.get("photos") or ()
    ]
    photos: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in photo_lines(places, arrived, refused):
        photos[line["item"]].append(line)
    stands = {standing.item.id: standing for standing in standings}
    later = follow_ups or {}
    return [
        _line(item, stands.get(item.id), photos[item.id], later.get(item.id))
        for item in checklist.items
        if photos[item.id] or ((stand := stands.get(item.id)) and (stand.needed or stand.problems or item.id in later))
    ]


def _line(
    item: Item, standing: Standing | None, photos: list[dict[str, Any]], follow_up: Mapping[str, Any] | None
) -> dict[str, Any]:
    of = item.evidence.of
    return {
        "item": item.id,
        "text": {"zh": item.text.zh, "en": item.text.en},
        "shown": standing is not None,
        "rule": item.evidence.rule,
        "of": None if of is None else {"zh": of.zh, "en": of.en},
        "gallery": item.evidence.gallery,
        "needed": standing.needed if standing is not None else 0,
        "named": len(photos),
        "arrived": sum(photo["state"] == ARRIVED for photo in photos),
        "follow_up": follow_up,
        "photos": [{name: value for name, value in photo.items() if name != "item"} for photo in photos],
        "errors": [missing_entry(standing, problem) for problem in standing.problems] if standing is not None else [],
    }


def photo_totals(photos: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count lines of photos: named, of these arrived, missing, refused, and those whose bytes another line names."""
    return {
        "named": len(photos),
        **{state: sum(photo["state"] == state for photo in photos) for state in STATES},
        "repeated": sum(bool(photo["repeats"]) for photo in photos),
    }


def totals(lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count over the lines of items: photos needed, and as ``photo_totals``."""
    photos = [photo for line in lines for photo in line["photos"]]
    return {"needed": sum(line["needed"] for line in lines), **photo_totals(photos)}
