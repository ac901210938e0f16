"""The field app's icons, drawn here: a calendar sheet such as a hundred other apps have."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

GROUND, SHEET, BAND, DOT, TODAY = "#3f5b66", "#f7f9f8", "#c9d5d6", "#9fb0b5", "#3f5b66"
SMOOTHING = 4
COLUMNS, ROWS, FILLED = 4, 3, 6


@dataclass(frozen=True, slots=True)
class Shape:
    """How an icon is cut: its side, whether it fills the square, whether a mask may cut a circle out of it."""

    pixels: int
    full: bool
    maskable: bool = False


ICONS = {
    "icon-180.png": Shape(180, full=True),  # iOS rounds the corners itself, and shows what is clear as black
    "icon-192.png": Shape(192, full=False),
    "icon-512.png": Shape(512, full=False),
    "icon-maskable-512.png": Shape(512, full=True, maskable=True),
}


def icon(name: str) -> bytes:
    """Draw an icon as PNG."""
    shape = ICONS[name]
    side = shape.pixels * SMOOTHING
    image = Image.new("RGBA", (side, side), GROUND if shape.full else (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    if not shape.full:
        pen.rounded_rectangle((0, 0, side - 1, side - 1), radius=side * 0.22, fill=GROUND)
    # A mask leaves at least the middle 80 %: the sheet's corners have to lie inside that circle.
    width = side * (0.5 if shape.maskable else 0.62)
    left, top = (side - width) / 2, (side - width) / 2
    pen.rounded_rectangle((left, top, left + width, top + width), radius=width * 0.12, fill=SHEET)
    pen.rounded_rectangle(
        (left, top, left + width, top + width * 0.24),
        radius=width * 0.12,
        fill=BAND,
        corners=(True, True, False, False),
    )
    across, down, radius = width / (COLUMNS + 1), width * 0.7 / ROWS, width * 0.055
    for place in range(COLUMNS * ROWS):
        x = left + across * (place % COLUMNS + 1)
        y = top + width * 0.34 + down * (place // COLUMNS) + radius
        size = radius * (1.5 if place == FILLED else 1)
        pen.ellipse((x - size, y - size, x + size, y + size), fill=TODAY if place == FILLED else DOT)
    out = io.BytesIO()
    small = image.resize((shape.pixels, shape.pixels), Image.Resampling.LANCZOS)
    # Five colours and what lies between them: a palette holds it in a quarter of the bytes.
    small.quantize(64, Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
    return out.getvalue()
