"""Derivatives of a photo: pictures made from it to be shown, upright, without any metadata, the same ones each time."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import BinaryIO, Final

from PIL import Image, ImageStat

from audit_api.domain.regions import Place, in_order
from audit_api.evidence.photo import PhotoCaps, open_upright

DISPLAY_PIXELS: Final = 2048
THUMBNAIL_PIXELS: Final = 320
QUALITY: Final = 85
STEP: Final = 32
"""A cover's colour is rounded to this: eight levels of red, green and blue."""


def display_of(original: BinaryIO, caps: PhotoCaps) -> bytes:
    """Make the display derivative of an original: a JPEG of at most 2048 pixels. Raises PhotoRefused."""
    return _jpeg(open_upright(original, caps, DISPLAY_PIXELS))


def open_display(display: bytes) -> Image.Image:
    """Decode a display derivative."""
    with Image.open(io.BytesIO(display), formats=("JPEG",)) as opened:
        return opened.convert("RGB")


def cover(display: bytes, places: Iterable[Place]) -> tuple[bytes, bytes]:
    """Make a display derivative and its thumbnail with these places covered.

    A blur can be undone in part and a mosaic can be compared with guesses. So each place becomes a mosaic of a single
    field: its mean colour, rounded to one of 512, is all that is left of what was there. It is filled in before
    anything is encoded or made smaller, so nothing of it gets into the pixels around.
    """
    image = open_display(display)
    boxes = [place.pixels(*image.size) for place in in_order(places)]
    colours = [_colour(image.crop(box)) for box in boxes]
    for box, colour in zip(boxes, colours, strict=True):
        image.paste(colour, box)
    small = image.copy()
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), reducing_gap=None)
    return _jpeg(image), _jpeg(small)


def thumbnail_of(display: bytes) -> bytes:
    """Make the thumbnail of a display derivative."""
    return cover(display, ())[1]


def _colour(part: Image.Image) -> tuple[int, int, int]:
    red, green, blue = (min(255, int(mean) // STEP * STEP + STEP // 2) for mean in ImageStat.Stat(part).mean)
    return red, green, blue


def _jpeg(image: Image.Image) -> bytes:
    """Encode anew; a plain pixel copy carries neither EXIF nor colour profile into the file."""
    bare = image.copy()
    bare.info.clear()
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
