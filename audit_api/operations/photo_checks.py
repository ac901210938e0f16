"""Verbs on kept photos and attachments: verify that each is there and what its name says, list losses, sweep."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from pymongo.client_session import ClientSession

from audit_api.domain.directory import Actor
from audit_api.evidence.partials import PartialUploads
from audit_api.evidence.store import BlobMissingError, BlobStore
from audit_api.models import attachments, photos, sweeps, trail
from audit_api.models.base import Row, collection, in_transaction, to_milliseconds
from audit_api.operations.busy import busy
from audit_api.operations.directory import scope_filter
from audit_api.settings import Settings

SWEEP = "photo-verify"
LEASE_SECONDS = 120
KEPT = (photos.Photo, attachments.Attachment)
NAMES = 200
"""Names looked up at once."""
SHOWN_VISITS = 20


@dataclass
class Round:
    """Where the present round stands; `after` is the last name checked."""

    number: int
    started_at: datetime
    after: str = ""
    photos: int = 0
    byte_count: int = 0
    damaged: int = 0
    missing: int = 0


@dataclass
class Pace:
    """Keeps reading at so many bytes a second; `clock` gives monotonic seconds."""

    bytes_per_second: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    keep: Callable[[], None]
    _due: float = 0.0
    _kept: float = 0.0

    def take(self, length: int) -> None:
        """Wait until these bytes are due, and prolong the lease where it is time."""
        now = self.clock()
        # Time not used is not saved up: after a pause nobody wants a burst.
        self._due = max(self._due, now) + length / self.bytes_per_second
        while (ahead := self._due - self.clock()) > 0:
            self.sleep(min(ahead, LEASE_SECONDS / 4))
            self._keep_lease()
        self._keep_lease()

    def _keep_lease(self) -> None:
        if self.clock() - self._kept > LEASE_SECONDS / 4:
            self._kept = self.clock()
            self.keep()


def verify_photos(
    store: BlobStore,
    *,
    settings: Settings,
    actor: Actor,
    now: Callable[[], datetime],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    seconds: float | None = None,
    say: Callable[[Row], None] = lambda _: None,
) -> Row:
    """Read kept photos again, in the order of their names, until the round is done or `seconds` have gone by.

    Goes on behind the last one checked, whoever checked it. What is damaged or missing enters a list and the trail,
    once; what is whole again is marked mended. Reads block by block, at AUDIT_PHOTO_CHECK_BYTES_PER_SECOND. Returns
    the state as of `photo_check_state`. Raises TRANSITION_REFUSED while another process checks.
    """
    holder = uuid.uuid4().hex
    state = sweeps.take(SWEEP, holder, LEASE_SECONDS)
    if state is None:
        raise busy("核对照片", "checking photos")

    def keep(kept: Row | None = None) -> None:
        if not sweeps.advance(SWEEP, holder, LEASE_SECONDS, kept):
            raise busy("核对照片", "checking photos")

    here = Round(**state["round"]) if state.get("round") else _next_round(state, now())
    last = state.get("last")
    pace = Pace(settings.photo_check_bytes_per_second, clock, sleep, keep)
    until = None if seconds is None else clock() + seconds
    try:
        while names := _names_after(store, here.after):
            for sha256 in names:
                found, length = _look_twice(store, sha256, pace)
                _count(here, found, length)
                if _note(sha256, found, actor=actor, at=now()):
                    say({"sha256": sha256, "state": found})
                here.after = sha256
                keep({"round": asdict(here), "last": last})
                if until is not None and clock() >= until:
                    return photo_check_state()
        last = asdict(here) | {"finished_at": to_milliseconds(now())}
        keep({"round": None, "last": last})
        return photo_check_state()
    finally:
        sweeps.release(SWEEP, holder)


def photo_check_state() -> Row:
    """Give the round under way and the last one done, each None where there is none."""
    state = sweeps.state_of(SWEEP)
    return {"round": state.get("round"), "last": state.get("last")}


def list_damages(actor: Actor, *, limit: int, after: str | None = None, state: str | None = None) -> Row:
    """List photos found damaged or missing, in scope by the visits that name them; mended ones only if asked for.

    Returns `{"items", "next", "round", "last"}`.
    """
    wanted = {"state": state} if state else {"state": {"$ne": "mended"}}
    conditions: list[Row] = [scope_filter(actor), wanted]
    if after:
        conditions.append({"_id": {"$gt": after}})
    rows = list(photos.PhotoDamage._get_collection().find({"$and": conditions}).sort("_id", 1).limit(limit + 1))
    seen = _visits_in_scope(actor, [visit for row in rows for visit in row["visits"]])
    items = [
        {**row, "sha256": row["_id"], "visits": [visit for visit in row["visits"] if visit in seen]}
        for row in rows[:limit]
    ]
    following = items[-1]["sha256"] if len(rows) > limit else None
    return {"items": items, "next": following, **photo_check_state()}


def sweep_photos(store: BlobStore, *, settings: Settings, at: datetime) -> int:
    """Remove what broken uploads left behind for longer than AUDIT_UPLOAD_DAYS; gives the number of attempts.

    In the database, and in this host's folder of photos being received. Safe to repeat and to run in several
    processes: nothing that a reader can see is touched.
    """
    before = at - timedelta(days=settings.upload_days)
    return store.sweep_orphans(before, at) + PartialUploads(settings.upload_dir).expire(before)


def _next_round(state: Row, at: datetime) -> Round:
    return Round(number=(state.get("last") or {}).get("number", 0) + 1, started_at=to_milliseconds(at))


def _names_after(store: BlobStore, after: str) -> list[str]:
    """Give the next names in order: of blobs, and of photos and attachments that ought to have one."""
    names = set(store.names(after, NAMES))
    for kept in KEPT:
        rows = kept._get_collection().find({"_id": {"$gt": after}}, {"_id": 1}).sort("_id", 1).limit(NAMES)
        names.update(row["_id"] for row in rows)
    return sorted(names)[:NAMES]


def _look_twice(store: BlobStore, sha256: str, pace: Pace) -> tuple[str, int]:
    """Look again before anybody is told: a blob nobody names may just be removed by another process."""
    found, length = _look(store, sha256, pace)
    if found == "whole":
        return found, length
    found, more = _look(store, sha256, pace)
    if found == "missing" and not any(kept._get_collection().find_one({"_id": sha256}, {"_id": 1}) for kept in KEPT):
        found = "whole"  # removed, and rightly
    return found, length + more


def _look(store: BlobStore, sha256: str, pace: Pace) -> tuple[str, int]:
    """Read one blob block by block; gives whole, damaged or missing, and how many bytes were read."""
    digest, length = hashlib.sha256(), 0
    try:
        for block in store.blocks(sha256):
            digest.update(block)
            length += len(block)
            pace.take(len(block))
    except BlobMissingError:
        return "missing", 0
    return ("whole" if digest.hexdigest() == sha256 else "damaged"), length


def _count(here: Round, found: str, length: int) -> None:
    here.photos += 1
    here.byte_count += length
    here.damaged += found == "damaged"
    here.missing += found == "missing"


def _note(sha256: str, found: str, *, actor: Actor, at: datetime) -> bool:
    """Keep what was found, where it is news; True for a photo newly found damaged or missing."""
    damages = photos.PhotoDamage._get_collection()
    known = damages.find_one({"_id": sha256}, {"state": 1})
    seen_at = to_milliseconds(at)
    if found == "whole":
        if known is None or known["state"] == "mended":
            return False
        changed: Row = {"state": "mended", "mended_at": seen_at, "seen_at": seen_at}
    elif known is not None and known["state"] == found:
        damages.update_one({"_id": sha256}, {"$set": {"seen_at": seen_at}})
        return False
    else:
        changed = {"state": found, "seen_at": seen_at, "mended_at": None, **_named_by(sha256)}

    def write(session: ClientSession) -> None:
        first = {"$setOnInsert": {"found_at": seen_at}}
        damages.update_one({"_id": sha256}, {"$set": changed, **first}, upsert=True, session=session)
        verb = "found_" + changed["state"]
        trail.append("photo", sha256, verb, actor_id=actor.id, at=at, session=session)

    in_transaction(write)
    return found != "whole"


def _named_by(sha256: str) -> Row:
    """Give the visits that name a photo or attachment, and their brands and dealers."""
    wanted = {
        "$or": [
            {"observations.photos.sha256": sha256, "auditor": {"$in": photos.senders_of(sha256)}},
            {
                "observations.attachments.sha256": sha256,
                "auditor": {"$in": photos.senders_of(sha256, attachments.AttachmentUpload)},
            },
        ]
    }
    rows = list(collection("visits").find(wanted, {"brand": 1, "dealer": 1}).sort("_id", 1).limit(SHOWN_VISITS))
    return {
        "visits": [row["_id"] for row in rows],
        "brand": sorted({row["brand"] for row in rows}),
        "dealer": sorted({row["dealer"] for row in rows}),
    }


def _visits_in_scope(actor: Actor, visits: list[str]) -> set[str]:
    rows = collection("visits").find({"$and": [{"_id": {"$in": visits}}, scope_filter(actor)]}, {"_id": 1})
    return {row["_id"] for row in rows}
