"""The one way in for files named by their SHA-256: photos and attachments differ only in what is looked at."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, BinaryIO, cast

from mongoengine import Document

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.evidence.partials import PartialBusyError, PartialUploads
from audit_api.evidence.remarks import EvidenceRefused
from audit_api.evidence.store import BlobStore, HashDiffersError
from audit_api.models import photos
from audit_api.models.base import Row, to_milliseconds
from audit_api.operations.photo_refusals import remembers_refusals
from audit_api.operations.upload_limits import count_bytes, room_on_disk
from audit_api.problems import Problem, ProblemType
from audit_api.settings import Settings

HASH = re.compile(r"[0-9a-f]{64}")
_BLOCK_BYTES = 1 << 18
_KINDS = {"unsupported_format": problems.UNSUPPORTED_MEDIA_TYPE, "too_many_bytes": problems.TOO_LARGE}


def _anybody(row: Row, actor: Actor) -> None:
    """Let everybody send what was found."""


@dataclass(frozen=True)
class EvidenceKind:
    """What differs between kinds of evidence.

    `noun` is its name in the trail, `opened` what is written there of a download; `named_as`: the list in which
    observations, replies and appeals name it; `endings`: of file names, by format. `look` gives the facts of a file,
    or raises the problem it is refused with; `refuse` makes that problem of a code and its numbers; `begins_well`
    tells from the first bytes whether a file can be of this kind; `admit` raises a problem where this person may not
    send what was found. After the problems `settled`, nothing that came in chunks is of any use. `not_read`: fields of
    the facts too large to be read for nothing.
    """

    noun: str
    named_as: str
    endings: Mapping[str, str]
    opened: str
    facts: type[Document]
    uploads: type[Document]
    exists: ProblemType
    settled: tuple[ProblemType, ...]
    most_bytes: Callable[[Settings], int]
    refuse: Callable[[str, dict[str, Any]], Problem]
    begins_well: Callable[[bytes], bool]
    look: Callable[[BinaryIO, Settings], Row]
    shown: Callable[[Row], Row]
    admit: Callable[[Row, Actor], None] = _anybody
    not_read: tuple[str, ...] = ()


@remembers_refusals
def receive_whole(
    kind: EvidenceKind,
    store: BlobStore,
    stream: IO[bytes],
    sha256: str,
    *,
    announced_bytes: int | None = None,
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> Row:
    """Receive a whole file named by its SHA-256; returns its facts as shown once blob and record are durable.

    `announced_bytes`: the length that the sender claims, where it does; too many are refused before any is read. It
    takes the place of what has come of it in chunks, unless its bytes are not those of its name. Raises NOT_FOUND
    for a malformed name, `kind.exists` when this person has sent it before, HASH_MISMATCH, what `kind` refuses with,
    TOO_MANY_REQUESTS or UNAVAILABLE with Retry-After; what is refused about the bytes is remembered for the sender.
    """
    check_name(sha256)
    uploads = PartialUploads(settings.upload_dir)
    with room_on_disk():
        try:
            if photos.sent_by(actor.id, [sha256], kind.uploads):
                raise Problem(kind.exists)
            if announced_bytes is not None and announced_bytes > (limit := kind.most_bytes(settings)):
                raise kind.refuse("too_many_bytes", {"bytes": announced_bytes, "limit": limit})
            with tempfile.TemporaryFile(dir=settings.upload_dir or None) as temporary:
                file = cast(BinaryIO, temporary)
                length = _spool(stream, file, kind, settings)
                count_bytes(uploads, actor.id, length, settings=settings, at=at)
                row = take_in(kind, store, file, sha256, settings=settings, actor=actor, at=at)
        except Problem as problem:
            if problem.kind in kind.settled:
                _drop(uploads, actor, sha256)
            raise
        _drop(uploads, actor, sha256)
    return row


def take_in(
    kind: EvidenceKind,
    store: BlobStore,
    file: BinaryIO,
    sha256: str,
    *,
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> Row:
    """Make evidence of a file with all its bytes, however they came; returns its facts once all is durable.

    The order is blob, facts, upload record: what a crash leaves behind is invisible, and sending again
    heals it. Raises as `receive_whole` does.
    """
    received = _digest(file)
    if received != sha256:
        raise _differs(sha256, received)
    known = kind.facts._get_collection().find_one({"_id": sha256}, dict.fromkeys(kind.not_read, 0) or None)
    row = known or kind.look(file, settings) | {"_id": sha256, "received_at": to_milliseconds(at)}
    kind.admit(row, actor)
    file.seek(0)
    try:
        store.put(sha256, file)
    except HashDiffersError as error:
        raise _differs(sha256, error.actual) from error
    if known is None:
        photos.insert_once(kind.facts, row)
    upload = {
        "_id": photos.upload_id(actor.id, sha256),
        "sha256": sha256,
        "person": actor.id,
        "received_at": to_milliseconds(at),
    }
    if not photos.insert_once(kind.uploads, upload):
        raise Problem(kind.exists)
    return kind.shown(row)


def check_name(sha256: str) -> None:
    """Raise NOT_FOUND for a name that no photo or attachment can have."""
    if not HASH.fullmatch(sha256):
        raise Problem(
            problems.NOT_FOUND,
            zh="照片和附件以其 SHA-256（64 位小写十六进制）命名",
            en="A photo or attachment is named by its SHA-256: 64 lower-case hexadecimal digits",
        )


def refusal(refused: EvidenceRefused, otherwise: ProblemType) -> Problem:
    """Put the reason for which a file is refused into a problem."""
    kind = _KINDS.get(refused.code, otherwise)
    return Problem(kind, zh=refused.zh, en=refused.en, members={"reason": refused.code})


def _drop(uploads: PartialUploads, actor: Actor, sha256: str) -> None:
    """Remove what had come in chunks; what is being written this moment its writer or the sweep removes."""
    with suppress(PartialBusyError):
        uploads.drop(actor.id, sha256)


def _spool(stream: IO[bytes], file: BinaryIO, kind: EvidenceKind, settings: Settings) -> int:
    """Copy the body to disk block by block; gives its length, raises TOO_LARGE at the first byte too many."""
    length, limit = 0, kind.most_bytes(settings)
    while block := stream.read(_BLOCK_BYTES):
        length += len(block)
        if length > limit:
            raise kind.refuse("too_many_bytes", {"bytes": length, "limit": limit})
        file.write(block)
    return length


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _differs(expected: str, actual: str) -> Problem:
    return Problem(
        problems.HASH_MISMATCH,
        zh="收到的内容与所声明的 SHA-256 不符，未保存；请重新上传",
        en="The bytes received are not those of the SHA-256 in the address; nothing was kept, please send again",
        members={"expected": expected, "actual": actual},
    )
