"""Draws workshops, showrooms and receptions: many places that look much alike, and one place seen twice.

A dealer network is built from one manual: the same grey floor, the same wall with a stripe, the same lifts and desks.
Pictures of different places therefore share their layout here; only sizes, positions, light and cars differ.
"""

from __future__ import annotations

import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = (640, 480)
KINDS = ("workshop", "showroom", "reception", "parts")
PAINTS = ((238, 238, 240), (25, 25, 28), (120, 124, 130), (150, 20, 25), (25, 50, 120))
Shade = tuple[int, int, int]


def draw_scene(place: int, view: int = 0) -> Image.Image:
    """Draw a place; another `view` is a later visit: the camera stands elsewhere, cars and light have changed."""
    fixed, loose = random.Random(f"place {place}"), random.Random(f"place {place} view {view}")
    kind = KINDS[place % len(KINDS)]
    wide = Image.new("RGB", (800, 600), _grey(fixed, 165, 225))
    draw = ImageDraw.Draw(wide)
    floor = fixed.randint(330, 420)
    draw.rectangle((0, floor, 800, 600), fill=_grey(fixed, 85, 150))
    stripe = fixed.randint(110, 190)
    draw.rectangle((0, stripe, 800, stripe + fixed.randint(8, 30)), fill=_paint(fixed))
    for number in range(fixed.randint(0, 3)):
        _window(draw, fixed, 40 + number * fixed.randint(200, 260), stripe, floor)
    {"workshop": _workshop, "showroom": _showroom, "reception": _reception, "parts": _parts}[kind](
        draw, fixed, loose, floor
    )
    return _photographed(wide, loose)


def _workshop(draw: ImageDraw.ImageDraw, fixed: random.Random, loose: random.Random, floor: int) -> None:
    bays = fixed.randint(2, 4)
    width = 800 // bays
    for bay in range(bays):
        left = bay * width + fixed.randint(0, 30)
        post = _paint(fixed)
        for x in (left + 12, left + width - 50):
            draw.rectangle((x, floor - fixed.randint(180, 240), x + 18, floor + 60), fill=post)
        draw.line((bay * width, floor, bay * width - 60, 600), fill=(230, 220, 60), width=6)
        if loose.random() < 0.75:
            _car(draw, loose, left + loose.randint(20, 50), floor - loose.choice((0, 10, 90)), width - 80)
    _tool_wall(draw, fixed, floor)


def _showroom(draw: ImageDraw.ImageDraw, fixed: random.Random, loose: random.Random, floor: int) -> None:
    for lamp in range(fixed.randint(4, 9)):
        x = 30 + lamp * fixed.randint(80, 100)
        draw.ellipse((x, 30, x + 36, 46), fill=(255, 255, 245))
    for car in range(loose.randint(2, 4)):
        _car(draw, loose, 20 + car * 210 + loose.randint(-20, 30), floor + loose.randint(-20, 90), 230)
    _board(draw, fixed, fixed.randint(30, 500), floor - fixed.randint(160, 220))


def _reception(draw: ImageDraw.ImageDraw, fixed: random.Random, loose: random.Random, floor: int) -> None:
    desk = fixed.randint(60, 260)
    top = floor - fixed.randint(30, 70)
    width = fixed.randint(260, 420)
    draw.rectangle((desk, top, desk + width, floor + 80), fill=_grey(fixed, 60, 235))
    draw.rectangle((desk - 10, top - 12, desk + width + 10, top), fill=_paint(fixed))
    for _ in range(loose.randint(0, 3)):
        _person(draw, loose, desk + loose.randint(20, width), top)
    for _ in range(fixed.randint(1, 3)):
        _board(draw, fixed, fixed.randint(20, 620), fixed.randint(60, 140))
    for seat in range(fixed.randint(1, 5)):
        x = 420 + seat * 70
        draw.rounded_rectangle((x, floor + 20, x + 56, floor + 90), 10, fill=_grey(fixed, 30, 120))


def _parts(draw: ImageDraw.ImageDraw, fixed: random.Random, loose: random.Random, floor: int) -> None:
    rows, columns = fixed.randint(3, 5), fixed.randint(4, 8)
    height, width = (floor - 60) // rows, 800 // columns
    for row in range(rows):
        for column in range(columns):
            x, y = column * width, 60 + row * height
            draw.rectangle((x, y, x + width, y + height), outline=(90, 90, 100), width=5)
            for box in range(loose.randint(0, 3)):
                w = loose.randint(14, width // 3)
                h = loose.randint(20, max(21, height - 14))
                left = x + 8 + box * width // 3
                draw.rectangle((left, y + height - h - 4, left + w, y + height - 4), fill=_brown(loose))


def _car(draw: ImageDraw.ImageDraw, chance: random.Random, left: int, bottom: int, width: int) -> None:
    height = int(width * chance.uniform(0.22, 0.3))
    paint = chance.choice((*PAINTS, _paint(chance)))
    roof = [(0.15, 0), (0.3, 0.8), (0.7, 0.85), (0.9, 0)]
    top = bottom - height
    draw.polygon([(left + width * x, top - height * y) for x, y in roof], fill=paint)
    glass = [(0.22, 0.1), (0.33, 0.68), (0.66, 0.7), (0.82, 0.1)]
    draw.polygon([(left + width * x, top - height * y) for x, y in glass], fill=(60, 75, 90))
    draw.rounded_rectangle((left, top, left + width, bottom), radius=height // 4, fill=paint)
    for share in (0.2, 0.8):
        middle, radius = left + width * share, height * 0.45
        draw.ellipse((middle - radius, bottom - radius, middle + radius, bottom + radius), fill=(20, 20, 20))
        draw.ellipse(
            (middle - radius / 2, bottom - radius / 2, middle + radius / 2, bottom + radius / 2), fill=(170, 170, 175)
        )


def _tool_wall(draw: ImageDraw.ImageDraw, fixed: random.Random, floor: int) -> None:
    left, top = fixed.randint(20, 500), fixed.randint(210, 250)
    draw.rectangle((left, top, left + 220, floor - 20), fill=_grey(fixed, 60, 110))
    for x in range(left + 10, left + 210, 16):
        draw.rectangle((x, top + 8, x + 5, top + 8 + fixed.randint(10, 60)), fill=_grey(fixed, 160, 240))


def _board(draw: ImageDraw.ImageDraw, fixed: random.Random, left: int, top: int) -> None:
    width, height = fixed.randint(90, 190), fixed.randint(50, 120)
    draw.rectangle((left, top, left + width, top + height), fill=_paint(fixed), outline=(240, 240, 240), width=4)
    for y in range(top + 14, top + height - 10, 14):
        draw.line((left + 12, y, left + fixed.randint(30, width - 10), y), fill=(245, 245, 245), width=4)


def _person(draw: ImageDraw.ImageDraw, chance: random.Random, x: int, top: int) -> None:
    draw.ellipse((x, top - 90, x + 34, top - 50), fill=(205, 165, 135))
    draw.rounded_rectangle((x - 18, top - 52, x + 52, top), 14, fill=_grey(chance, 20, 140))


def _window(draw: ImageDraw.ImageDraw, fixed: random.Random, left: int, top: int, floor: int) -> None:
    right = left + fixed.randint(90, 170)
    draw.rectangle((left, top + 40, right, floor - 40), fill=(225, 235, 245), outline=(110, 110, 115), width=6)
    draw.line(((left + right) // 2, top + 40, (left + right) // 2, floor - 40), fill=(110, 110, 115), width=5)


def _photographed(wide: Image.Image, chance: random.Random) -> Image.Image:
    """Take the picture: a camera that stands and leans a little elsewhere each time, uneven light, grain."""
    image = wide.rotate(chance.uniform(-2, 2), Image.Resampling.BILINEAR)
    zoom = chance.uniform(0.82, 0.94)
    width, height = int(800 * zoom), int(600 * zoom)
    left, top = chance.randint(10, 790 - width), chance.randint(10, 590 - height)
    image = image.crop((left, top, left + width, top + height)).resize(SIZE, Image.Resampling.BILINEAR)
    image = image.filter(ImageFilter.GaussianBlur(0.8))
    noise = np.random.default_rng(chance.getrandbits(32))
    across = np.linspace(chance.uniform(0.75, 1.1), chance.uniform(0.75, 1.1), SIZE[0])[None, :, None]
    down = np.linspace(chance.uniform(0.85, 1.1), chance.uniform(0.75, 1.05), SIZE[1])[:, None, None]
    lit = np.asarray(image, dtype=np.float32) * across * down
    lit += noise.normal(0, 5, lit.shape[:2])[..., None]
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def _grey(chance: random.Random, low: int, high: int) -> Shade:
    level = chance.randint(low, high)
    return level, min(255, level + chance.randint(-4, 4)), min(255, level + chance.randint(-6, 8))


def _paint(chance: random.Random) -> Shade:
    return chance.randint(15, 235), chance.randint(15, 235), chance.randint(15, 235)


def _brown(chance: random.Random) -> Shade:
    level = chance.randint(90, 200)
    return level, int(level * 0.8), int(level * 0.55)
