"""Verbs of the background: look at photos for faces and number plates, and make what may be shown of them."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from audit_api.domain.directory import Actor
from audit_api.domain.regions import DETECTOR, place_of
from audit_api.evidence.derivatives import cover, display_of, open_display
from audit_api.evidence.detector import Detector
from audit_api.evidence.photo import PhotoCaps
from audit_api.evidence.remarks import PhotoRefused
from audit_api.evidence.store import BlobMissingError, BlobStore
from audit_api.models import trail
from audit_api.models.base import Row, collection, in_transaction, to_milliseconds
from audit_api.models.photos import Photo
from audit_api.models.regions import PhotoView
from audit_api.settings import Settings

LEASE = timedelta(minutes=10)
"""A photo taken by a process that was killed waits this long for the next one."""
NOT_LOOKED_AT: Row = {"looked_at": None}
MOST_NAMED = 100_000


def look_at_photos(
    store: BlobStore,
    detector: Detector,
    *,
    settings: Settings,
    actor: Actor,
    now: Callable[[], datetime],
    most: int = 100,
    dealer: str | None = None,
) -> int:
    """Look at up to `most` photos that wait for it, the first received first; gives how many were looked at.

    `dealer`: only photos that visits to this dealer name. Killed at any moment it loses nothing, and several
    processes may do it at once: a photo is one process's for LEASE, and its view is written once.
    """
    wanted = NOT_LOOKED_AT if dealer is None else NOT_LOOKED_AT | {"_id": {"$in": _named_by(dealer)}}
    caps = PhotoCaps(max_bytes=settings.max_photo_bytes)
    done = 0
    while done < most and (sha256 := _taken(wanted, now())) is not None:
        _look_at(store, detector, sha256, caps, actor=actor, at=now())
        done += 1
    return done


def count_waiting() -> int:
    """Count the photos that wait to be looked at, those another process has at this moment included."""
    return int(Photo._get_collection().count_documents(NOT_LOOKED_AT))


def count_failed() -> int:
    """Count the photos that could not be looked at; no dealer is shown one."""
    return int(PhotoView._get_collection().count_documents({"state": "failed"}))


def look_again_at_failed() -> int:
    """Let photos wait again that could not be looked at; gives how many."""
    failed = [row["_id"] for row in PhotoView._get_collection().find({"state": "failed"}, {"_id": 1}).limit(MOST_NAMED)]
    # The view first: killed in between, a photo counts as looked at and has none, which the next call mends.
    PhotoView._get_collection().delete_many({"_id": {"$in": failed}, "state": "failed"})
    photos = Photo._get_collection()
    return int(photos.update_many({"failed": True}, {"$unset": {"looked_at": 1, "failed": 1}}).modified_count)


def _named_by(dealer: str) -> list[str]:
    found = collection("visits").find({"dealer": dealer}, {"observations.photos.sha256": 1})
    named = {p["sha256"] for visit in found for o in visit.get("observations", ()) for p in o.get("photos", ())}
    return sorted(named)[:MOST_NAMED]


def _taken(wanted: Row, at: datetime) -> str | None:
    """Take the next photo nobody else looks at; None where there is none."""
    free = {"$or": [{"looking_until": None}, {"looking_until": {"$lt": at}}]}
    row = Photo._get_collection().find_one_and_update(
        {"$and": [wanted, free]},
        {"$set": {"looking_until": to_milliseconds(at + LEASE)}},
        projection={"_id": 1},
        sort=[("received_at", 1)],
    )
    return None if row is None else str(row["_id"])


def _look_at(store: BlobStore, detector: Detector, sha256: str, caps: PhotoCaps, *, actor: Actor, at: datetime) -> None:
    moment = to_milliseconds(at)
    view: Row = {"_id": sha256, "revision": 1, "detector": detector.name, "looked_at": moment, "regions": []}
    try:
        view |= {"state": "looked_at"} | _seen(store, detector, sha256, caps, moment)
    except (PhotoRefused, BlobMissingError) as error:
        view |= {"state": "failed", "reason": str(error)[:500]}
    details = {"detector": detector.name, "state": view["state"], "regions": _told(view["regions"])}

    def write(session: ClientSession) -> None:
        PhotoView._get_collection().insert_one(view, session=session)
        trail.append("photo", sha256, "looked_at", actor_id=actor.id, at=at, details=details, session=session)

    # Or looked at by another process, or by this one before it was killed.
    with suppress(DuplicateKeyError):
        in_transaction(write)
    marked: Row = {"$set": {"looked_at": moment} | ({"failed": True} if view["state"] == "failed" else {})}
    Photo._get_collection().update_one({"_id": sha256}, marked | {"$unset": {"looking_until": 1}})


def _seen(store: BlobStore, detector: Detector, sha256: str, caps: PhotoCaps, at: datetime) -> Row:
    with tempfile.TemporaryFile() as file:
        for block in store.blocks(sha256):
            file.write(block)
        display = display_of(cast(BinaryIO, file), caps)
    image = open_display(display)
    regions = [
        {
            "id": uuid.uuid4().hex[:12], "kind": found.kind, "source": DETECTOR, "by": DETECTOR, "at": at,
            "x": found.place.x, "y": found.place.y, "width": found.place.width, "height": found.place.height,
        }
        for found in detector.look_at(image)
    ]  # fmt: skip
    width, height = image.size
    return {"width": width, "height": height, "display": display, "regions": regions} | covered(display, regions)


def covered(display: bytes, regions: list[Row]) -> Row:
    """Make the pictures that cover these regions; none where there is nothing to cover."""
    if not regions:
        return {}
    whole, small = cover(display, [place_of(region) for region in regions])
    return {"covered": whole, "covered_thumbnail": small}


def _told(regions: list[Row]) -> list[Row]:
    return [{name: region[name] for name in ("id", "kind", "x", "y", "width", "height")} for region in regions]
