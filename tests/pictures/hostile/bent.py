"""Files cut off at many places, and headers with bits turned."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.pictures.hostile.specimen import (
    SMALL_ROWS,
    Specimen,
    chunk,
    frame_at,
    patched,
    photo,
    png,
    refused,
    riff,
    segment,
    taken,
    webp_chunks,
    with_segments,
)  # fmt: skip

SHARES = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.97)
WHOLE = "every pixel is there; only the mark of the end is missing"
SEEN = "decoders agree on what it shows"


def specimens() -> Iterator[Specimen]:
    yield from _cut()
    yield from _jpeg()
    yield from _png()
    yield from _webp()


def _cut() -> Iterator[Specimen]:
    for format_name in ("JPEG", "PNG", "WEBP", "HEIC"):
        data = photo(format_name, 400, 300)
        for share in SHARES:
            kept = int(len(data) * share)
            yield refused(f"{format_name}, the first {kept} of {len(data)} bytes", data[:kept], "truncated")
    yield refused("progressive JPEG, two thirds of it", photo("JPEG", 400, 300, progressive=True)[:-5000], "truncated")
    yield refused("JPEG that lost its middle and its end", photo("JPEG", 400, 300)[:2000], "truncated")
    yield refused("JPEG without its last two bytes", photo("JPEG", 400, 300)[:-2], "truncated")
    yield taken("PNG without its last chunk", photo("PNG")[:-12], "end_missing", why=WHOLE)
    for kept, reason in ((4, "undecodable"), (20, "undecodable"), (100, "truncated"), (300, "truncated")):
        yield refused(f"the first {kept} bytes of a JPEG", photo("JPEG")[:kept], reason)
    for kept in (8, 20, 33):
        yield refused(f"the first {kept} bytes of a PNG", photo("PNG")[:kept], "truncated")
    for kept in (12, 16, 30):
        yield refused(f"the first {kept} bytes of a WebP", photo("WEBP")[:kept], "truncated")


def _jpeg() -> Iterator[Specimen]:
    data = photo("JPEG", 200, 150)
    at, scan = frame_at(data), data.find(b"\xff\xda")
    table, codes = data.find(b"\xff\xdb"), data.find(b"\xff\xc4")
    for name, bent in {
        "12 bits a sample": patched(data, at + 4, b"\x0c"),
        "0 bits a sample": patched(data, at + 4, b"\0"),
        "no colours": patched(data, at + 9, b"\0"),
        "200 colours": patched(data, at + 9, b"\xc8"),
        "two colours": patched(data, at + 9, b"\x02"),
        "sampling of 0": patched(data, at + 11, b"\0"),
        "sampling of 15": patched(data, at + 11, b"\xff"),
        "a table that is not there": patched(data, at + 12, b"\x09"),
        "its frame twice": data[:at] + data[at : at + 19] + data[at:],
        "no frame": data[:at] + data[at + 19 :],
        "lossless": patched(data, at + 1, b"\xc3"),
        "hierarchical": patched(data, at + 1, b"\xc5"),
        "a scan of colours unknown": patched(data, scan + 5, b"\x63"),
        "a scan of no colour": patched(data, scan + 4, b"\0"),
        "a scan of ten colours": patched(data, scan + 4, b"\x0a"),
        "codes of another class": patched(data, codes + 4, b"\x5f"),
        "more codes than there can be": patched(data, codes + 5, b"\xff" * 16),
        "a table of another precision": patched(data, table + 4, b"\x7f"),
    }.items():
        yield refused(f"JPEG with {name}", bent, "undecodable")
    yield refused("JPEG whose scan follows at once", b"\xff\xd8" + data[scan:], "undecodable")
    yield taken(
        "JPEG without codes", data.replace(b"\xff\xc4", b"\xff\xec"), why="decoders know the standard's own codes"
    )
    yield refused("JPEG of a header only", data[:scan] + b"\xff\xd9", "truncated")
    yield refused("JPEG of beginning and end", b"\xff\xd8\xff\xd9", "undecodable")
    yield refused(
        "JPEG with a segment that reaches past the end", with_segments(data, b"\xff\xe5\xff\xff")[:9000], "truncated"
    )


def _png() -> Iterator[Specimen]:
    data = photo("PNG")

    def header(*numbers: int) -> bytes:
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *numbers)) + data[33:]

    for name, bent in {
        "3 bits a sample": header(120, 90, 3, 2, 0, 0, 0),
        "colour type 1": header(120, 90, 8, 1, 0, 0, 0),
        "colour type 255": header(120, 90, 8, 255, 0, 0, 0),
        "another filter method": header(120, 90, 8, 2, 0, 9, 0),
        "a header that does not match its sum": patched(data, 20, b"\x79"),
        "no header": data[:8] + data[33:],
        "a chunk with a name of NULs": data[:33] + chunk(b"\0\0\0\0") + data[33:],
        "pixels of noise": png(8, 8).replace(
            chunk(b"IDAT", b"x\x9c\x03\0\0\0\0\x01"), chunk(b"IDAT", b"noise, no stream")
        ),
    }.items():
        yield refused(f"PNG with {name}", bent, "undecodable")
    yield refused("PNG with a chunk of 4 GB", data[:33] + b"\xff\xff\xff\xffprVt" + data[33:], "truncated")
    yield refused("PNG with a header of no bytes", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR") + data[33:], "truncated")
    yield taken("PNG with rows missing", png(8, 80, rows=SMALL_ROWS), why="decoders show the missing rows black")
    yield refused("PNG without pixels", data[:33] + chunk(b"IEND"), "undecodable")


def _webp() -> Iterator[Specimen]:
    ((name, body),) = webp_chunks(photo("WEBP"))
    yield refused("WebP of an unknown kind", riff((b"VP9 ", body)), "undecodable")
    yield refused("WebP without its picture", riff((b"VP8X", b"\0" * 10)), "undecodable")
    yield refused("WebP of no chunk", riff(), "undecodable")
    yield refused("WebP with a spoilt start code", riff((name, patched(body, 3, b"\0\0\0"))), "undecodable")
    yield refused("WebP whose picture is noise", riff((name, body[:10] + b"\xa5" * (len(body) - 10))), "undecodable")
    yield refused("lossless WebP of noise", riff((b"VP8L", b"\x2f\x3f\0\x0a\0" + b"\x5a" * 60)), "undecodable")
    yield refused("WebP longer than its file", photo("WEBP")[:4] + b"\xff\xff\xff\x7f" + photo("WEBP")[8:], "truncated")
    yield refused(
        "WebP with a chunk longer than its file", riff((name, body))[:16] + b"\xff\xff\xff\x7f" + body, "undecodable"
    )
    yield taken(
        "WebP with other bytes behind its end", photo("WEBP") + segment(0xFE, b"x" * 50), "trailing_data", why=SEEN
    )
