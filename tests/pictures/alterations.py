"""What people and programs do to a picture before it is sent a second time."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import pillow_heif
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Alteration = Callable[[Image.Image], bytes]
TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


def encoded(image: Image.Image, format_name: str = "JPEG", quality: int = 85) -> bytes:
    """Encode a picture as its sender would."""
    out = io.BytesIO()
    if format_name == "HEIF":
        pillow_heif.from_pillow(image).save(out, quality=quality)
    else:
        image.save(out, format_name, quality=quality)
    return out.getvalue()


def recompressed(quality: int, image: Image.Image) -> bytes:
    return encoded(image, quality=quality)


def resized(share: float, image: Image.Image) -> bytes:
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    return encoded(image.resize(size, Image.Resampling.BICUBIC))


def cropped(share: float, corner: bool, image: Image.Image) -> bytes:
    """Cut away a share of the width and of the height: at all edges alike, or at two."""
    width, height = image.width * share, image.height * share
    left, top = (0.0, height) if corner else (width / 2, height / 2)
    box = (left, top, left + image.width - width, top + image.height - height)
    return encoded(image.crop(tuple(round(edge) for edge in box)))  # type: ignore[arg-type] # four edges


def turned(degrees: int, image: Image.Image) -> bytes:
    return encoded(image.transpose(TURNS[degrees]))


def tilted(degrees: float, image: Image.Image) -> bytes:
    return encoded(image.rotate(degrees, Image.Resampling.BICUBIC))


def mirrored(upside: bool, image: Image.Image) -> bytes:
    return encoded(ImageOps.flip(image) if upside else ImageOps.mirror(image))


def toned(light: float, contrast: float, image: Image.Image) -> bytes:
    return encoded(ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(light)).enhance(contrast))


def framed(colour: int, sides: float, ends: float, image: Image.Image) -> bytes:
    """Put bars around it, as a screenshot of a phone has above and below."""
    sides_px, ends_px = round(image.width * sides), round(image.height * ends)
    canvas = Image.new("RGB", (image.width + 2 * sides_px, image.height + 2 * ends_px), (colour,) * 3)
    canvas.paste(image, (sides_px, ends_px))
    return encoded(canvas)


def written_on(image: Image.Image) -> bytes:
    """Stamp date and place into a corner, as camera apps do."""
    image = image.copy()
    font = ImageFont.load_default(max(10, image.height // 18))
    place = (image.width * 0.04, image.height * 0.8)
    ImageDraw.Draw(image).multiline_text(
        place, "2026-11-20 10:02:11\nService centre 0042", fill=(255, 220, 40), font=font, stroke_width=1,
        stroke_fill="black",
    )  # fmt: skip
    return encoded(image)


def tinted(red: float, blue: float, image: Image.Image) -> bytes:
    bands = [
        band.point(lambda level, by=by: min(255, round(level * by)))
        for band, by in zip(image.convert("RGB").split(), (red, 1.0, blue), strict=True)
    ]
    return encoded(Image.merge("RGB", bands))


def blurred(share: float, image: Image.Image) -> bytes:
    return encoded(image.filter(ImageFilter.GaussianBlur(max(image.size) * share)))


def as_format(format_name: str, quality: int, image: Image.Image) -> bytes:
    return encoded(image, format_name, quality)


ALTERATIONS: dict[str, dict[str, Alteration]] = {
    "recompressed": {f"quality {q}": partial(recompressed, q) for q in (90, 70, 50, 30)},
    "resized": {f"to {round(share * 100)} %": partial(resized, share) for share in (0.75, 0.5, 0.25, 1.5)},
    "brightness, contrast": {
        f"light {light:g}, contrast {contrast:g}": partial(toned, light, contrast)
        for light, contrast in ((0.7, 1.0), (1.3, 1.0), (1.0, 0.7), (1.0, 1.4), (0.8, 1.2))
    },
    "format changed": {
        "WebP 75": partial(as_format, "WEBP", 75),
        "HEIC 60": partial(as_format, "HEIF", 60),
        "PNG": partial(as_format, "PNG", 0),
    },
    "colour cast": {"warm": partial(tinted, 1.2, 0.8), "cold": partial(tinted, 0.8, 1.2)},
    "blurred": {"slightly": partial(blurred, 0.004), "strongly": partial(blurred, 0.01)},
    "turned": {f"by {degrees}°": partial(turned, degrees) for degrees in TURNS},
    "mirrored": {"left to right": partial(mirrored, False), "upside down": partial(mirrored, True)},
    "border": {
        "screenshot, white": partial(framed, 255, 0.0, 0.3),
        "screenshot, black": partial(framed, 0, 0.0, 0.6),
        "frame of 5 %": partial(framed, 240, 0.05, 0.05),
    },
    "written on": {"date stamp": written_on},
    "cropped": {
        f"{round(share * 100)} % {'at two edges' if corner else 'all round'}": partial(cropped, share, corner)
        for share in (0.05, 0.1, 0.2)
        for corner in (False, True)
    },
    "tilted": {f"by {degrees:g}°": partial(tilted, degrees) for degrees in (2, 3, -2.5)},
}
"""Twelve kinds, each in its degrees."""
