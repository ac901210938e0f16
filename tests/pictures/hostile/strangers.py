"""Files that are no photo, whatever their name says."""

# ruff: noqa: E501 - one line a file reads as a table

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Iterator

from tests.pictures.hostile.specimen import Specimen, photo, refused

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'

TEXTS: dict[str, bytes] = {
    "text": b"just some text renamed to .jpg",
    "Chinese text": "照片照片照片".encode(),
    "text in UTF-16": "a photo".encode("utf-16"),
    "text behind a byte order mark": b"\xef\xbb\xbfphoto",
    "one byte": b"\xff",
    "a JPEG's first two bytes": b"\xff\xd8",
    "zeros": b"\0" * 5000,
    "ones": b"\xff" * 5000,
    "noise": random.Random(1).randbytes(5000),
    "HTML": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "HTML of one line": b"<img src=x onerror=alert(1)>",
    "SVG": f"{SVG}<rect width='9' height='9'/></svg>".encode(),
    "SVG with a script": f"{SVG}<script>alert(1)</script></svg>".encode(),
    "SVG behind an XML head": b"<?xml version='1.0'?>" + SVG.encode() + b"</svg>",
    "SVG with entities that multiply": f"<!DOCTYPE svg [<!ENTITY l0 'ha'>{LAUGHS}]>{SVG}&l9;</svg>".encode(),
    "XML with entities that multiply": f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l9;</x>'.encode(),
    "XML that reads a file": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
    "shell script": b"#!/bin/sh\nrm -rf /\n",
    "Python script": b"#!/usr/bin/env python3\nimport os\n",
    "PHP": b"<?php system($_GET['c']); ?>",
    "JavaScript": b"/*\xff\xd8\xff*/ alert(1)",
    "JSON": b'{"sha256": "0"}',
    "CSV": b"a,b\n=cmd|' /C calc'!A0,1\n",
    "ImageMagick script": b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://x/|ls)'\npop graphic-context",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file\n",
    "e-mail": b"MIME-Version: 1.0\r\nContent-Type: image/jpeg\r\n\r\n" + photo("JPEG"),
    "a form's part": b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n' + photo("JPEG") + b"\r\n--x--",
    "a photo in base64": b"/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcG",
    "a data address": b"data:image/jpeg;base64,/9j/4AAQSkZJRg==",
}
BINARIES: dict[str, bytes] = {
    "ELF": b"\x7fELF\x02\x01\x01" + b"\0" * 200,
    "Windows program": b"MZ\x90\0" + b"\0" * 200,
    "Java class": b"\xca\xfe\xba\xbe\0\0\0\x37" + b"\0" * 100,
    "WebAssembly": b"\0asm\x01\0\0\0" + b"\0" * 50,
    "Windows shortcut": b"L\0\0\0\x01\x14\x02\0" + b"\0" * 100,
    "SQLite": b"SQLite format 3\0" + b"\0" * 100,
    "PDF": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "RAR": b"Rar!\x1a\x07\x01\0" + b"\0" * 50,
    "7z": b"7z\xbc\xaf\x27\x1c\0\x04" + b"\0" * 50,
    "gzip that unpacks to 10 MB": gzip.compress(b"\0" * 10_000_000, mtime=0),
    "MP3": b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 30,
    "WAVE": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + b"\0" * 30,
    "AVI": b"RIFF\x24\0\0\0AVI LIST" + b"\0" * 30,
    "RIFF of nothing": b"RIFF\0\0\0\0",
    "MP4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 100,
    "QuickTime": b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 100,
    "AVIF": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"\0" * 100,
    "AVIF that calls itself HEIF": b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + b"\0" * 100,
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 100,
    "JPEG XL": b"\xff\x0a" + b"\0" * 100,
    "JPEG XL in boxes": b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0" * 100,
    "Photoshop": b"8BPS\0\x01" + b"\0" * 100,
    "Photoshop's large kind": b"8BPS\0\x02" + b"\0" * 100,
    "MNG": b"\x8aMNG\r\n\x1a\n" + b"\0" * 100,
    "PNG spoilt by a text transfer": photo("PNG").replace(b"\r\n", b"\n"),
    "PNG with its eighth bit cut off": bytes(octet & 127 for octet in photo("PNG")),
    "WMF": b"\xd7\xcd\xc6\x9a" + b"\0" * 100,
    "FITS": b"SIMPLE  =                    T" + b" " * 100,
}


def specimens() -> Iterator[Specimen]:
    yield refused("zero bytes", b"", "empty")
    for name, data in (TEXTS | BINARIES).items():
        yield refused(name, data, "unsupported_format")
    for format_name in ("GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "SGI", "DDS", "EPS"):
        yield refused(format_name, photo(format_name), "unsupported_format")
    packed, bundle = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a.jpg"), b"\0" * 10_000_000, zipfile.ZIP_DEFLATED)
    yield refused("ZIP that unpacks to 10 MB", packed.getvalue(), "unsupported_format")
    with tarfile.open(fileobj=bundle, mode="w") as tar:
        member = tarfile.TarInfo("../../etc/passwd.jpg")
        member.size = len(photo("JPEG"))
        tar.addfile(member, io.BytesIO(photo("JPEG")))
    yield refused("tar", bundle.getvalue(), "unsupported_format")
