"""Small files that ask for much: memory, or time."""

# ruff: noqa: E501 - one line a file reads as a table

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import pillow_heif
from PIL import Image

from tests.pictures.hostile.specimen import (
    SMALL_ROWS,
    Specimen,
    chunk,
    frame_at,
    photo,
    png,
    refused,
    riff,
    segment,
    sized,
    taken,
    webp_chunks,
    with_segments,
)  # fmt: skip

LARGE = "phones take photos of this size; it costs what the cap allows"


def specimens() -> Iterator[Specimen]:
    yield from _png_sizes()
    yield from _png_chunks()
    yield from _jpeg()
    yield from _webp()
    yield from _large()


def _png_sizes() -> Iterator[Specimen]:
    sizes = [
        (60_000, 60_000), (2**31 - 1, 2**31 - 1), (8001, 8000), (1, 64_000_001), (64_000_001, 1), (65_535, 65_535),
        (2**31 - 1, 1), (100_000, 1000),
    ]  # fmt: skip
    for width, height in sizes:
        yield refused(f"PNG of {width} × {height}", png(width, height, rows=b"\0" * 100), "too_many_pixels")
    yield refused("PNG of 16 bits, 60,000 × 60,000", png(60_000, 60_000, depth=16), "too_many_pixels")
    yield refused("PNG of one bit, 100,000 × 100,000", png(100_000, 100_000, depth=1, colour=0), "too_many_pixels")
    for width, height in ((0, 10), (10, 0), (0, 0)):
        yield refused(f"PNG of {width} × {height}", png(width, height, rows=b"\0" * 100), "undecodable")
    yield refused("PNG of 8,000 × 8,000 without pixels", png(8000, 8000), "truncated")
    yield taken(
        "PNG of 64 pixels with 20 MB of them", png(8, 8, rows=SMALL_ROWS + b"\0" * 20_000_000), "exif_absent",
        why="the picture is whole; what the stream holds beyond it is never unpacked",
    )  # fmt: skip


def _png_chunks() -> Iterator[Specimen]:
    packed = zlib.compress(b"\0" * 10_000_000)
    bombs = {
        "zTXt": chunk(b"zTXt", b"Comment\0\0" + packed),
        "iTXt": chunk(b"iTXt", b"Comment\0\x01\0\0\0" + packed),
        "XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + packed),
        "iCCP": chunk(b"iCCP", b"icc\0\0" + packed),
        "70 texts of 1 MB": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b" " * 1_000_000)) * 70,
    }
    for name, body in bombs.items():
        yield refused(
            f"PNG whose {name} unpacks to 10 MB or more", png(8, 8, body, rows=SMALL_ROWS), "decompression_bomb"
        )
    for name, body in {
        "private chunks": chunk(b"prVt"), "empty texts": chunk(b"tEXt", b"a\0"), "empty pixel chunks": chunk(b"IDAT"),
        "times": chunk(b"tIME", b"\x07\xea\x0b\x14\x0a\x02\x0b"),
    }.items():  # fmt: skip
        yield refused(f"PNG with 50,000 {name}", png(8, 8, body * 50_000, rows=SMALL_ROWS), "too_many_parts")
    behind = png(8, 8, rows=SMALL_ROWS)
    yield refused("PNG with 50,000 chunks behind its pixels", behind[:-12] + chunk(b"prVt") * 50_000 + behind[-12:],
                  "too_many_parts")  # fmt: skip


def _jpeg() -> Iterator[Specimen]:
    baseline, progressive = photo("JPEG"), photo("JPEG", progressive=True)
    for width, height in ((65_535, 65_535), (20_000, 10_001), (65_535, 3_052)):
        yield refused(f"JPEG of {width} × {height}", sized(baseline, width, height), "too_many_pixels")
    for width, height in ((10_000, 10_000), (65_535, 65_535), (8_001, 8_000)):
        yield refused(f"progressive JPEG of {width} × {height}", sized(progressive, width, height), "too_many_pixels")
    apart = one_component_a_scan(baseline)
    yield refused("JPEG of 14,000 × 14,000, a scan for each colour", sized(apart, 14_000, 14_000), "too_many_pixels")
    for width, height in ((0, 90), (120, 0), (0, 0)):
        yield refused(f"JPEG of {width} × {height}", sized(baseline, width, height), "undecodable")
    for name, marker in {"APP14": 0xEE, "COM": 0xFE, "APP1": 0xE1, "DQT": 0xDB, "RST": 0xD0}.items():
        one = segment(marker) if name != "RST" else b"\xff\xd0"
        yield refused(f"JPEG with 500,000 {name} segments", with_segments(baseline, one * 500_000), "too_many_parts")
    for name, filler in {"zeros": b"\0", "escaped ones": b"\xff\0", "ones": b"\xff"}.items():
        yield refused(f"JPEG with 2 MB of {name} in its header", with_segments(baseline, segment(0xFE), filler * 2_000_000),
                      "undecodable")  # fmt: skip
    for name, data in {"progressive": progressive, "one colour a scan": apart}.items():
        scan = data[data.rfind(b"\xff\xda") : -2]
        yield refused(f"JPEG with 10,000 scans, {name}", data[:-2] + scan * 10_000 + data[-2:], "decompression_bomb")


def one_component_a_scan(data: bytes) -> bytes:
    """Write a baseline JPEG's scan header anew so that each colour has a scan of its own (only the first has data)."""
    at = data.find(b"\xff\xda")
    scans = b"".join(segment(0xDA, bytes([1, number, 0x11 if number > 1 else 0, 0, 63, 0])) for number in (1, 2, 3))
    assert data[at + 4] == 3 and frame_at(data) > 0
    return data[:at] + scans + b"\xff\xd9"


def _webp() -> Iterator[Specimen]:
    for width, height in ((16_777_216, 16_777_216), (16_384, 16_384), (5_001, 5_000), (1, 16_777_216)):
        canvas = struct.pack("<I", 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        yield refused(f"WebP canvas of {width} × {height}", riff((b"VP8X", canvas), (b"VP8 ", b"\0" * 40)),
                      "too_many_pixels" if width * height > 25_000_000 else "undecodable")  # fmt: skip
    lossless = struct.pack("<BI", 0x2F, 16_382 | 16_382 << 14) + b"\0" * 20
    yield refused("lossless WebP of 16,383 × 16,383", riff((b"VP8L", lossless)), "too_many_pixels")
    lossy = b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 16_383, 16_383) + b"\0" * 20
    yield refused("lossy WebP of 16,383 × 16,383", riff((b"VP8 ", lossy)), "too_many_pixels")
    chunks = webp_chunks(photo("WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"))
    yield refused("WebP with 100,000 unknown chunks", riff(*chunks, *[(b"abcd", b"")] * 100_000), "too_many_parts")


def flat_png(width: int, height: int, colour: int) -> bytes:
    """Write a PNG of zeros without holding its pixels (colour type 2: RGB, 6: RGBA)."""
    packer, row = zlib.compressobj(1), bytes(100 * (1 + width * (3 if colour == 2 else 4)))
    rows = b"".join([*(packer.compress(row) for _ in range(height // 100)), packer.flush()])
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND")


def _large() -> Iterator[Specimen]:
    """Files at the limit that are taken in: what the memory cap must hold for."""
    yield taken("PNG of 64 MP", flat_png(8000, 8000, 2), "exif_absent", why=LARGE)
    whole = sized(photo("JPEG", progressive=True, subsampling=0), 8000, 8000)
    yield taken("progressive JPEG of 64 MP, nearly all of them missing", whole, "exif_absent",
                why="decoders show the missing part grey, and say nothing of it")  # fmt: skip


def dear() -> Iterator[Specimen]:
    """Give what takes long to make: the largest HEIC a phone writes, and JPEGs at their limits."""
    yield taken("PNG of 64 MP, transparent", flat_png(8000, 8000, 6), "exif_absent", why=LARGE)
    out = io.BytesIO()
    Image.new("RGB", (5000, 5000), "gray").save(out, "WEBP", method=0)
    yield taken("WebP of 25 MP", out.getvalue(), "exif_absent", why=LARGE)
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (8000, 6000), "gray")).save(out, quality=50)
    yield taken("HEIC of 48 MP", out.getvalue(), "exif_absent", why=LARGE)
    for name, mode, size, options in (
        ("JPEG of 200 MP", "L", (20_000, 10_000), {}),
        ("progressive JPEG of 64 MP", "RGB", (8000, 8000), {"progressive": True, "subsampling": 0}),
    ):
        out = io.BytesIO()
        Image.new(mode, size, 90).save(out, "JPEG", quality=50, **options)
        yield taken(name, out.getvalue(), "exif_absent", why=LARGE)
