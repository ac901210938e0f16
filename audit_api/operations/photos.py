"""Verbs on photos: receive, find, open."""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import asdict
from datetime import datetime
from typing import IO, BinaryIO, cast

from audit_api import problems
from audit_api.domain.directory import Actor, Role
from audit_api.evidence.measures import PhotoMarks
from audit_api.evidence.photo import PhotoCaps, PhotoFacts, inspect
from audit_api.evidence.remarks import FOR_REVIEWERS, PhotoRefused, remark
from audit_api.evidence.store import BlobStore, HashDiffersError
from audit_api.models import photos, trail
from audit_api.models.base import Row, collection, to_milliseconds
from audit_api.operations.directory import scope_filter
from audit_api.operations.photo_refusals import remembers_refusals
from audit_api.problems import Problem
from audit_api.settings import Settings

HASH = re.compile(r"[0-9a-f]{64}")
_BLOCK_BYTES = 1 << 18
_KINDS = {"unsupported_format": problems.UNSUPPORTED_MEDIA_TYPE, "too_many_bytes": problems.TOO_LARGE}
_NAMES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIC": "heic"}


@remembers_refusals
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
    """Take in a photo named by its SHA-256; returns its facts once blob and record are durable.

    `announced_bytes`: the length that the sender claims, where it does; too many are refused before any is read.

    The order is blob, facts, upload record: what a crash leaves behind is invisible, and sending again
    heals it. Raises NOT_FOUND for a malformed name, PHOTO_EXISTS when this person has sent it before,
    HASH_MISMATCH, PHOTO_REFUSED, UNSUPPORTED_MEDIA_TYPE or TOO_LARGE with the reason; what these four refuse is
    remembered for the sender.
    """
    _check_name(sha256)
    if photos.sent_by(actor.id, [sha256]):
        raise Problem(problems.PHOTO_EXISTS)
    if announced_bytes is not None and announced_bytes > settings.max_photo_bytes:
        raise _refusal(PhotoRefused("too_many_bytes", bytes=announced_bytes, limit=settings.max_photo_bytes))
    with tempfile.TemporaryFile(dir=settings.upload_dir or None) as file:
        received = _spool(stream, cast(BinaryIO, file), settings.max_photo_bytes)
        if received != sha256:
            raise _differs(sha256, received)
        known = photos.Photo._get_collection().find_one({"_id": sha256}, photos.WITHOUT_PIXELS)
        row = known or _facts_row(_inspected(cast(BinaryIO, file), settings), at)
        file.seek(0)
        try:
            store.put(sha256, cast(BinaryIO, file))
        except HashDiffersError as error:
            raise _differs(sha256, error.actual) from error
    if known is None:
        photos.insert_once(photos.Photo, row)
    upload = {
        "_id": photos.upload_id(actor.id, sha256),
        "sha256": sha256,
        "person": actor.id,
        "received_at": to_milliseconds(at),
    }
    if not photos.insert_once(photos.PhotoUpload, upload):
        raise Problem(problems.PHOTO_EXISTS)
    return shown(row)


def find_photo_state(sha256: str, actor: Actor) -> None:
    """Return if the photo is whole and this person may know of it; raises NOT_FOUND otherwise."""
    _check_name(sha256)
    if not may_see_photo(actor, sha256):
        raise Problem(problems.NOT_FOUND)


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
    find_photo_state(sha256, actor)
    row = photos.Photo._get_collection().find_one({"_id": sha256}, {"thumbnail": 1})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return bytes(row["thumbnail"])


def open_photo_original(store: BlobStore, sha256: str, *, actor: Actor, at: datetime) -> tuple[Row, BinaryIO]:
    """Open the bytes as they were sent, and record who did; raises NOT_FOUND.

    Returns `{"name", "byte_count"}` and a file to be read and closed by the caller.
    """
    find_photo_state(sha256, actor)
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


def _check_name(sha256: str) -> None:
    if not HASH.fullmatch(sha256):
        raise Problem(
            problems.NOT_FOUND,
            zh="照片以其 SHA-256（64 位小写十六进制）命名",
            en="A photo is named by its SHA-256: 64 lower-case hexadecimal digits",
        )


def _spool(stream: IO[bytes], file: BinaryIO, limit: int) -> str:
    """Copy the body to disk block by block; gives its SHA-256, raises TOO_LARGE at the first byte too many."""
    digest, length = hashlib.sha256(), 0
    while block := stream.read(_BLOCK_BYTES):
        length += len(block)
        if length > limit:
            raise _refusal(PhotoRefused("too_many_bytes", bytes=length, limit=limit))
        digest.update(block)
        file.write(block)
    return digest.hexdigest()


def _inspected(file: BinaryIO, settings: Settings) -> PhotoFacts:
    marks = PhotoMarks(
        sharpness_least=settings.photo_sharpness,
        brightness_least=settings.photo_brightness,
        contrast_least=settings.photo_contrast,
        screen_flat_least=settings.photo_flat_share,
        preview_likeness_least=settings.photo_preview_likeness,
    )
    try:
        return inspect(file, PhotoCaps(max_bytes=settings.max_photo_bytes), marks)
    except PhotoRefused as refused:
        raise _refusal(refused) from refused


def _refusal(refused: PhotoRefused) -> Problem:
    kind = _KINDS.get(refused.code, problems.PHOTO_REFUSED)
    return Problem(kind, zh=refused.zh, en=refused.en, members={"reason": refused.code})


def _differs(expected: str, actual: str) -> Problem:
    return Problem(
        problems.HASH_MISMATCH,
        zh="收到的内容与所声明的 SHA-256 不符，未保存；请重新上传",
        en="The bytes received are not those of the SHA-256 in the address; nothing was kept, please send again",
        members={"expected": expected, "actual": actual},
    )


def _facts_row(facts: PhotoFacts, at: datetime) -> Row:
    row = asdict(facts)
    row["_id"] = row.pop("sha256")
    row["remarks"] = [said.code for said in facts.remarks]
    row["received_at"] = to_milliseconds(at)
    if facts.position is not None and facts.position.fixed_at is not None:
        row["position"]["fixed_at"] = to_milliseconds(facts.position.fixed_at)
    return row
