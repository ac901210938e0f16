"""The perceptual hash of a photo: which pictures look alike, whatever was done to their bytes."""

from __future__ import annotations

import imagehash
import numpy as np
from PIL import Image

SIDE = 64
BITS_PER_SIDE = 16
HIGHEST = 100


def perceptual_hash(image: Image.Image) -> tuple[str, int]:
    """Return (hash as 64 hex digits, detail 0..100) of an upright picture.

    The hash is ImageHash's `phash` with 256 bits: the picture's 16 × 16 lowest cosine frequencies at 64 × 64
    grey levels, each against their median. Compare by Hamming distance. Detail is the sum of brightness steps
    between neighbours at that size, scaled as PDQ scales its quality; below 50 a picture is too plain to match.
    """
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    bits = imagehash.phash(grey, hash_size=BITS_PER_SIDE, highfreq_factor=SIDE // BITS_PER_SIDE)
    level = np.asarray(grey, dtype=np.int64)
    steps = np.concatenate([np.abs(np.diff(level, axis=axis)).ravel() for axis in (0, 1)])
    return str(bits), min(HIGHEST, int((steps * 100 // 255).sum() // 90))
