"""HEIC files whose boxes lie (ISO/IEC 14496-12 and 23008-12)."""

# ruff: noqa: E501 - one line a file reads as a table

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.pictures.hostile.specimen import Specimen, photo, refused, taken

HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
WHY = "decoders agree on what it shows"


def box(name: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    return struct.pack(">I", len(body) + 8 if size is None else size) + name + body


def announced(data: bytes, width: int, height: int) -> bytes:
    """Write another size into the picture's `ispe`."""
    at = data.find(b"ispe")
    return data[: at + 8] + struct.pack(">II", width, height) + data[at + 16 :]


def renamed(data: bytes, name: bytes, new: bytes) -> bytes:
    assert data.count(name) >= 1
    return data.replace(name, new)


def specimens() -> Iterator[Specimen]:
    data = photo("HEIC", 400, 300)
    for width, height in ((2**31 - 1, 2**31 - 1), (65_535, 65_535), (8_000, 8_001)):
        yield refused(f"HEIC that announces {width} × {height}", announced(data, width, height), "too_many_pixels")
    for width, height in ((0, 300), (400, 0), (0, 0), (2**32 - 1, 1), (1, 2**32 - 1), (16, 16), (4_000, 3_000)):
        yield refused(f"HEIC that announces {width} × {height}", announced(data, width, height), "undecodable")
    yield refused("HEIC of its first box", HEAD, "undecodable")
    for size, reason in ((0, "undecodable"), (4, "undecodable"), (7, "undecodable"), (2**31, "truncated")):
        yield refused(f"HEIC with a meta box of size {size}", HEAD + box(b"meta", b"\0" * 40, size), reason)
    for size, reason in ((2**63, "truncated"), (2**64 - 1, "truncated"), (8, "undecodable"), (0, "undecodable")):
        body = struct.pack(">Q", size) + b"\0" * 40
        yield refused(f"HEIC with a box of 64 bits of size {size}", HEAD + box(b"meta", body, 1), reason)
    nested = b""
    for _ in range(5_000):
        nested = box(b"dinf", nested)
    yield refused("HEIC with 5,000 boxes in one another", HEAD + box(b"meta", b"\0" * 4 + nested), "undecodable")
    yield refused("HEIC with 5,000 boxes in a row", HEAD + box(b"free") * 5_000 + data[24:], "too_many_parts")
    yield refused("HEIC with 30,000 items announced", HEAD + box(b"meta", b"\0" * 4 + items(30_000)), "undecodable")
    yield refused(
        "HEIC with 4,294,967,295 items announced", HEAD + box(b"meta", b"\0" * 4 + count_only()), "undecodable"
    )
    for name, new in {
        "no list of items": (b"iinf", b"xinf"), "no places of items": (b"iloc", b"xloc"),
        "no properties": (b"iprp", b"xprp"), "no decoder's numbers": (b"hvcC", b"xvcC"), "no main picture": (b"pitm", b"xitm"),
        "items of an unknown kind": (b"hvc1", b"xvc1"), "no handler": (b"hdlr", b"xdlr"),
    }.items():  # fmt: skip
        yield refused(f"HEIC with {name}", renamed(data, *new), "undecodable")
    start = data.rfind(b"mdat") + 4
    yield refused("HEIC whose picture is zeros", data[:start] + b"\0" * (len(data) - start), "undecodable")
    yield refused("HEIC whose picture is noise", data[:start] + b"\xa5" * (len(data) - start), "truncated")
    yield refused("HEIC that calls itself a sequence", data.replace(b"ftypheic", b"ftyphevc", 1)[:60], "truncated")
    yield taken("HEIC with a free box behind it", data + box(b"free", b"x" * 100), "exif_absent", why=WHY)
    yield taken("HEIC with zeros behind it", data + b"\0" * 4, "exif_absent", why=WHY)


def items(count: int) -> bytes:
    one = box(b"infe", b"\x02\0\0\0\0\x01\0\0hvc1\0")
    return box(b"iinf", b"\0\0\0\0" + struct.pack(">H", count) + one * count)


def count_only() -> bytes:
    return box(b"iinf", b"\x01\0\0\0" + struct.pack(">I", 2**32 - 1))
