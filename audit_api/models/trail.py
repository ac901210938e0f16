"""The append-only trail: one hash chain per object, and the head of each."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from mongoengine import BooleanField, DateTimeField, DictField, Document, IntField, StringField
from pymongo.client_session import ClientSession

from audit_api.models.base import Row, in_transaction, to_milliseconds

GENESIS = "0" * 64
FIELDS = ("_id", "kind", "object_id", "seq", "verb", "actor", "at", "details", "previous", "hash")
ORDER = [("kind", 1), ("object_id", 1), ("seq", 1)]
HEAD_ORDER = ORDER[:2]


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


class TrailHead(Document):
    """Where the chain of one object ends: without it nobody would miss entries cut off at the end."""

    id = StringField(primary_key=True)  # kind:object
    kind = StringField(required=True)
    object_id = StringField(required=True)
    seq = IntField(required=True)
    hash = StringField(required=True)
    unsealed = BooleanField()  # True until a seal covers this end; see trail_seals.py
    meta = {
        "collection": "trail_heads",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["kind", "object_id"], "unique": True},
            {"fields": ["unsealed"], "partialFilterExpression": {"unsealed": True}},
        ],
    }


def entry_hash(entry: Row) -> str:
    """Hash an entry: SHA-256 over its canonical JSON without `_id` and `hash`."""
    covered = {k: v for k, v in entry.items() if k not in ("_id", "hash")} | {"at": entry["at"].isoformat()}
    # NaN has many bit patterns and one spelling: a chain could not tell them apart.
    text = json.dumps(covered, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


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

    Entry and head are written together: in the transaction of `session`, or in one of their own. A rival's write to
    the same chain aborts the transaction, which is then run again as a whole. Raises ValueError for NaN or infinity.
    """

    chain = f"{kind}:{object_id}"
    entry: Row = {"_id": "", "kind": kind, "object_id": object_id, "seq": 0, "verb": verb, "actor": actor_id}
    entry |= {"at": to_milliseconds(at), "details": details or {}}

    def write(session: ClientSession) -> Row:
        head = TrailHead._get_collection().find_one({"_id": chain}, {"seq": 1, "hash": 1}, session=session)
        last = head or _last_entry(kind, object_id, session)
        seq = last["seq"] + 1 if last else 1
        made = entry | {"_id": f"{chain}:{seq}", "seq": seq, "previous": last["hash"] if last else GENESIS}
        made["hash"] = entry_hash(made)
        # The head first: two writers of one chain meet there, and the later one is told to begin anew.
        _move_head(made, session, is_new=head is None)
        TrailEntry._get_collection().insert_one(made, session=session)
        return made

    return in_transaction(write) if session is None else write(session)


def _last_entry(kind: str, object_id: str, session: ClientSession) -> Row | None:
    """Find where a chain ends whose head nobody wrote: one from before there were heads."""
    place = {"kind": kind, "object_id": object_id}
    return TrailEntry._get_collection().find_one(place, {"seq": 1, "hash": 1}, sort=[("seq", -1)], session=session)


def _move_head(entry: Row, session: ClientSession, *, is_new: bool) -> None:
    chain = f"{entry['kind']}:{entry['object_id']}"
    end = {"seq": entry["seq"], "hash": entry["hash"], "unsealed": True}
    if is_new:
        head = {"_id": chain, "kind": entry["kind"], "object_id": entry["object_id"], **end}
        TrailHead._get_collection().insert_one(head, session=session)
    else:
        TrailHead._get_collection().update_one({"_id": chain}, {"$set": end}, session=session)


def entries_of(kind: str, object_id: str, limit: int = 200) -> list[Row]:
    """Read the newest entries of one object, oldest first."""
    newest = TrailEntry._get_collection().find({"kind": kind, "object_id": object_id}).sort("seq", -1).limit(limit)
    return list(newest)[::-1]
