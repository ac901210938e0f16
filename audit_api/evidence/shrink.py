"""Brings a large picture down strip by strip, so that no second whole picture stands in memory beside it."""

from collections.abc import Callable
from typing import Final

from PIL import Image

_STRIP_ROWS: Final = 128

Rows = Callable[[int, int], Image.Image]
"""Gives the rows from one number up to, and without, another."""


def in_rows(image: Image.Image) -> Rows:
    """Cut rows out of a decoded picture."""
    return lambda top, bottom: image.crop((0, top, image.width, bottom))


def brought_down(size: tuple[int, int], rows: Rows, pixels: int) -> Image.Image:
    """Average squares of pixels until the longer side is at most about four times `pixels`."""
    width, height = size
    factor = max(1, max(width, height) // (2 * pixels))
    if factor == 1:
        return rows(0, height)
    canvas: Image.Image | None = None
    step = factor * max(1, _STRIP_ROWS // factor)
    for top in range(0, height, step):
        strip = rows(top, min(top + step, height)).reduce(factor)
        if canvas is None:
            canvas = Image.new(strip.mode, (-(-width // factor), -(-height // factor)))
        canvas.paste(strip, (0, top // factor))
    assert canvas is not None
    return canvas
