"""Verbs on photos and attachments that are sent in chunks: find how far one is, receive a chunk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.evidence.partials import Partial, PartialUploads
from audit_api.evidence.store import BlobStore
from audit_api.models import photos as rows
from audit_api.models.base import Row
from audit_api.operations.evidence_intake import EvidenceKind, check_name, take_in
from audit_api.operations.evidence_reading import is_in_sight
from audit_api.operations.photo_refusals import remembers_refusals
from audit_api.operations.photos import PHOTOS
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
    """How far a file is: bytes held durably, and its facts once it is whole."""

    offset: int
    facts: Row | None = None


def find_offset(sha256: str, *, kind: EvidenceKind = PHOTOS, settings: Settings, actor: Actor) -> int | None:
    """Give how many bytes of a file this person has sent so far, None when it is whole.

    Raises NOT_FOUND where there is nothing, or nothing that this person may know of.
    """
    check_name(sha256)
    if is_in_sight(kind, sha256, actor):
        return None
    with one_writer(), room_on_disk(), PartialUploads(settings.upload_dir).locked(actor.id, sha256) as partial:
        if partial is None or partial.size == 0:
            raise Problem(problems.NOT_FOUND)
        partial.sync()
        return partial.size


@remembers_refusals
def receive_chunk(
    store: BlobStore,
    stream: Readable,
    sha256: str,
    *,
    kind: EvidenceKind = PHOTOS,
    offset: int,
    length: int,
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> ChunkReceived:
    """Take in the bytes of a file from `offset` on; `length` is that of the whole file.

    What is answered for is on the disk. A stream that ends early leaves what came of it. A chunk that is the last
    makes the file whole as `receive_whole` does; an empty one at the end tries that again after an outage. Raises
    NOT_FOUND for a malformed name, `kind.exists` when it is whole already, UPLOAD_OFFSET with the true offset, INVALID
    for numbers that contradict each other, UNSUPPORTED_MEDIA_TYPE as soon as the first bytes tell, TOO_LARGE,
    TOO_MANY_REQUESTS or UNAVAILABLE with Retry-After, HASH_MISMATCH or what `kind` refuses with (all of it is removed
    then).
    """
    check_name(sha256)
    if length > (limit := kind.most_bytes(settings)):
        raise kind.refuse("too_many_bytes", {"bytes": length, "limit": limit})
    if offset > length:
        raise _contradiction("Upload-Offset", "大于文件总长度", "beyond the length of the file")
    chunk = _read(stream, settings.upload_chunk_bytes)
    uploads = PartialUploads(settings.upload_dir)
    with one_writer(), room_on_disk():
        count_bytes(uploads, actor.id, len(chunk), settings=settings, at=at)
        if offset == 0:
            make_room(uploads, actor.id, sha256, settings=settings, at=at)
        with uploads.locked(actor.id, sha256, make=offset == 0) as partial:
            # Under the lock, so that whoever makes the file whole finds and removes what was begun before.
            if rows.sent_by(actor.id, [sha256], kind.uploads):
                if partial is not None:
                    partial.remove()
                raise Problem(kind.exists)
            if partial is None or partial.size != offset:
                raise _elsewhere(partial)
            end = _append(kind, partial, sha256, chunk, length, actor=actor, at=at)
            if end < length:
                return ChunkReceived(end)
            return ChunkReceived(end, _finish(kind, store, partial, sha256, settings=settings, actor=actor, at=at))


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


@remembers_refusals
def _append(
    kind: EvidenceKind, partial: Partial, sha256: str, chunk: bytes, length: int, *, actor: Actor, at: datetime
) -> int:
    """Add a chunk where it belongs and give the new offset; raises INVALID, UNSUPPORTED_MEDIA_TYPE."""
    offset = partial.size
    if offset + len(chunk) > length:
        raise _contradiction("Upload-Length", "小于已发送的字节数", "less than the bytes that were sent")
    if offset < HEAD_BYTES:
        head = (partial.head(HEAD_BYTES) + chunk)[:HEAD_BYTES]
        if len(head) >= KNOWN_BYTES and not kind.begins_well(head):
            partial.remove()
            raise kind.refuse("unsupported_format", {})
    return partial.append(chunk, at) if chunk else offset


@remembers_refusals
def _finish(
    kind: EvidenceKind,
    store: BlobStore,
    partial: Partial,
    sha256: str,
    *,
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> Row:
    """Make evidence of all bytes; they are removed when it is some, or can never be."""
    try:
        row = take_in(kind, store, partial.file, sha256, settings=settings, actor=actor, at=at)
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
