"""Draws the demo's photographs: a plain scene with the dealer's name, EXIF time and position as a phone writes them."""

from __future__ import annotations

import io
import random
from datetime import datetime
from functools import cache

from PIL import Image, ImageDraw, ImageFont

SIZE = (640, 480)
QUALITY = 70
NOISE_SIZE = (80, 60)
NOISE_SPREAD = 40
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
MAKE, MODEL, ORIENTATION, SOFTWARE, DATE_TIME = 0x010F, 0x0110, 0x0112, 0x0131, 0x0132
DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL = 0x9003, 0x9011


def draw_photo(
    lines: tuple[str, ...], *, taken_at: datetime, lat: float, lon: float, seed: str, cut: float = 0.0
) -> bytes:
    """Draw a JPEG; the same arguments give the same bytes.

    `lines` (Latin letters) are written into the picture; `taken_at` is local time with its offset;
    lat, lon in degrees, WGS-84. `cut`: share taken off each edge, as of a picture photographed from a screen.
    """
    chance = random.Random(seed)  # noqa: S311 - pictures, not secrets
    image = _scene(chance)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((28, 24 + 34 * number), line, fill="white", font=_font(), stroke_width=2, stroke_fill="black")
    if cut:
        width, height = SIZE
        image = image.crop((int(cut * width), int(cut * height), int((1 - cut) * width), int((1 - cut) * height)))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY, exif=_exif(taken_at, lat, lon))
    return file.getvalue()


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(24)


def _scene(chance: random.Random) -> Image.Image:
    """Draw wall, floor, a window and a few cars; grain makes each picture one of its own, as a sensor's noise does."""
    grain = Image.frombytes("L", NOISE_SIZE, chance.randbytes(NOISE_SIZE[0] * NOISE_SIZE[1]))
    grain = grain.point(lambda level: 128 + (level - 128) * NOISE_SPREAD // 128).resize(SIZE, Image.Resampling.BILINEAR)
    image = Image.new("RGB", SIZE, _shade(chance, 150, 215))
    draw = ImageDraw.Draw(image)
    floor = chance.randint(270, 330)
    draw.rectangle((0, floor, *SIZE), fill=_shade(chance, 90, 150))
    left = chance.randint(30, 320)
    draw.rectangle((left, 100, left + chance.randint(160, 290), floor - 40), fill=_shade(chance, 190, 240))
    for _ in range(chance.randint(1, 4)):
        _car(draw, chance, chance.randint(20, 460), chance.randint(floor - 30, 390))
    return Image.blend(image, Image.merge("RGB", (grain, grain, grain)), 0.2)


def _car(draw: ImageDraw.ImageDraw, chance: random.Random, left: int, top: int) -> None:
    width, height = chance.randint(150, 240), chance.randint(50, 75)
    paint = _shade(chance, 20, 220)
    draw.polygon(
        [(left + width * x, top - height * y) for x, y in ((0.2, 0), (0.32, 0.8), (0.7, 0.8), (0.85, 0))], paint
    )
    draw.rounded_rectangle((left, top, left + width, top + height), radius=18, fill=paint)
    for share in (0.2, 0.78):
        middle = left + width * share
        draw.ellipse((middle - 18, top + height - 16, middle + 18, top + height + 20), fill="black")


def _shade(chance: random.Random, low: int, high: int) -> tuple[int, int, int]:
    return chance.randint(low, high), chance.randint(low, high), chance.randint(low, high)


def _exif(taken_at: datetime, lat: float, lon: float) -> Image.Exif:
    exif = Image.Exif()
    told = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    exif[MAKE], exif[MODEL], exif[SOFTWARE] = "Demo", "Demo phone", "audit-api demo"
    exif[ORIENTATION], exif[DATE_TIME] = 1, told
    offset = taken_at.strftime("%z")
    exif.get_ifd(EXIF_IFD).update({DATE_TIME_ORIGINAL: told, OFFSET_TIME_ORIGINAL: f"{offset[:3]}:{offset[3:]}"})
    exif.get_ifd(GPS_IFD).update(
        {1: "N" if lat >= 0 else "S", 2: _degrees(lat), 3: "E" if lon >= 0 else "W", 4: _degrees(lon), 18: "WGS-84"}
    )
    return exif


def _degrees(value: float) -> tuple[float, float, float]:
    whole, minutes = divmod(abs(value) * 60, 60)
    return whole, float(int(minutes)), round((minutes - int(minutes)) * 60, 4)
