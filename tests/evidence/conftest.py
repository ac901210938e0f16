"""Pictures drawn and EXIF blocks built for the tests; nothing is read from elsewhere."""

import io
import struct
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def no_warning_escapes() -> Iterator[None]:
    """Turn every warning into an error: none may reach the process that looks at a photo."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _draw(width: int = 96, height: int = 64) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x * 7 + y * 3) % 256], axis=-1).astype(np.uint8)
    pixels[: height // 3, : width // 4] = (230, 30, 30)
    return Image.fromarray(pixels)


def _encode(format_name: str = "JPEG", width: int = 96, height: int = 64, **options: object) -> bytes:
    out = io.BytesIO()
    _draw(width, height).save(out, format_name, **options)
    return out.getvalue()


def _directory(entries: list[tuple[int, int, int, bytes]], at: int, order: str) -> bytes:
    """Lay out one directory: (tag, type, count, value bytes); long values follow it."""
    head, tail = struct.pack(order + "H", len(entries)), b""
    free = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        head += struct.pack(order + "HHI", tag, kind, count)
        if len(value) <= 4:
            head += value.ljust(4, b"\0")
        else:
            head += struct.pack(order + "I", free + len(tail))
            tail += value
    return head + b"\0\0\0\0" + tail


def _tiff(
    main: list[tuple[int, int, int, bytes]] = (),
    details: list[tuple[int, int, int, bytes]] = (),
    gps: list[tuple[int, int, int, bytes]] = (),
    order: str = "<",
) -> bytes:
    """Build an EXIF block (without prefix) of up to three directories."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    extra = [(0x8769, details), (0x8825, gps)]
    pointers = [tag for tag, entries in extra if entries]
    length = len(_directory([*main, *((tag, 4, 1, b"") for tag in pointers)], 8, order))
    at, blocks, pointed = 8 + length, b"", []
    for tag, entries in extra:
        if entries:
            pointed.append((tag, 4, 1, struct.pack(order + "I", at + len(blocks))))
            blocks += _directory(list(entries), at + len(blocks), order)
    return mark + struct.pack(order + "I", 8) + _directory([*main, *pointed], 8, order) + blocks


class Exif:
    """Builds entries: texts, shorts, ratios."""

    tiff = staticmethod(_tiff)

    @staticmethod
    def text(tag: int, value: str | bytes) -> tuple[int, int, int, bytes]:
        raw = (value.encode() if isinstance(value, str) else value) + b"\0"
        return tag, 2, len(raw), raw

    @staticmethod
    def short(tag: int, value: int, order: str = "<") -> tuple[int, int, int, bytes]:
        return tag, 3, 1, struct.pack(order + "H", value)

    @staticmethod
    def ratios(tag: int, *pairs: tuple[int, int], order: str = "<") -> tuple[int, int, int, bytes]:
        return tag, 5, len(pairs), b"".join(struct.pack(order + "II", *pair) for pair in pairs)

    @classmethod
    def gps(cls, lat: tuple, lat_ref: str, lon: tuple, lon_ref: str, *more: tuple) -> list[tuple]:
        return [cls.text(1, lat_ref), cls.ratios(2, *lat), cls.text(3, lon_ref), cls.ratios(4, *lon), *more]


@pytest.fixture
def draw() -> Callable[..., Image.Image]:
    return _draw


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    return _encode


@pytest.fixture
def exif() -> type[Exif]:
    return Exif
