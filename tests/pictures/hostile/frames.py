"""Files of several pictures: moving ones are refused, a phone's second still is not."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import pillow_heif

from tests.pictures.hostile.specimen import (
    Specimen,
    chunk,
    photo,
    picture,
    png,
    refused,
    riff,
    taken,
    webp_chunks,
)  # fmt: skip

STILLS = "phones write such files (bursts, depth, panoramas); the main picture is looked at"


def saved(format_name: str, count: int) -> bytes:
    out = io.BytesIO()
    others = [picture(48, 36).rotate(7 * number) for number in range(1, count)]
    picture(48, 36).save(out, format_name, save_all=True, append_images=others, duration=40)
    return out.getvalue()


def specimens() -> Iterator[Specimen]:
    for count in (2, 8):
        for format_name in ("PNG", "WEBP"):
            yield refused(f"{format_name} of {count} frames", saved(format_name, count), "animated")
    yield refused("GIF of 8 frames", saved("GIF", 8), "unsupported_format")
    still = photo("PNG")
    announced = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    yield refused("PNG that announces 2,147,483,647 frames", still[:33] + announced + still[33:], "animated")
    yield refused("PNG that announces frames behind its pixels", still[:-12] + announced + still[-12:], "animated")
    many = b"".join(chunk(b"fcTL", struct.pack(">IIIIIHHBB", n, 120, 90, 0, 0, 1, 100, 0, 0)) for n in range(30_000))
    yield refused("PNG of 30,000 frames", png(8, 8, announced, many), "animated")
    ((name, body),) = webp_chunks(photo("WEBP", 48, 36))
    inner = name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    frame = bytes(6) + (47).to_bytes(3, "little") + (35).to_bytes(3, "little") + bytes(4) + inner
    canvas = b"\x02\0\0\0" + (47).to_bytes(3, "little") + (35).to_bytes(3, "little")
    head = [(b"VP8X", canvas), (b"ANIM", bytes(6))]
    yield refused("WebP of 5,000 frames", riff(*head, *[(b"ANMF", frame)] * 5_000), "animated")
    yield taken("WebP of one frame", riff(*head, (b"ANMF", frame)), "exif_absent", why="nothing moves in it")
    for count in (2, 8):
        yield taken(f"MPO of {count} pictures", saved("MPO", count), "several_images", why=STILLS)
    for count in (2, 5):
        file = pillow_heif.from_pillow(picture(64, 48))
        for number in range(1, count):
            file.add_from_pillow(picture(64, 48).rotate(9 * number))
        out = io.BytesIO()
        file.save(out, quality=60)
        yield taken(f"HEIC of {count} pictures", out.getvalue(), "several_images", why=STILLS)
