"""The append-only trail: one hash chain per object."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from mongoengine import DateTimeField, DictField, Document, IntField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from audit_api.models.base import Row, to_milliseconds

ATTEMPTS = 20
GENESIS = "0" * 64


class TrailEntry(Document):
    """One transition: who, when, what; `hash` covers the entry and the hash before it."""

    id = StringField(primary_key=True)  # kind:object:seq, so that two writers cannot both take a place
    kind = StringField(required=True)
    object_id = StringField(required=True)
    seq = IntField(required=True)
    verb = StringField(required=True)
    actor = StringField(required=True)
    at = DateTimeField(required=True)
    details = DictField()
    previous = StringField(required=True)
    hash = StringField(required=True)
    meta = {
        "collection": "trail",
        "auto_create_index": False,
        "indexes": [{"fields": ["kind", "object_id", "seq"], "unique": True}, "at"],
    }


def entry_hash(entry: Row) -> str:
    """Hash an entry: SHA-256 over its canonical JSON without `_id` and `hash`."""
    covered = {k: v for k, v in entry.items() if k not in ("_id", "hash")} | {"at": entry["at"].isoformat()}
    return hashlib.sha256(
        json.dumps(covered, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()


def append(
    kind: str,
    object_id: str,
    verb: str,
    *,
    actor_id: str,
    at: datetime,
    details: dict[str, Any] | None = None,
    session: ClientSession | None = None,
) -> Row:
    """Append an entry to the chain of one object; `details` holds JSON values only.

    Inside a transaction a rival aborts the transaction, which is then retried as a whole;
    outside, the place in the chain is tried again here.
    """
    entries = TrailEntry._get_collection()
    for _ in range(ATTEMPTS):
        last = entries.find_one({"kind": kind, "object_id": object_id}, sort=[("seq", -1)], session=session)
        seq = last["seq"] + 1 if last else 1
        entry: Row = {
            "_id": f"{kind}:{object_id}:{seq}",
            "kind": kind,
            "object_id": object_id,
            "seq": seq,
            "verb": verb,
            "actor": actor_id,
            "at": to_milliseconds(at),
            "details": details or {},
            "previous": last["hash"] if last else GENESIS,
        }
        entry["hash"] = entry_hash(entry)
        try:
            entries.insert_one(entry, session=session)
        except DuplicateKeyError:
            if session is not None:
                raise
            continue
        return entry
    raise RuntimeError(f"the trail of {kind} {object_id} is too busy")


def entries_of(kind: str, object_id: str, limit: int = 200) -> list[Row]:
    """Read the newest entries of one object, oldest first."""
    newest = TrailEntry._get_collection().find({"kind": kind, "object_id": object_id}).sort("seq", -1).limit(limit)
    return list(newest)[::-1]
