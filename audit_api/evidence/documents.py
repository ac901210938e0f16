"""Has a PDF looked at by pypdf, in a process of its own: whatever a hostile file makes of it, this one goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import BinaryIO, Final

from audit_api.evidence.attachment_words import REASONS, AttachmentRefused
from audit_api.settings import bare_environment

READING_SECONDS: Final = 60  # by the clock, on a busy machine; the process itself has ten of the processor
_ENDING: Final = 1024
_AT_ONCE: Final = threading.BoundedSemaphore(2)


def read_pdf(file: BinaryIO, size: int, most_pages: int) -> int:
    """Give the number of pages; raises AttachmentRefused with the reason, and nothing else."""
    _check_end(file, size)
    found = _look(file)
    if reason := found.get("refused"):
        raise AttachmentRefused(reason if reason in REASONS else "undecodable")
    pages = found.get("pages")
    if not isinstance(pages, int) or pages < 1:
        raise AttachmentRefused("nothing_inside")
    if pages > most_pages:
        raise AttachmentRefused("too_many_pages", pages=pages, limit=most_pages)
    return pages


def _check_end(file: BinaryIO, size: int) -> None:
    """Refuse a PDF without its end, or with anything behind it (ISO 32000-2, 7.5.5)."""
    file.seek(max(0, size - _ENDING))
    before, mark, after = file.read(_ENDING).rpartition(b"%%EOF")
    if not mark:
        file.seek(0)
        # Nowhere an end: cut off. One further up: something was put behind it.
        raise AttachmentRefused("trailing_data" if _holds(file, b"%%EOF") else "truncated")
    if after.strip(b"\x00\t\n\f\r ") or b"startxref" not in before:
        raise AttachmentRefused("trailing_data" if after.strip(b"\x00\t\n\f\r ") else "undecodable")


def _holds(file: BinaryIO, words: bytes) -> bool:
    last = b""
    while block := file.read(1 << 18):
        if words in last + block:
            return True
        last = block[-len(words) :]
    return False


def _look(file: BinaryIO) -> dict[str, object]:
    """Run the reading process on the open file; what it cannot say in time and memory is a refusal."""
    file.flush()
    command = [sys.executable, "-P", "-m", "audit_api.evidence.documents_reading"]
    try:
        with _AT_ONCE:
            done = subprocess.run(  # noqa: S603 - our own module, and no argument comes from outside
                command, stdin=file, capture_output=True, timeout=READING_SECONDS, env=bare_environment(), check=False
            )
    except subprocess.TimeoutExpired:
        return {"refused": "too_complex"}
    if done.returncode:
        return {"refused": "too_complex"}  # it went beyond its memory or its time
    found = json.loads(done.stdout)
    return found if isinstance(found, dict) else {"refused": "undecodable"}
