"""The one way in for bytes named by their SHA-256: photos and attachments differ only in what is looked at."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, BinaryIO, cast

from mongoengine import Document

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.evidence.store import BlobStore, HashDiffersError
from audit_api.models import photos
from audit_api.models.base import Row, to_milliseconds
from audit_api.problems import Problem, ProblemType
from audit_api.settings import Settings

HASH = re.compile(r"[0-9a-f]{64}")
_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True)
class EvidenceKind:
    """What differs between kinds of evidence.

    `look` gives the row of facts of a file, or raises the problem it is refused with; `admit` raises one where this
    person may not send what was found, known before or not.
    """

    facts: type[Document]
    uploads: type[Document]
    exists: ProblemType
    most_bytes: Callable[[Settings], int]
    too_many_bytes: Callable[[int, int], Problem]
    look: Callable[[BinaryIO, Settings], Row]
    admit: Callable[[Row, Actor], None] = lambda row, actor: None
    not_read: tuple[str, ...] = ()


def receive_evidence(
    kind: EvidenceKind,
    store: BlobStore,
    stream: IO[bytes],
    sha256: str,
    *,
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> Row:
    """Take in a file named by its SHA-256; returns its facts once blob and record are durable.

    The order is blob, facts, upload record: what a crash leaves behind is invisible, and sending again
    heals it. Raises NOT_FOUND for a malformed name, `kind.exists` when this person has sent it before,
    HASH_MISMATCH, and what `kind` refuses with.
    """
    check_name(sha256)
    if photos.sent_by(actor.id, [sha256], kind.uploads):
        raise Problem(kind.exists)
    with tempfile.TemporaryFile(dir=settings.upload_dir or None) as spooled:
        file = cast(BinaryIO, spooled)
        received = _spool(stream, file, kind, settings)
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
    return row


def check_name(sha256: str) -> None:
    """Raise NOT_FOUND for what is no SHA-256 in lower-case hexadecimal."""
    if not HASH.fullmatch(sha256):
        raise Problem(
            problems.NOT_FOUND,
            zh="照片和附件以其 SHA-256（64 位小写十六进制）命名",
            en="A photo or attachment is named by its SHA-256: 64 lower-case hexadecimal digits",
        )


def _spool(stream: IO[bytes], file: BinaryIO, kind: EvidenceKind, settings: Settings) -> str:
    """Copy the body to disk block by block; gives its SHA-256, raises TOO_LARGE at the first byte too many."""
    digest, length, limit = hashlib.sha256(), 0, kind.most_bytes(settings)
    while block := stream.read(_BLOCK_BYTES):
        length += len(block)
        if length > limit:
            raise kind.too_many_bytes(length, limit)
        digest.update(block)
        file.write(block)
    return digest.hexdigest()


def _differs(expected: str, actual: str) -> Problem:
    return Problem(
        problems.HASH_MISMATCH,
        zh="收到的内容与所声明的 SHA-256 不符，未保存；请重新上传",
        en="The bytes received are not those of the SHA-256 in the address; nothing was kept, please send again",
        members={"expected": expected, "actual": actual},
    )
