"""The perceptual hash of a photo: which pictures look alike, whatever was done to their bytes.

One hash stands up to another encoding, size, light and colour. A turned, mirrored, tilted, cropped or framed picture
has another one; for those the picture is looked at in several views, and views are compared with views.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import product
from typing import Final

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64
BITS_PER_SIDE = 16
HASH_BYTES: Final = BITS_PER_SIDE * BITS_PER_SIDE // 8
HIGHEST = 100
PLAIN = 50
"""Below this detail a picture is too plain to be compared: a wall looks like any other wall."""
CROPS: Final = (0.05, 0.1, 0.2, 0.4)
EDGES: Final = ((0.05, 0.2), (0.1, 0.2), (0.2, 0.4))
"""Shares cut off at one edge or two, and the crop whose middle such a picture still holds."""
TILTS: Final = (-3.0, -2.0, 2.0, 3.0)
TILT_CROP: Final = 0.1
"""A tilted picture has empty corners; its middle has none, and is compared with the middle of the other."""
TURNS: Final = (
    "upright", "mirrored", "upside_down", "turned_180", "transposed", "turned_90", "turned_270", "transversed"
)  # fmt: skip
"""The eight ways to lay a picture, in the order of `_laid`: by it the picture was made of the one it is like."""
_EDGE_RANGE, _EDGE_MOST = 28, 0.45

Hash = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a picture: how it is cut (`whole`, `crop_5`, `trimmed`, `edge_5`, `tilt_2` …) and laid."""

    cut: str
    turn: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a picture is found by (`kept`), what it is looked for with (`asked`), and its mean light and colour."""

    kept: tuple[View, ...]
    asked: tuple[View, ...]
    tone: tuple[float, float, float]


def perceptual_hash(image: Image.Image) -> tuple[str, int]:
    """Return (hash as 64 hex digits, detail 0..100) of an upright picture.

    The hash is ImageHash's `phash` with 256 bits: the picture's 16 × 16 lowest cosine frequencies at 64 × 64
    grey levels, each against their median. Compare by Hamming distance. Detail is the sum of brightness steps
    between neighbours at that size, scaled as PDQ scales its quality; below 50 a picture is too plain to match.
    """
    grey = _grey(image)
    bits = imagehash.phash(grey, hash_size=BITS_PER_SIDE, highfreq_factor=SIDE // BITS_PER_SIDE)
    return str(bits), _detail(grey)


def likeness_of(thumbnail: bytes) -> Likeness:
    """Look at a photo's thumbnail (a JPEG of our own making) in every view; plain views are left out."""
    with Image.open(io.BytesIO(thumbnail), formats=("JPEG",)) as opened:
        image = opened.convert("RGB")
    cuts = {"whole": image} | {f"crop_{round(share * 100)}": _middle(image, share) for share in CROPS}
    if (trimmed := _trimmed(image)) is not None:
        cuts["trimmed"] = trimmed
    kept, asked = [], []
    for cut, picture in cuts.items():
        views = _views(cut, picture)
        kept += views[:1]
        asked += views
    for degrees in TILTS:
        straight = image.rotate(degrees, Image.Resampling.BILINEAR)
        asked += _views(f"tilt_{degrees:g}", _middle(straight, TILT_CROP))[:1]
    for share, crop in EDGES:
        for part in _parts_left(image, share, crop):
            asked += _views(f"edge_{round(share * 100)}", part)[:1]
    bands = np.asarray(image.convert("YCbCr"), dtype=np.float64).reshape(-1, 3).mean(axis=0)
    return Likeness(tuple(kept), tuple(asked), (float(bands[0]), float(bands[1]), float(bands[2])))


def _views(cut: str, picture: Image.Image) -> list[View]:
    """Give the eight views of one cut, the upright one first; none of a plain one."""
    grey = _grey(picture)
    if _detail(grey) < PLAIN:
        return []
    levels = np.asarray(grey, dtype=np.float64)
    from scipy.fft import dct  # noqa: PLC0415 - the web process reads without it, and starts quicker

    low = dct(dct(levels, axis=0), axis=1)[:BITS_PER_SIDE, :BITS_PER_SIDE]
    return [View(cut, turn, hash_) for turn, hash_ in zip(TURNS, _laid(low), strict=True)]


def _laid(low: NDArray[np.float64]) -> list[bytes]:
    """Hash the eight lays of a picture from its frequencies alone.

    A mirrored picture has the odd frequencies of that direction with their signs changed, a transposed one has
    rows and columns exchanged: no pixel is looked at again.
    """
    odd = np.where(np.arange(BITS_PER_SIDE) % 2, -1.0, 1.0)
    lays = [lay for first in (low, low.T) for lay in (first, first * odd, (first.T * odd).T)]
    lays = [*lays[:3], (lays[1].T * odd).T, *lays[3:], (lays[4].T * odd).T]
    return [np.packbits(lay > np.median(lay)).tobytes() for lay in lays]


def _grey(image: Image.Image) -> Image.Image:
    return image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _detail(grey: Image.Image) -> int:
    level = np.asarray(grey, dtype=np.int64)
    steps = np.concatenate([np.abs(np.diff(level, axis=axis)).ravel() for axis in (0, 1)])
    return min(HIGHEST, int((steps * 100 // 255).sum() // 90))


def _middle(image: Image.Image, share: float) -> Image.Image:
    """Cut a share of width and height away, half of it at each edge."""
    across, down = image.width * share / 2, image.height * share / 2
    box = (round(across), round(down), round(image.width - across), round(image.height - down))
    return image.crop(box)


def _parts_left(image: Image.Image, share: float, crop: float) -> list[Image.Image]:
    """Take this for a picture cut at one edge or two, and give what would have been the middle of the whole.

    Cut at the left by `share`, the picture spans share..1 of the whole; the crop's middle is crop/2..1 − crop/2 of it.
    """
    parts = []
    for left, top, right, bottom in product((0, share), repeat=4):
        if not left + top + right + bottom or (left and right) or (top and bottom):
            continue
        across, down = image.width / (1 - left - right), image.height / (1 - top - bottom)
        box = (crop / 2 - left, crop / 2 - top, 1 - crop / 2 - left, 1 - crop / 2 - top)
        scaled = (round(box[0] * across), round(box[1] * down), round(box[2] * across), round(box[3] * down))
        parts.append(image.crop(scaled))
    return parts


def _trimmed(image: Image.Image) -> Image.Image | None:
    """Cut off plain bars at the edges; None where there are none."""
    levels = np.asarray(image.convert("L"), dtype=np.int16)
    top, bottom = _bars(levels)
    left, right = _bars(levels[top : levels.shape[0] - bottom].T)
    if max(top, bottom, left, right) < 2:
        return None
    # One more pixel where a bar was: its edge is blurred into the picture.
    top, bottom, left, right = (edge + 1 if edge else 0 for edge in (top, bottom, left, right))
    return image.crop((left, top, image.width - right, image.height - bottom))


def _bars(levels: NDArray[np.int16]) -> tuple[int, int]:
    """Count the plain rows at both ends, nearly half of all at most."""
    plain = (levels.max(axis=1) - levels.min(axis=1)) <= _EDGE_RANGE
    most = int(len(plain) * _EDGE_MOST)
    ends = (plain[:most], plain[::-1][:most])
    first, last = (int(np.argmin(end)) if not end.all() else most for end in ends)
    return first, last
