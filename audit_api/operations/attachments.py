"""Verbs on attachments: receive; evidence_reading.py opens them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import IO, BinaryIO

from audit_api import problems
from audit_api.domain.attachments import NOTHING_TO_RECORD
from audit_api.domain.directory import Actor, Role
from audit_api.evidence.attachment_words import AttachmentRefused, attachment_remark
from audit_api.evidence.attachments import AttachmentCaps, begins_well, inspect_attachment
from audit_api.evidence.store import BlobStore
from audit_api.models import photos
from audit_api.models.attachments import Attachment, AttachmentUpload
from audit_api.models.base import Row
from audit_api.models.directory import Dealer
from audit_api.models.programmes import Assignment, Programme
from audit_api.operations.evidence_intake import EvidenceKind, receive_whole, refusal
from audit_api.problems import Problem
from audit_api.settings import Settings

_ENDINGS = {
    "MP3": "mp3", "AAC": "aac", "M4A": "m4a", "MP4": "mp4", "MOV": "mov", "Ogg": "ogg", "WebM": "webm", "WAV": "wav",
    "PDF": "pdf",
}  # fmt: skip


def receive_attachment(
    store: BlobStore,
    stream: IO[bytes],
    sha256: str,
    *,
    announced_bytes: int | None = None,
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> Row:
    """Receive a whole attachment named by its SHA-256; returns its facts once blob and record are durable.

    Raises what `receive_whole` does: ATTACHMENT_EXISTS, ATTACHMENT_REFUSED, UNSUPPORTED_MEDIA_TYPE or TOO_LARGE
    with the reason; RECORDING_NOT_ALLOWED for sound from somebody who has nowhere to record it.
    """
    return receive_whole(
        ATTACHMENTS, store, stream, sha256, announced_bytes=announced_bytes, settings=settings, actor=actor, at=at
    )


def facts_of(person: str, hashes: list[str]) -> dict[str, Row]:
    """Give the facts of those attachments that a person has sent, whole, by hash; with `sent_at`."""
    if not hashes:
        return {}
    ids = [photos.upload_id(person, sha256) for sha256 in hashes]
    sent = {row["sha256"]: row["received_at"] for row in AttachmentUpload._get_collection().find({"_id": {"$in": ids}})}
    rows = Attachment._get_collection().find({"_id": {"$in": list(sent)}})
    return {row["_id"]: row | {"sent_at": sent[row["_id"]]} for row in rows}


def shown(row: Row) -> Row:
    """Give the facts that people see of an attachment; remarks with their words in both languages."""
    said = [asdict(attachment_remark(code)) for code in row["remarks"]]
    names = ("kind", "format", "media_type", "byte_count", "has_audio", "duration_seconds", "pages")
    return {"sha256": row["_id"], **{name: row[name] for name in names}, "remarks": said}


def _look(file: BinaryIO, settings: Settings) -> Row:
    caps = AttachmentCaps(
        max_bytes=settings.max_attachment_bytes,
        audio_seconds=settings.max_audio_seconds,
        video_seconds=settings.max_video_seconds,
        pages=settings.max_document_pages,
    )
    try:
        row = asdict(inspect_attachment(file, caps))
    except AttachmentRefused as refused:
        raise refusal(refused, problems.ATTACHMENT_REFUSED) from refused
    row["remarks"] = list(row["remarks"])
    return row


def _admit(row: Row, actor: Actor) -> None:
    """Refuse sound where it could belong to nothing: what nobody may keep is not stored to begin with."""
    if row["has_audio"] and not _may_record_somewhere(actor):
        raise Problem(problems.RECORDING_NOT_ALLOWED, zh=NOTHING_TO_RECORD.zh, en=NOTHING_TO_RECORD.en)


def _may_record_somewhere(actor: Actor) -> bool:
    if actor.role is Role.DEALER:
        brands = Dealer._get_collection().distinct("brand", {"_id": {"$in": sorted(actor.dealers)}})
        wanted: Row = {"brand": {"$in": brands}}
    else:
        codes = Assignment._get_collection().distinct("programme", {"auditor": actor.id})
        wanted = {"_id": {"$in": codes}}
    return Programme._get_collection().find_one(wanted | {"recording_allowed": True}, {"_id": 1}) is not None


ATTACHMENTS = EvidenceKind(
    noun="attachment",
    named_as="attachments",
    endings=_ENDINGS,
    opened="opened",
    facts=Attachment,
    uploads=AttachmentUpload,
    exists=problems.ATTACHMENT_EXISTS,
    settled=(problems.ATTACHMENT_EXISTS, problems.UNSUPPORTED_MEDIA_TYPE, problems.ATTACHMENT_REFUSED),
    most_bytes=lambda settings: settings.max_attachment_bytes,
    refuse=lambda code, numbers: refusal(AttachmentRefused(code, **numbers), problems.ATTACHMENT_REFUSED),
    begins_well=begins_well,
    look=_look,
    admit=_admit,
    shown=shown,
)
