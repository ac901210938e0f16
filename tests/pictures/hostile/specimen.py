"""What a hostile file is, and small well-formed photos to start from."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
import pillow_heif
from PIL import Image

PROBLEMS = {"unsupported_format": (415, "unsupported-media-type"), "too_many_bytes": (413, "too-large")}


@dataclass(frozen=True)
class Specimen:
    """A file, and its answer: `reason` where it is refused, else the `remarks` it is taken in with."""

    name: str
    data: bytes
    reason: str = ""
    remarks: frozenset[str] = frozenset()
    why: str = ""
    """Why a file of this kind is taken in all the same."""

    @property
    def status(self) -> int:
        if not self.reason:
            return 201
        return PROBLEMS.get(self.reason, (422, ""))[0]

    @property
    def problem(self) -> str:
        return PROBLEMS.get(self.reason, (0, "photo-refused"))[1]

    def __repr__(self) -> str:
        return self.name


def refused(name: str, data: bytes, reason: str) -> Specimen:
    return Specimen(name, data, reason=reason)


def taken(name: str, data: bytes, *remarks: str, why: str) -> Specimen:
    return Specimen(name, data, remarks=frozenset(remarks), why=why)


def picture(width: int = 120, height: int = 90) -> Image.Image:
    """Draw something with detail everywhere, so that every part of its file matters."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x * 7 + y * 3) % 256], axis=-1).astype(np.uint8)
    return Image.fromarray(pixels)


@cache
def photo(format_name: str, width: int = 120, height: int = 90, **options: object) -> bytes:
    """Encode that picture; `HEIC`, or any format of Pillow's."""
    out = io.BytesIO()
    if format_name == "HEIC":
        pillow_heif.from_pillow(picture(width, height)).save(out, quality=80, **options)
    else:
        picture(width, height).save(out, format_name, **options)
    return out.getvalue()


def chunk(name: bytes, body: bytes = b"") -> bytes:
    """Make a PNG chunk."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *more: bytes, rows: bytes = b"", depth: int = 8, colour: int = 2) -> bytes:
    """Make a PNG from its numbers; `more` stands between header and pixels, which are `rows` as they are packed."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"".join(more) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body


SMALL_ROWS = (b"\0" + b"\x80\x40\x20" * 8) * 8
"""The pixels of an 8 × 8 PNG."""


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """Make a WebP of chunks."""
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def webp_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Take a WebP apart."""
    at, found = 12, []
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def segment(marker: int, body: bytes = b"") -> bytes:
    """Make a JPEG segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segments(data: bytes, *segments: bytes) -> bytes:
    """Put segments right behind the beginning of a JPEG."""
    return data[:2] + b"".join(segments) + data[2:]


def frame_at(data: bytes) -> int:
    """Find the frame header of a JPEG."""
    return max(data.find(b"\xff\xc0\0\x11\x08"), data.find(b"\xff\xc2\0\x11\x08"))


def sized(data: bytes, width: int, height: int) -> bytes:
    """Write other dimensions into a JPEG's frame header."""
    at = frame_at(data)
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]
