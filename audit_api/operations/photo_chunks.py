"""Verbs on photos that are sent in chunks: find how far one is, receive a chunk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.evidence.containers import format_of
from audit_api.evidence.partials import Partial, PartialUploads
from audit_api.evidence.remarks import PhotoRefused
from audit_api.evidence.store import BlobStore
from audit_api.models import photos as rows
from audit_api.models.base import Row
from audit_api.operations import photos
from audit_api.operations.upload_limits import count_bytes, make_room, one_writer, room_on_disk
from audit_api.problems import Problem
from audit_api.settings import Settings

HEAD_BYTES = 64
KNOWN_BYTES = 12
"""So many first bytes tell that a file is none of the accepted formats; HEIC may need HEAD_BYTES."""


class Readable(Protocol):
    """A body on its way."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes; none at the end."""


@dataclass(frozen=True)
class ChunkReceived:
    """How far a photo is: bytes held durably, and its facts once it is whole."""

    offset: int
    photo: Row | None = None


def find_photo_offset(sha256: str, *, settings: Settings, actor: Actor) -> int | None:
    """Give how many bytes of a photo this person has sent so far, None when it is whole.

    Raises NOT_FOUND where there is nothing, or nothing that this person may know of.
    """
    photos.check_name(sha256)
    if photos.may_see_photo(actor, sha256):
        return None
    with one_writer(), room_on_disk(), PartialUploads(settings.upload_dir).locked(actor.id, sha256) as partial:
        if partial is None or partial.size == 0:
            raise Problem(problems.NOT_FOUND)
        partial.sync()
        return partial.size


def receive_chunk(
    store: BlobStore,
    stream: Readable,
    sha256: str,
    *,
    offset: int,
    length: int,
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> ChunkReceived:
    """Take in the bytes of a photo from `offset` on; `length` is that of the whole photo.

    What is answered for is on the disk. A stream that ends early leaves what came of it. A chunk that is the last
    makes the photo whole as `receive_photo` does; an empty one at the end tries that again after an outage. Raises
    NOT_FOUND for a malformed name, PHOTO_EXISTS when it is whole already, UPLOAD_OFFSET with the true offset, INVALID
    for numbers that contradict each other, UNSUPPORTED_MEDIA_TYPE as soon as the first bytes tell, TOO_LARGE,
    TOO_MANY_REQUESTS or UNAVAILABLE with Retry-After, HASH_MISMATCH or PHOTO_REFUSED (all of it is removed then).
    """
    photos.check_name(sha256)
    if length > settings.max_photo_bytes:
        raise photos.refusal(PhotoRefused("too_many_bytes", bytes=length, limit=settings.max_photo_bytes))
    if offset > length:
        raise _contradiction("Upload-Offset", "大于照片总长度", "beyond the length of the photo")
    chunk = _read(stream, settings.upload_chunk_bytes)
    uploads = PartialUploads(settings.upload_dir)
    with one_writer(), room_on_disk():
        count_bytes(uploads, actor.id, len(chunk), settings=settings, at=at)
        if offset == 0:
            make_room(uploads, actor.id, sha256, settings=settings, at=at)
        with uploads.locked(actor.id, sha256, make=offset == 0) as partial:
            # Under the lock, so that whoever makes the photo whole finds and removes what was begun before.
            if rows.sent_by(actor.id, [sha256]):
                if partial is not None:
                    partial.remove()
                raise Problem(problems.PHOTO_EXISTS)
            if partial is None or partial.size != offset:
                raise _elsewhere(partial)
            end = _append(partial, chunk, length, at)
            if end < length:
                return ChunkReceived(end)
            return ChunkReceived(end, _finish(store, partial, sha256, settings=settings, actor=actor, at=at))


def _read(stream: Readable, limit: int) -> bytes:
    """Read a chunk into memory: it is bounded, and no lock is held while a phone is waited for."""
    chunk = bytearray()
    while len(chunk) <= limit and (block := stream.read(limit + 1 - len(chunk))):
        chunk += block
    if len(chunk) > limit:
        raise Problem(
            problems.TOO_LARGE,
            zh=f"一次最多发送 {limit} 字节",
            en=f"At most {limit} bytes can be sent at once",
            members={"limit": limit},
        )
    return bytes(chunk)


def _append(partial: Partial, chunk: bytes, length: int, at: datetime) -> int:
    """Add a chunk where it belongs and give the new offset; raises INVALID, UNSUPPORTED_MEDIA_TYPE."""
    offset = partial.size
    if offset + len(chunk) > length:
        raise _contradiction("Upload-Length", "小于已发送的字节数", "less than the bytes that were sent")
    if offset < HEAD_BYTES:
        head = (partial.head(HEAD_BYTES) + chunk)[:HEAD_BYTES]
        if len(head) >= KNOWN_BYTES and format_of(head) is None:
            partial.remove()
            raise photos.refusal(PhotoRefused("unsupported_format"))
    return partial.append(chunk, at) if chunk else offset


def _finish(store: BlobStore, partial: Partial, sha256: str, *, settings: Settings, actor: Actor, at: datetime) -> Row:
    """Make a photo of all its bytes; they are removed when it is one, or can never be one."""
    try:
        row = photos.take_in(store, partial.file, sha256, settings=settings, actor=actor, at=at)
    except Problem:
        partial.remove()
        raise
    partial.remove()
    return row


def _elsewhere(partial: Partial | None) -> Problem:
    """Say where to go on; bytes that a killed process left are made durable before they are counted."""
    true = 0
    if partial is not None:
        partial.sync()
        true = partial.size
    return Problem(
        problems.UPLOAD_OFFSET,
        zh=f"请从第 {true} 字节处继续发送",
        en=f"Go on at byte {true}",
        members={"offset": true},
        headers={"Upload-Offset": str(true)},
    )


def _contradiction(header: str, zh: str, en: str) -> Problem:
    return Problem(
        problems.INVALID,
        zh=f"{header} {zh}",
        en=f"{header} is {en}",
        members={"errors": [{"field": f"headers.{header}", "message": en}]},
    )
