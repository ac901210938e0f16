"""Looks at an attachment's bytes without trusting them or decoding anything: a recording, a video, or a PDF.

Its content decides, never a name or a content type. The readers of recordings are our own: they ask only how long one
is and whether it holds sound, read a few bytes at a time, and count what is there. Those that can be installed believe
the lengths that a header announces and know no WebM (mutagen, tinytag), or reserve memory as it says (PyAV).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from audit_api.evidence.attachment_words import AttachmentRefused
from audit_api.evidence.containers import ends_with_archive
from audit_api.evidence.documents import read_pdf
from audit_api.evidence.recording_boxes import is_box_recording, read_boxes
from audit_api.evidence.recording_elements import read_elements
from audit_api.evidence.recording_facts import Limits, RecordingFacts
from audit_api.evidence.recording_streams import read_adts, read_mp3, read_ogg, read_wav

AUDIO, VIDEO, DOCUMENT = KINDS = ("audio", "video", "document")
_HEAD: Final = 64
_TAIL: Final = 1 << 16
_Reader = Callable[[BinaryIO, int, Limits], RecordingFacts]


@dataclass(frozen=True, slots=True)
class AttachmentCaps:
    """Bound what one attachment may be."""

    max_bytes: int = 60_000_000
    audio_seconds: float = 300
    video_seconds: float = 60
    pages: int = 100


@dataclass(frozen=True, slots=True)
class AttachmentFacts:
    """Hold what one look at an attachment found; `duration_seconds` of recordings, `pages` of documents."""

    kind: str
    format: str
    media_type: str
    byte_count: int
    has_audio: bool
    duration_seconds: float | None
    pages: int | None
    remarks: tuple[str, ...]


def inspect_attachment(file: BinaryIO, caps: AttachmentCaps = AttachmentCaps()) -> AttachmentFacts:
    """Inspect an attachment given as a seekable binary file with a descriptor, which stays open.

    Raises AttachmentRefused and nothing else, whatever the bytes.
    """
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise AttachmentRefused("empty")
    if size > caps.max_bytes:
        raise AttachmentRefused("too_many_bytes", bytes=size, limit=caps.max_bytes)
    file.seek(0)
    head = file.read(_HEAD)
    reader = None if head.startswith(b"%PDF-") else _reader_of(head)
    file.seek(max(0, size - _TAIL))
    if ends_with_archive(file.read(_TAIL)):
        raise AttachmentRefused("archive_inside")
    if reader is None:
        pages = read_pdf(file, size, caps.pages)
        return AttachmentFacts(DOCUMENT, "PDF", "application/pdf", size, False, None, pages, ())
    found = reader(file, size, Limits(caps.audio_seconds, caps.video_seconds))
    return AttachmentFacts(
        kind=VIDEO if found.has_video else AUDIO,
        format=found.format,
        media_type=found.media_type,
        byte_count=size,
        has_audio=found.has_audio,
        duration_seconds=round(found.duration_seconds, 3),
        pages=None,
        remarks=found.remarks,
    )


def begins_well(head: bytes) -> bool:
    """Tell from a file's first bytes, a dozen or more, whether it can be an attachment."""
    if head.startswith(b"%PDF-") or (head[4:8] == b"ftyp" and len(head) < _HEAD):
        return True
    try:
        _reader_of(head)
    except AttachmentRefused:
        return False
    return True


def _reader_of(head: bytes) -> _Reader:
    """Choose the reader by the first bytes."""
    if is_box_recording(head):
        return read_boxes
    if head.startswith(b"\x1aE\xdf\xa3"):
        return read_elements
    if head.startswith(b"OggS"):
        return read_ogg
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return read_wav
    if len(head) >= 4 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return read_adts
    if head.startswith(b"ID3") or (len(head) >= 4 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return read_mp3
    raise AttachmentRefused("unsupported_format")
