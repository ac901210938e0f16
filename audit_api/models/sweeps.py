"""Long walks over what is kept: where each one stands, and who is on it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from mongoengine import DateTimeField, DictField, Document, StringField
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from audit_api.models.base import Row


class Sweep(Document):
    """One walk: its state, and the lease of whoever is on it; times are the database's own."""

    id = StringField(primary_key=True)
    holder = StringField(null=True)
    leased_until = DateTimeField(null=True)
    state = DictField()
    meta = {"collection": "sweeps", "auto_create_index": False}


def take(name: str, holder: str, seconds: float) -> Row | None:
    """Take the lease for so many seconds; gives the state, None while somebody else holds it."""
    sweeps = Sweep._get_collection()
    if sweeps.find_one({"_id": name}, {"_id": 1}) is None:
        with suppress(DuplicateKeyError):  # somebody else was first; the lease below decides
            sweeps.insert_one({"_id": name, "holder": None, "leased_until": None, "state": {}})
    free = [{"holder": None}, {"holder": holder}, {"$expr": {"$lt": ["$leased_until", "$$NOW"]}}]
    row = sweeps.find_one_and_update(
        {"_id": name, "$or": free},
        [{"$set": {"holder": holder, "leased_until": _until(seconds)}}],
        return_document=ReturnDocument.AFTER,
    )
    return None if row is None else row["state"]


def advance(name: str, holder: str, seconds: float, state: Row | None = None) -> bool:
    """Prolong the lease and, where given, keep the state; False when somebody else has taken over."""
    changed: dict[str, Any] = {"leased_until": _until(seconds)}
    if state is not None:
        changed["state"] = {"$literal": state}
    # Nested documents would be merged by $set in a pipeline: what is no longer there goes first.
    steps = ([{"$unset": "state"}] if state is not None else []) + [{"$set": changed}]
    return Sweep._get_collection().update_one({"_id": name, "holder": holder}, steps).matched_count == 1


def release(name: str, holder: str) -> None:
    """Give the lease back."""
    Sweep._get_collection().update_one(
        {"_id": name, "holder": holder}, {"$set": {"holder": None, "leased_until": None}}
    )


def state_of(name: str) -> Row:
    """Read where a walk stands, whoever is on it; empty before the first."""
    row = Sweep._get_collection().find_one({"_id": name}) or {}
    return dict(row.get("state") or {})


def _until(seconds: float) -> Row:
    return {"$add": ["$$NOW", round(seconds * 1000)]}
