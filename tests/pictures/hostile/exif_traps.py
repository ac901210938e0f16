"""Photos whose pictures are sound and whose metadata is not: taken in, and said so; nothing false is kept."""

# ruff: noqa: E501 - one line a file reads as a table

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.evidence.conftest import Exif
from tests.pictures.hostile.specimen import (
    SMALL_ROWS,
    Specimen,
    chunk,
    photo,
    png,
    segment,
    sized,
    taken,
    with_segments,
)  # fmt: skip

WHY = "missing or damaged metadata is never evidence of anything; the picture is whole"
HERE = ((30, 1), (16, 1), (2676, 100))
THERE = ((120, 1), (9, 1), (1836, 100))
HEAD = b"II*\0\x08\0\0\0"


def entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


def directory(*entries: bytes, following: int = 0) -> bytes:
    return struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)


def place(lat=HERE, ns="N", lon=THERE, ew="E", *more) -> bytes:
    return Exif.tiff(gps=Exif.gps(lat, ns, lon, ew, *more))


def at_time(text: str | bytes) -> bytes:
    return Exif.tiff(details=[Exif.text(0x9003, text)])


BLOCKS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "no directory": (b"II*\0\xff\xff\xff\x7f", ("exif_broken",)),
    "of noise": (bytes(range(64)), ("exif_broken",)),
    "of another order": (b"XX*\0\x08\0\0\0", ("exif_broken",)),
    "with a directory that is itself": (HEAD + directory(entry(0x8769, 4, 1, 8)), ()),
    "with directories that point at each other": (
        HEAD + directory(entry(0x8769, 4, 1, 26)) + directory(entry(0x8769, 4, 1, 8), entry(0x8825, 4, 1, 26)), ()
    ),
    "whose next directory is the first": (HEAD + directory(entry(0x112, 3, 1, 1), following=8), ()),
    "with 65,535 entries announced": (HEAD + b"\xff\xff" + entry(0x112, 3, 1, 1), ("exif_broken",)),
    "with a count of four thousand million": (HEAD + directory(entry(0x10F, 2, 2**32 - 1, 8)), ("exif_broken",)),
    "with a value behind its end": (HEAD + directory(entry(0x132, 2, 20, 0x7FFFFFFF)), ("exif_broken",)),
    "with a value of an unknown type": (HEAD + directory(entry(0x10F, 99, 1, 0)), ("exif_broken",)),
    "with details behind its end": (HEAD + directory(entry(0x8769, 4, 1, 60_000)), ("exif_broken",)),
    "with a place behind its end": (HEAD + directory(entry(0x8825, 4, 1, 60_000)), ("exif_broken",)),
    "with details at 0": (HEAD + directory(entry(0x8769, 4, 1, 0)), ("exif_broken",)),
    "cut in an entry": (HEAD + directory(entry(0x10F, 2, 4, 0))[:9], ("exif_broken",)),
    "orientation 0": (Exif.tiff(main=[Exif.short(0x112, 0)]), ("orientation_unreadable",)),
    "orientation 9": (Exif.tiff(main=[Exif.short(0x112, 9)]), ("orientation_unreadable",)),
    "orientation 65,535": (Exif.tiff(main=[Exif.short(0x112, 65_535)]), ("orientation_unreadable",)),
    "orientation as text": (Exif.tiff(main=[Exif.text(0x112, "6")]), ("orientation_unreadable",)),
    "a long maker": (Exif.tiff(main=[Exif.text(0x10F, "A" * 20_000)]), ("exif_text_cut",)),
    "a maker of control characters": (Exif.tiff(main=[Exif.text(0x10F, b"\x1b[2J\x07\x08x")]), ("exif_text_cut",)),
    "a maker written from right to left": (Exif.tiff(main=[Exif.text(0x10F, "\u202egpj.exe")]), ("exif_text_cut",)),
    "a maker that is no UTF-8": (Exif.tiff(main=[Exif.text(0x10F, b"\xff\xfe\xfd\x80")]), ()),
    "a maker that is a formula": (Exif.tiff(main=[Exif.text(0x10F, "=cmd|' /C calc'!A0")]), ()),
    "a maker with braces": (Exif.tiff(main=[Exif.text(0x10F, "{{7*7}} %s ${jndi:ldap://x}")]), ()),
    "a maker with an operator": (Exif.tiff(main=[Exif.text(0x10F, "$where")]), ()),
    "no month 13": (at_time("2026:13:20 10:02:11"), ("time_unreadable",)),
    "no 30 February": (at_time("2026:02:30 10:02:11"), ("time_unreadable",)),
    "the year 0": (at_time("0000:00:00 00:00:00"), ("time_unreadable",)),
    "the year 9999": (at_time("9999:12:31 23:59:59"), ("time_unreadable",)),
    "hour 25": (at_time("2026:11:20 25:00:00"), ("time_unreadable",)),
    "a time of words": (at_time("yesterday at noon"), ("time_unreadable",)),
    "a time in other digits": (at_time("٢٠٢٦:١١:٢٠ ١٠:٠٢:١١"), ("time_unreadable",)),
    "a place of nothing by nothing": (place(lat=((0, 0), (0, 0), (0, 0))), ("position_unreadable",)),
    "seconds by nothing": (place(lat=((30, 1), (16, 1), (5, 0))), ("position_unreadable",)),
    "200° north": (place(lat=((200, 1), (0, 1), (0, 1))), ("position_unreadable",)),
    "400° east": (place(lon=((400, 1), (0, 1), (0, 1))), ("position_unreadable",)),
    "99 minutes": (place(lat=((30, 1), (99, 1), (0, 1))), ("position_unreadable",)),
    "north of nowhere": (place(ns="Q"), ("position_unreadable",)),
    "two numbers only": (place(lat=((30, 1), (16, 1))), ("position_unreadable",)),
    "the largest numbers": (place(lat=((2**32 - 1, 1), (2**32 - 1, 1), (2**32 - 1, 1))), ("position_unreadable",)),
    "0, 0": (place(lat=((0, 1),) * 3, lon=((0, 1),) * 3), ("position_unset",)),
    "another datum": (place(HERE, "N", THERE, "E", Exif.text(0x12, "GCJ-02")), ("position_datum_differs",)),
    "at 4,294,967 m": (place(HERE, "N", THERE, "E", Exif.ratios(6, (2**32 - 1, 1000))), ("altitude_unreadable",)),
    "at a height by nothing": (place(HERE, "N", THERE, "E", Exif.ratios(6, (5, 0))), ("altitude_unreadable",)),
}  # fmt: skip


def specimens() -> Iterator[Specimen]:
    for name, (block, remarks) in BLOCKS.items():
        yield taken(f"EXIF {name}", photo("JPEG", exif=b"Exif\0\0" + block), *remarks, why=WHY)
    block, remarks = BLOCKS["with a directory that is itself"]
    broken, said = BLOCKS["with a count of four thousand million"]
    for format_name in ("PNG", "WEBP"):
        yield taken(f"{format_name}, EXIF in a circle", photo(format_name, exif=b"Exif\0\0" + block), *remarks, why=WHY)
        yield taken(
            f"{format_name}, EXIF of large counts", photo(format_name, exif=b"Exif\0\0" + broken), *said, why=WHY
        )
    jpeg = photo("JPEG")
    large = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<x:xmpmeta>" + b" " * 65_000)
    yield taken("XMP of 6 MB in 100 segments", with_segments(jpeg, large * 100), "exif_absent", why=WHY)
    spoilt = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"\xff\xfe<x:xmpmeta>\xed\xa0\x80\0" + b"<" * 5_000)
    yield taken("XMP that is no UTF-8", with_segments(jpeg, spoilt), "exif_absent", why=WHY)
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><x:xmpmeta>&b;&b;</x:xmpmeta>'
    yield taken("XMP with entities that multiply",
                with_segments(jpeg, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + laughs)), "exif_absent", why=WHY)  # fmt: skip
    yield from _previews()
    text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"<" * 900_000)
    yield taken("PNG with XMP of 900 KB", png(8, 8, text, rows=SMALL_ROWS), "exif_absent", why=WHY)
    empty = segment(0xE1, b"Exif\0\0")
    yield taken("EXIF of nothing", with_segments(jpeg, empty), why=WHY)
    yield taken("EXIF twenty times", with_segments(jpeg, segment(0xE1, b"Exif\0\0" + broken) * 20), *said, why=WHY)
    yield taken("ICC profile whose parts are numbered wrongly",
                with_segments(jpeg, segment(0xE2, b"ICC_PROFILE\0\xff\x01" + b"x" * 500)), "exif_absent", why=WHY)  # fmt: skip
    yield taken("Photoshop block of noise",
                with_segments(jpeg, segment(0xED, b"Photoshop 3.0\x008BIM\xff\xff\xff\xff" + b"\xa5" * 500)), "exif_absent", why=WHY)  # fmt: skip
    yield taken(
        "MPF block of noise", with_segments(jpeg, segment(0xE2, b"MPF\0" + b"\xa5" * 100)), "exif_absent", why=WHY
    )


def _previews() -> Iterator[Specimen]:
    """Give previews in the second directory that are bombs or lies."""
    small = photo("JPEG", 40, 30)
    for name, preview in {
        "of 65,535 × 65,535": sized(small, 65_535, 65_535), "of 0 × 0": sized(small, 0, 0), "cut off": small[:300],
        "of 10,000 segments": with_segments(small, segment(0xFE) * 10_000), "of noise": b"\xff\xd8\xff" + b"\xa5" * 5_000,
        "that is a PNG": photo("PNG", 40, 30),
    }.items():  # fmt: skip
        main = directory(entry(0x112, 3, 1, 1), following=26)
        block = HEAD + main + directory(entry(0x201, 4, 1, 56), entry(0x202, 4, 1, len(preview))) + preview
        yield taken(
            f"EXIF with a preview {name}", with_segments(photo("JPEG"), segment(0xE1, b"Exif\0\0" + block)), why=WHY
        )
    block = HEAD + directory(entry(0x112, 3, 1, 1), following=26)
    block += directory(entry(0x201, 4, 1, 0x7FFFFFFF), entry(0x202, 4, 1, 2**32 - 1))
    yield taken("EXIF with a preview behind its end", photo("JPEG", exif=b"Exif\0\0" + block), why=WHY)
