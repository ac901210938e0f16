"""Verbs on photos: receive, take in, open."""

from __future__ import annotations

import hashlib
import re
import tempfile
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import IO, BinaryIO, cast

from audit_api import problems
from audit_api.domain.directory import Actor, Role
from audit_api.evidence.measures import PhotoMarks
from audit_api.evidence.partials import PartialBusyError, PartialUploads
from audit_api.evidence.photo import PhotoCaps, PhotoFacts, inspect
from audit_api.evidence.remarks import FOR_REVIEWERS, PhotoRefused, remark
from audit_api.evidence.store import BlobStore, HashDiffersError
from audit_api.models import photos, trail
from audit_api.models.base import Row, collection, to_milliseconds
from audit_api.operations.directory import scope_filter
from audit_api.operations.photo_refusals import remembers_refusals
from audit_api.operations.upload_limits import count_bytes, room_on_disk
from audit_api.problems import Problem
from audit_api.settings import Settings

HASH = re.compile(r"[0-9a-f]{64}")
_BLOCK_BYTES = 1 << 18
_KINDS = {"unsupported_format": problems.UNSUPPORTED_MEDIA_TYPE, "too_many_bytes": problems.TOO_LARGE}
# After these nothing that came in chunks is of any use.
_SETTLED = (problems.PHOTO_EXISTS, problems.UNSUPPORTED_MEDIA_TYPE, problems.PHOTO_REFUSED)
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
    """Receive a whole photo named by its SHA-256; returns its facts once blob and record are durable.

    It takes the place of what has come of it in chunks, unless its bytes are not those of its name. Raises NOT_FOUND
    for a malformed name, PHOTO_EXISTS when this person has sent it before, HASH_MISMATCH, PHOTO_REFUSED,
    UNSUPPORTED_MEDIA_TYPE or TOO_LARGE with the reason, which are remembered for the sender; TOO_MANY_REQUESTS or
    UNAVAILABLE with Retry-After. `announced_bytes`: the length that the sender claims, where it does; too many are
    refused before any is read.
    """
    check_name(sha256)
    uploads = PartialUploads(settings.upload_dir)
    with room_on_disk():
        try:
            if photos.sent_by(actor.id, [sha256]):
                raise Problem(problems.PHOTO_EXISTS)
            if announced_bytes is not None and announced_bytes > settings.max_photo_bytes:
                raise refusal(PhotoRefused("too_many_bytes", bytes=announced_bytes, limit=settings.max_photo_bytes))
            with tempfile.TemporaryFile(dir=settings.upload_dir or None) as temporary:
                file = cast(BinaryIO, temporary)
                length = _spool(stream, file, settings.max_photo_bytes)
                count_bytes(uploads, actor.id, length, settings=settings, at=at)
                row = take_in(store, file, sha256, settings=settings, actor=actor, at=at)
        except Problem as problem:
            if problem.kind in _SETTLED:
                _drop(uploads, actor, sha256)
            raise
        _drop(uploads, actor, sha256)
    return row


def take_in(store: BlobStore, file: BinaryIO, sha256: str, *, settings: Settings, actor: Actor, at: datetime) -> Row:
    """Make a photo of a file with all its bytes, however they came; returns its facts once all is durable.

    The order is blob, facts, upload record: what a crash leaves behind is invisible, and sending again
    heals it. Raises as `receive_photo` does.
    """
    received = _digest(file)
    if received != sha256:
        raise _differs(sha256, received)
    known = photos.Photo._get_collection().find_one({"_id": sha256}, photos.WITHOUT_PIXELS)
    row = known or _facts_row(_inspected(file, settings), at)
    file.seek(0)
    try:
        store.put(sha256, file)
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


def check_name(sha256: str) -> None:
    """Raise NOT_FOUND for a name that no photo can have."""
    if not HASH.fullmatch(sha256):
        raise Problem(
            problems.NOT_FOUND,
            zh="照片以其 SHA-256（64 位小写十六进制）命名",
            en="A photo is named by its SHA-256: 64 lower-case hexadecimal digits",
        )


def check_sight(sha256: str, actor: Actor) -> None:
    """Raise NOT_FOUND where the photo is not whole or this person may not know of it."""
    check_name(sha256)
    if not may_see_photo(actor, sha256):
        raise Problem(problems.NOT_FOUND)


def _drop(uploads: PartialUploads, actor: Actor, sha256: str) -> None:
    """Remove what had come in chunks; what is being written this moment its writer or the sweep removes."""
    with suppress(PartialBusyError):
        uploads.drop(actor.id, sha256)


def _spool(stream: IO[bytes], file: BinaryIO, limit: int) -> int:
    """Copy the body to disk block by block; gives its length, raises TOO_LARGE at the first byte too many."""
    length = 0
    while block := stream.read(_BLOCK_BYTES):
        length += len(block)
        if length > limit:
            raise refusal(PhotoRefused("too_many_bytes", bytes=length, limit=limit))
        file.write(block)
    return length


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
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
        raise refusal(refused) from refused


def refusal(refused: PhotoRefused) -> Problem:
    """Put the reason for which a photo is refused into a problem."""
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
