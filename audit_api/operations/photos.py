"""Verbs on photos: receive, open."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import IO, BinaryIO

from audit_api import problems
from audit_api.domain.directory import Actor, Role
from audit_api.evidence.containers import format_of
from audit_api.evidence.measures import PhotoMarks
from audit_api.evidence.photo import PhotoCaps, inspect
from audit_api.evidence.remarks import FOR_REVIEWERS, PhotoRefused, remark
from audit_api.evidence.store import BlobStore
from audit_api.models import photos, trail
from audit_api.models.base import Row, collection, to_milliseconds
from audit_api.operations.directory import scope_filter
from audit_api.operations.evidence_intake import EvidenceKind, check_name, receive_whole
from audit_api.problems import Problem
from audit_api.settings import Settings

_KINDS = {"unsupported_format": problems.UNSUPPORTED_MEDIA_TYPE, "too_many_bytes": problems.TOO_LARGE}
_NAMES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIC": "heic"}


def receive_photo(
    store: BlobStore,
    stream: IO[bytes],
    sha256: str,
    *,
    announced_bytes: int | None = None,
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> Row:
    """Receive a whole photo named by its SHA-256; returns its facts once blob and record are durable.

    Raises what `receive_whole` does: PHOTO_EXISTS, PHOTO_REFUSED, UNSUPPORTED_MEDIA_TYPE or TOO_LARGE with the reason.
    """
    return receive_whole(
        PHOTOS, store, stream, sha256, announced_bytes=announced_bytes, settings=settings, actor=actor, at=at
    )


def may_see_photo(actor: Actor, sha256: str) -> bool:
    """Tell whether a person sent the photo, or has a visit or a dealer's reply in sight whose sender names it.

    That the visit's own auditor sent it matters: naming somebody else's hash must open nothing.
    A dealer sees no photo by its hash.
    """
    if actor.role is Role.DEALER:
        return False
    senders = photos.senders_of(sha256)
    if actor.id in senders:
        return True
    if actor.role is Role.AUDITOR or not senders:
        return False
    naming = {"observations.photos.sha256": sha256, "auditor": {"$in": senders}}
    replied = {
        "$or": [
            {"replies": {"$elemMatch": {"photos": sha256, "by": {"$in": senders}}}},
            {"appeal.photos": sha256, "appeal.by": {"$in": senders}},
        ]
    }
    return any(
        collection(name).find_one({"$and": [wanted, scope_filter(actor)]}, {"_id": 1}) is not None
        for name, wanted in (("visits", naming), ("questions", replied))
    )


def open_photo_thumbnail(sha256: str, *, actor: Actor) -> bytes:
    """Give the thumbnail, a JPEG without metadata; raises NOT_FOUND."""
    check_sight(sha256, actor)
    row = photos.Photo._get_collection().find_one({"_id": sha256}, {"thumbnail": 1})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return bytes(row["thumbnail"])


def open_photo_original(store: BlobStore, sha256: str, *, actor: Actor, at: datetime) -> tuple[Row, BinaryIO]:
    """Open the bytes as they were sent, and record who did; raises NOT_FOUND.

    Returns `{"name", "byte_count"}` and a file to be read and closed by the caller.
    """
    check_sight(sha256, actor)
    row = photos.Photo._get_collection().find_one({"_id": sha256}, {"format": 1, "byte_count": 1})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    blob = store.open(sha256)
    trail.append("photo", sha256, "original_opened", actor_id=actor.id, at=at)
    return {"name": f"{sha256[:16]}.{_NAMES[row['format']]}", "byte_count": row["byte_count"]}, blob


def shown(row: Row) -> Row:
    """Give the facts that the sender of a photo sees; remarks with their words, those for reviewers left out."""
    said = [asdict(remark(code)) for code in row["remarks"] if code not in FOR_REVIEWERS]
    names = ("byte_count", "format", "width", "height", "taken_at", "position")
    return {"sha256": row["_id"], **{name: row[name] for name in names}, "remarks": said}


def check_sight(sha256: str, actor: Actor) -> None:
    """Raise NOT_FOUND where the photo is not whole or this person may not know of it."""
    check_name(sha256)
    if not may_see_photo(actor, sha256):
        raise Problem(problems.NOT_FOUND)


def _look(file: BinaryIO, settings: Settings) -> Row:
    marks = PhotoMarks(
        sharpness_least=settings.photo_sharpness,
        brightness_least=settings.photo_brightness,
        contrast_least=settings.photo_contrast,
        screen_flat_least=settings.photo_flat_share,
        preview_likeness_least=settings.photo_preview_likeness,
    )
    try:
        facts = inspect(file, PhotoCaps(max_bytes=settings.max_photo_bytes), marks)
    except PhotoRefused as refused:
        raise _refusal(refused) from refused
    row = asdict(facts)
    del row["sha256"]
    row["remarks"] = [said.code for said in facts.remarks]
    if facts.position is not None and facts.position.fixed_at is not None:
        row["position"]["fixed_at"] = to_milliseconds(facts.position.fixed_at)
    return row


def _refusal(refused: PhotoRefused) -> Problem:
    """Put the reason for which a photo is refused into a problem."""
    kind = _KINDS.get(refused.code, problems.PHOTO_REFUSED)
    return Problem(kind, zh=refused.zh, en=refused.en, members={"reason": refused.code})


PHOTOS = EvidenceKind(
    facts=photos.Photo,
    uploads=photos.PhotoUpload,
    not_read=tuple(photos.WITHOUT_PIXELS),
    exists=problems.PHOTO_EXISTS,
    settled=(problems.PHOTO_EXISTS, problems.UNSUPPORTED_MEDIA_TYPE, problems.PHOTO_REFUSED),
    most_bytes=lambda settings: settings.max_photo_bytes,
    refuse=lambda code, numbers: _refusal(PhotoRefused(code, **numbers)),
    begins_well=lambda head: format_of(head) is not None,
    look=_look,
    may_see=may_see_photo,
    shown=shown,
)
