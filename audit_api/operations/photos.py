"""Verbs on photos: receive, show small; evidence_reading.py opens originals."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import IO, BinaryIO

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.evidence.containers import format_of
from audit_api.evidence.measures import PhotoMarks
from audit_api.evidence.photo import PhotoCaps, inspect
from audit_api.evidence.remarks import FOR_REVIEWERS, PhotoRefused, remark
from audit_api.evidence.store import BlobStore
from audit_api.models import photos
from audit_api.models.base import Row, to_milliseconds
from audit_api.operations.evidence_intake import EvidenceKind, receive_whole, refusal
from audit_api.operations.evidence_reading import check_sight
from audit_api.problems import Problem
from audit_api.settings import Settings

_ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIC": "heic"}


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


def open_photo_thumbnail(sha256: str, *, actor: Actor) -> bytes:
    """Give the thumbnail, a JPEG without metadata; raises NOT_FOUND."""
    check_sight(PHOTOS, sha256, actor)
    row = photos.Photo._get_collection().find_one({"_id": sha256}, {"thumbnail": 1})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return bytes(row["thumbnail"])


def shown(row: Row) -> Row:
    """Give the facts that the sender of a photo sees; remarks with their words, those for reviewers left out."""
    said = [asdict(remark(code)) for code in row["remarks"] if code not in FOR_REVIEWERS]
    names = ("byte_count", "format", "width", "height", "taken_at", "position")
    return {"sha256": row["_id"], **{name: row[name] for name in names}, "remarks": said}


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
        raise refusal(refused, problems.PHOTO_REFUSED) from refused
    row = asdict(facts)
    del row["sha256"]
    row["remarks"] = [said.code for said in facts.remarks]
    if facts.position is not None and facts.position.fixed_at is not None:
        row["position"]["fixed_at"] = to_milliseconds(facts.position.fixed_at)
    return row


PHOTOS = EvidenceKind(
    noun="photo",
    named_as="photos",
    endings=_ENDINGS,
    opened="original_opened",
    facts=photos.Photo,
    uploads=photos.PhotoUpload,
    not_read=tuple(photos.WITHOUT_PIXELS),
    exists=problems.PHOTO_EXISTS,
    settled=(problems.PHOTO_EXISTS, problems.UNSUPPORTED_MEDIA_TYPE, problems.PHOTO_REFUSED),
    most_bytes=lambda settings: settings.max_photo_bytes,
    refuse=lambda code, numbers: refusal(PhotoRefused(code, **numbers), problems.PHOTO_REFUSED),
    begins_well=lambda head: format_of(head) is not None,
    look=_look,
    shown=shown,
)
