"""Walks the parts of an image file before a decoder sees them: how many there are, and what decoding will cost.

Decoders keep something for every part they meet. Thirty megabytes of empty JPEG segments become a gigabyte in memory,
so parts are counted first, reading their heads only. Memory is estimated from the header's numbers.
"""

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from PIL.JpegImagePlugin import MARKER

from audit_api.evidence.remarks import PhotoRefused

_PARTS: Final = 2_000
"""Cameras write tens; a depth map or a colour profile cut into segments of 64 KB, hundreds."""
_PNG_PARTS: Final = 40_000
"""A PNG may cut its picture into many pieces, 8 KB each by custom."""
_JUNK: Final = 65_536
_SOF: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SOS: Final = 0xDA
_HEIC_BOXES: Final = frozenset({b"ftyp", b"meta", b"mdat", b"moov"})
# Bytes a pixel while decoding, measured (docs/photos.md).
_PNG_BYTES: Final = 4
_WEBP_BYTES: Final = 16
_HEIC_BYTES: Final = 8
_HEIC_BYTES_MORE: Final = 14


@dataclass(frozen=True, slots=True)
class JpegOutline:
    """Hold what a JPEG's header says: its frame, and whether all coefficients are kept until the last scan."""

    width: int = 0
    height: int = 0
    sampling: tuple[tuple[int, int], ...] = ()
    whole: bool = False

    def decode_bytes(self) -> int:
        """Estimate the memory of decoding at an eighth: the small picture, and kept coefficients (two bytes each)."""
        small = 4 * (self.width // 8 + 1) * (self.height // 8 + 1)
        if not self.whole or not self.sampling:
            return small
        across, down = (max(factors) for factors in zip(*self.sampling, strict=True))
        share = sum(h * v for h, v in self.sampling) / max(1, across * down)
        return small + int(2 * share * self.width * self.height)


def jpeg_outline(file: BinaryIO) -> JpegOutline:
    """Walk a JPEG up to its first scan; raises PhotoRefused for too many segments or too much between them.

    It loses and finds its way exactly as Pillow's reader does, which it protects.
    """
    file.seek(2)
    found, junk, parts = JpegOutline(), 0, 0
    last = file.read(1)
    while last:
        if last != b"\xff":
            junk += 1
            last = file.read(1)
        else:
            code = file.read(1)
            if code in (b"", b"\0", b"\xff"):
                junk += 1
                last = b"\xff" if code == b"\xff" else file.read(1)
                continue
            parts += 1
            marker = code[0]
            if MARKER.get(0xFF00 | marker, ("", "", None))[2] is not None:
                size = int.from_bytes(file.read(2), "big") - 2
                if marker == _SOS:
                    scanned = file.read(1)
                    first = scanned[0] if scanned else 0
                    return JpegOutline(
                        found.width, found.height, found.sampling, found.whole or first < len(found.sampling)
                    )
                if marker in _SOF:
                    found = _frame(file.read(max(0, size)), marker)
                else:
                    file.seek(max(0, size), io.SEEK_CUR)
            last = file.read(1)
        if parts > _PARTS:
            raise PhotoRefused("too_many_parts")
        if junk > _JUNK:
            raise PhotoRefused("undecodable")
    return found


def _frame(body: bytes, marker: int) -> JpegOutline:
    """Read a frame header (ITU-T T.81, B.2.2)."""
    if len(body) < 6:
        return JpegOutline()
    height, width = struct.unpack_from(">HH", body, 1)
    factors = tuple((octet >> 4, octet & 15) for octet in body[7 : 6 + 3 * body[5] : 3])
    return JpegOutline(width, height, factors, marker in _PROGRESSIVE)


def check_png(file: BinaryIO) -> None:
    """Walk a PNG; raises PhotoRefused where it announces more than one frame, has too many chunks, or no pixels yet."""
    file.seek(8)
    others, parts = 0, 0
    while parts < _PNG_PARTS:
        head = file.read(8)
        if len(head) < 8 and parts == others:
            raise PhotoRefused("truncated")
        if len(head) < 8 or head[4:] == b"IEND":
            return
        parts += 1
        if head[4:] == b"acTL":
            raise PhotoRefused("animated")
        others += head[4:] != b"IDAT"
        if others > _PARTS:
            break
        file.seek(struct.unpack(">I", head[:4])[0] + 4, io.SEEK_CUR)
    raise PhotoRefused("too_many_parts")


def check_webp(file: BinaryIO) -> None:
    """Walk a WebP; raises PhotoRefused where it has more than one frame or too many chunks."""
    file.seek(12)
    frames = 0
    for _ in range(_PARTS):
        head = file.read(8)
        if len(head) < 8:
            return
        frames += head[:4] == b"ANMF"
        if frames > 1:
            raise PhotoRefused("animated")
        size = int.from_bytes(head[4:], "little")
        file.seek(size + size % 2, io.SEEK_CUR)
    raise PhotoRefused("too_many_parts")


def check_heic(file: BinaryIO, byte_count: int) -> None:
    """Walk a HEIC's outermost boxes (ISO/IEC 14496-12, 4.2); raises PhotoRefused where they make no sense."""
    at = 0
    for _ in range(_PARTS):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        size = int.from_bytes(head[:4], "big")
        if size == 0:  # reaches to the end of the file
            return
        if head[4:8] not in _HEIC_BOXES and size < 8:
            return
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
            if size < 16:
                raise PhotoRefused("undecodable")
        if size < 8:
            raise PhotoRefused("undecodable")
        at += size
        if at > byte_count:
            if head[4:8] in _HEIC_BOXES:
                raise PhotoRefused("truncated")
            return  # no box of the picture: something else travels behind it
    raise PhotoRefused("too_many_parts")


def bytes_a_pixel(format_name: str, info: Mapping[Any, Any]) -> int:
    """Tell what a pixel of a PNG, WebP or HEIC costs while it is decoded."""
    if format_name == "PNG":
        return _PNG_BYTES
    if format_name == "WEBP":
        return _WEBP_BYTES
    plain = info.get("bit_depth") == 8 and info.get("chroma") in (420, None)
    return _HEIC_BYTES if plain else _HEIC_BYTES_MORE
