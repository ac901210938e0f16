"""Rotate the contact key: wrap every kept hash under the newest key, in batches, so that all joins survive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from audit_api.domain.directory import Actor
from audit_api.intake.contacts import ContactHasher
from audit_api.models import survey_frame, surveys, trail
from audit_api.models.base import Row

BATCH = 2_000
ATTEMPTS = 20


@dataclass(frozen=True)
class _Kept:
    """A collection of hashes: their fields, and the list of replaced contents beside them, if any."""

    name: str
    collection: Callable[[], Any]
    hashes: tuple[str, ...]
    nested: str = ""


KEPT = (
    _Kept("responses", surveys.Response._get_collection, surveys.IDENTITIES, "versions"),
    _Kept("survey_events", survey_frame.Event._get_collection, survey_frame.HASHES, "earlier"),
    _Kept("staff_contacts", survey_frame.StaffContact._get_collection, ("contact_hash",)),
)


@dataclass
class RotationReport:
    """How many documents were wrapped, by collection, and key ids that no chain of the settings begins with."""

    wrapped: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)


def rotate_contacts(
    hasher: ContactHasher, *, actor: Actor, at: datetime, progress: Callable[[str, int], None] = lambda name, done: None
) -> RotationReport:
    """Bring every kept hash under the whole chain of keys; may be stopped at any time and run again.

    A document is changed only while it still has the key id that was read, so a second process or a second run wraps
    nothing twice. Hashes under a key id that is no beginning of the chain are left alone and counted as unknown.
    """
    report = RotationReport()
    for kept in KEPT:
        done = idle = 0
        while batch := list(kept.collection().find(_old(kept, hasher), _fields(kept)).limit(BATCH)):
            written = kept.collection().bulk_write([_wrap(row, kept, hasher) for row in batch], ordered=False)
            # A document changed by an import meanwhile is met again; that it happens to all of a batch is chance.
            idle = 0 if written.modified_count else idle + 1
            if idle > ATTEMPTS:
                raise RuntimeError(f"the contacts of {kept.name} cannot be wrapped: others keep changing them")
            done += written.modified_count
            progress(kept.name, done)
        if done:
            report.wrapped[kept.name] = done
        for key_id in kept.collection().distinct("contact_key_id", {"contact_key_id": {"$nin": [*hasher.chains, ""]}}):
            if key_id is not None:
                report.unknown[key_id] = report.unknown.get(key_id, 0) + kept.collection().count_documents(
                    {"contact_key_id": key_id}
                )
    if report.wrapped:
        details = {"key_id": hasher.key_id, **report.wrapped}
        trail.append("contact_keys", hasher.key_id, "rotated", actor_id=actor.id, at=at, details=details)
    return report


def _old(kept: _Kept, hasher: ContactHasher) -> Row:
    earlier = list(hasher.chains[:-1])
    # Version 0.1.0 named no key where there was a device or an adviser but no contact: it was the first key.
    nameless = [{"contact_key_id": "", name: {"$nin": ["", None]}} for name in kept.hashes] if earlier else []
    conditions: list[Row] = [{"contact_key_id": {"$in": earlier}}, *nameless]
    if kept.nested:
        conditions.append({f"{kept.nested}.contact_key_id": {"$in": earlier}})
    return {"$or": conditions}


def _fields(kept: _Kept) -> dict[str, int]:
    names = ["contact_key_id", "received_at", *kept.hashes]
    return dict.fromkeys([*names, *(f"{kept.nested}.{name}" for name in names if kept.nested)], 1)


def _wrap(row: Row, kept: _Kept, hasher: ContactHasher) -> UpdateOne:
    change = _wrapped(row, kept, hasher, "")
    for place, entry in enumerate(row.get(kept.nested, ())):
        change |= _wrapped(entry, kept, hasher, f"{kept.nested}.{place}.")
    # Both names are written at every change of the document: had one come meanwhile, the next batch meets it again.
    unchanged = {name: row.get(name) for name in ("_id", "contact_key_id", "received_at")}
    return UpdateOne(unchanged, {"$set": change})


def _wrapped(entry: Row, kept: _Kept, hasher: ContactHasher, prefix: str) -> Row:
    key_id = entry.get("contact_key_id")
    hashes = {name: entry[name] for name in kept.hashes if entry.get(name)}
    if key_id == "" and hashes:
        key_id = hasher.chains[0]
    if key_id not in hasher.chains[:-1]:
        return {}
    wrapped = {f"{prefix}{name}": hasher.wrap(value, key_id) for name, value in hashes.items()}
    return {**wrapped, f"{prefix}contact_key_id": hasher.key_id}
