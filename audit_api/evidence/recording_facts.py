"""What one look at a recording finds, and how its bytes are asked for: little at a time, whatever the file says."""

import math
from dataclasses import dataclass
from typing import BinaryIO, Final

from audit_api.evidence.attachment_words import AttachmentRefused

ELEMENTS: Final = 20_000
ELEMENTS_A_SECOND: Final = 200
"""Boxes, pages, frames or blocks looked at in one file; a second of sound has fifty to a hundred, or twice as many."""


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """Hold what the structure of a recording says; `duration_seconds` is counted, not only announced."""

    format: str
    media_type: str
    has_audio: bool
    has_video: bool
    duration_seconds: float
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Bound how long a recording may be, by what is in it."""

    audio_seconds: float
    video_seconds: float

    def check(self, seconds: float, *, has_video: bool) -> None:
        """Raise AttachmentRefused for a recording that lasts too long."""
        limit = self.video_seconds if has_video else self.audio_seconds
        if not seconds <= limit:  # so that NaN is refused as well
            shown = "?" if math.isnan(seconds) else f"{min(seconds, 999_999):.0f}"
            raise AttachmentRefused("too_long", seconds=shown, limit=f"{limit:g}")


class Counter:
    """Counts what was looked at, and refuses files that are built without measure."""

    def __init__(self, limits: Limits) -> None:
        self.left = ELEMENTS + int(ELEMENTS_A_SECOND * max(limits.audio_seconds, limits.video_seconds))

    def one(self) -> None:
        """Count one element; raises AttachmentRefused at the first too many."""
        self.left -= 1
        if self.left < 0:
            raise AttachmentRefused("too_complex")


def read_at(file: BinaryIO, position: int, length: int) -> bytes:
    """Read exactly so many bytes at a place; raises AttachmentRefused (truncated) where the file ends before."""
    file.seek(position)
    data = file.read(length)
    if len(data) < length:
        raise AttachmentRefused("truncated")
    return data
