"""Files that are a photo and something else: originals are served as attachments only, so they are remarked on."""

# ruff: noqa: E501 - one line a file reads as a table

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from PIL import Image

from tests.evidence.conftest import Exif
from tests.pictures.hostile.specimen import (
    SMALL_ROWS,
    Specimen,
    chunk,
    photo,
    png,
    refused,
    segment,
    taken,
    with_segments,
)  # fmt: skip

WHY = "the picture is whole; the passenger travels in an attachment that no browser shows"
MARKUP = {
    "a script": b"<script>alert(document.domain)</script>",
    "a page": b"<!DOCTYPE html><HTML><body onload=alert(1)>",
    "PHP": b"<?php system($_GET['c']); ?>",
    "PDF": b"%PDF-1.4\n1 0 obj<</OpenAction 2 0 R>>endobj",
    "SVG": b"<svg onload=alert(1)>",
}


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(zipfile.ZipInfo("run.sh"), "echo")
        packed.writestr(zipfile.ZipInfo("../../../etc/cron.d/run"), "echo")
    return out.getvalue()


def specimens() -> Iterator[Specimen]:
    jpeg = photo("JPEG")
    for format_name in ("JPEG", "PNG", "WEBP", "HEIC"):
        data = photo(format_name)
        extra = () if format_name == "HEIC" else ("trailing_data",)
        yield taken(f"{format_name} with a ZIP behind it", data + archive(), "archive_inside", *extra, why=WHY)
        for name, words in MARKUP.items():
            yield taken(f"{format_name} with {name} behind it", data + words, "markup_inside", *extra, why=WHY)
    for name, words in MARKUP.items():
        yield taken(f"JPEG with {name} as comment", photo("JPEG", comment=words), "markup_inside", why=WHY)
        block = b"Exif\0\0" + Exif.tiff(main=[Exif.text(0x10F, words), Exif.text(0x131, words)])
        yield taken(f"JPEG with {name} as maker", photo("JPEG", exif=block), "markup_inside", why=WHY)
        text = chunk(b"tEXt", b"Comment\0" + words)
        yield taken(f"PNG with {name} as text", png(8, 8, text, rows=SMALL_ROWS), "markup_inside", why=WHY)
    packet = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><script>alert(1)</script></x:xmpmeta>"
    yield taken("JPEG with a script in its XMP", with_segments(jpeg, segment(0xE1, packet)), "markup_inside", why=WHY)
    yield taken("JPEG that is JavaScript too", with_segments(jpeg, segment(0xFE, b"*/=1;alert(1);/*")), why=WHY)
    for name, tail in {
        "a film": b"\0\0\0\x18ftypmp42" + b"\0" * 500, "another JPEG": photo("JPEG", 40, 30), "a RAR": b"Rar!\x1a\x07\0",
        "zeros": b"\0" * 9000, "noise": bytes(range(256)) * 20, "an ELF": b"\x7fELF" + b"\0" * 60,
    }.items():  # fmt: skip
        yield taken(f"JPEG with {name} behind it", jpeg + tail, "trailing_data", why=WHY)
    preview = photo("JPEG", 40, 30)
    yield taken("JPEG with a JPEG in its comment", with_segments(jpeg, segment(0xFE, preview)), why=WHY)
    profile = b"ICC_PROFILE\0\x01\x01" + b"<script>alert(1)</script>" + b"\0" * 200
    yield taken(
        "JPEG with a script as colour profile", with_segments(jpeg, segment(0xE2, profile)), "markup_inside", why=WHY
    )
    moving = io.BytesIO()
    Image.new("L", (3, 3)).save(moving, "GIF")
    for name, head in {
        "a GIF that is JavaScript": b"GIF89a/*" + moving.getvalue()[8:] + b"*/=1;alert(1)//", "a PDF": b"%PDF-1.7\n",
        "a ZIP": archive(), "a page": b"<html><!--", "a script": b"#!/bin/sh\nexit\n", "a blank": b" ", "a line": b"\r\n",
        "a ZIP's first bytes": b"PK\x03\x04", "a byte order mark": b"\xef\xbb\xbf",
    }.items():  # fmt: skip
        yield refused(f"{name} before a JPEG", head + jpeg, "unsupported_format")
