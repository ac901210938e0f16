"""Measures a photo's small upright picture, and marks what a person should look at; nothing here proves anything.

Everything is taken from the picture that the thumbnail is made of (at most 320 pixels), so that a photo of any size
is measured alike and full-size pixels are never looked at. Thresholds were set by docs/photos.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from audit_api.evidence.origin import Origin

_LEVELS: Final = 256
_DARKEST, _LIGHTEST = 0.02, 0.98


@dataclass(frozen=True, slots=True)
class PhotoMarks:
    """Say from where on a measure is remarked on; the settings `AUDIT_PHOTO_…` change them."""

    sharpness_least: float = 60.0
    brightness_least: float = 30.0
    contrast_least: float = 20.0
    screen_flat_least: float = 0.5
    preview_likeness_least: float = 0.8


@dataclass(frozen=True, slots=True)
class Fact:
    """Hold one thing known of a photo: a number or a text, where it came from, and what it was held against."""

    fact: str
    source: str
    number: float | None = None
    text: str | None = None
    limit: float | None = None


def measured(
    small: Image.Image, grey: Image.Image, origin: Origin, size: tuple[int, int], marks: PhotoMarks
) -> tuple[list[Fact], list[str]]:
    """Give the facts and the codes of remarks of an upright picture, in colour and grey; its file was `size` large.

    Sharpness is the variance of the Laplacian (Pech-Pacheco et al. 2000) of brightness 0..255. Of a dark or uniform
    picture it says nothing, and is not remarked on. Brightness is the mean, contrast the span between the darkest and
    the lightest two percent, flat the share of pixels that differ by one level at most from the next ones.
    """
    histogram = np.asarray(grey.histogram()[:_LEVELS])
    share = np.cumsum(histogram) / max(1, histogram.sum())
    brightness = float(histogram @ np.arange(_LEVELS)) / max(1, int(histogram.sum()))
    contrast = float(np.searchsorted(share, _LIGHTEST) - np.searchsorted(share, _DARKEST))
    sharpness, flat = _steps(np.asarray(grey, dtype=np.int16))
    facts = [
        Fact("sharpness", "pixels", round(sharpness, 1), limit=marks.sharpness_least),
        Fact("brightness", "pixels", round(brightness, 1), limit=marks.brightness_least),
        Fact("contrast", "pixels", contrast, limit=marks.contrast_least),
        Fact("flat_share", "pixels", round(flat, 3), limit=marks.screen_flat_least),
    ]
    codes = []
    if brightness < marks.brightness_least:
        codes.append("dark")
    if contrast < marks.contrast_least:
        codes.append("uniform")
    if not codes and sharpness < marks.sharpness_least:
        codes.append("blurred")
    drawn = origin.screen_sized(size) and not origin.camera and flat >= marks.screen_flat_least
    if origin.says_screenshot:
        facts.append(Fact("screen", "exif", text="screenshot"))
    elif drawn:
        facts.append(Fact("screen", "container", text=f"{size[0]} × {size[1]}"))
    if origin.says_screenshot or drawn:
        codes.append("screenshot")
    facts += [Fact("editor", source, text=name) for source, name in origin.editors]
    if origin.editors:
        codes.append("edited_by_software")
    if origin.preview is not None:
        likeness = preview_likeness(small, origin.preview)
        if likeness is not None:
            facts.append(Fact("preview_likeness", "exif", round(likeness, 2), limit=marks.preview_likeness_least))
            if likeness < marks.preview_likeness_least:
                codes.append("preview_differs")
    return facts, codes


def _steps(grey: np.ndarray) -> tuple[float, float]:
    """Give the variance of the Laplacian and the share of flat pixels; written for speed, once a photo."""
    if min(grey.shape) < 3:
        return 0.0, 0.0
    middle, right, below = grey[1:-1, 1:-1], grey[1:-1, 2:], grey[2:, 1:-1]
    laplacian = middle << 2
    for side in (grey[:-2, 1:-1], below, grey[1:-1, :-2], right):
        laplacian -= side
    values = laplacian.ravel().astype(np.float32)
    mean = float(values.mean())
    # −1, 0 and 1 moved to 0, 1 and 2; below them an unsigned number is large.
    flat = ((right - middle + 1).view(np.uint16) <= 2) & ((below - middle + 1).view(np.uint16) <= 2)
    variance = float(np.dot(values, values)) / values.size - mean * mean
    return max(0.0, variance), np.count_nonzero(flat) / flat.size


_SIDE: Final = 32
_PLAIN: Final = 6.0
_TURNS: Final = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)


def preview_likeness(small: Image.Image, preview: Image.Image) -> float | None:
    """Correlate a photo with the preview its camera put into the EXIF block, −1..1; None where either is plain.

    Cameras put black bars around a preview of another shape, and leave it as it was when the photo is turned: the
    best of these counts.
    """
    found = []
    for turn in _TURNS:
        laid = preview if turn is None else preview.transpose(turn)
        for part in (laid, _without_bars(laid, small.width / small.height)):
            found.append(_correlation(_grid(small), _grid(part)))
    known = [value for value in found if value is not None]
    return max(known) if known else None


def _without_bars(preview: Image.Image, shape: float) -> Image.Image:
    width, height = preview.size
    if width / height > shape:
        inner = height * shape
        box = ((width - inner) / 2, 0.0, (width + inner) / 2, float(height))
    else:
        inner = width / shape
        box = (0.0, (height - inner) / 2, float(width), (height + inner) / 2)
    left, top, right, bottom = (round(edge) for edge in box)
    return preview.crop((left, top, max(left + 1, right), max(top + 1, bottom)))


def _grid(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=np.float64).ravel()


def _correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    if min(one.std(), other.std()) < _PLAIN:
        return None
    return float(np.corrcoef(one, other)[0, 1])
