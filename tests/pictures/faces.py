"""Photographs with a face that an installed package brings along; none is copied into the project."""

from __future__ import annotations

import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

# Eyes, nose and mouth of the portrait, as shares of its width and height; marked by hand.
HOPPER_FACE = (0.42, 0.29, 0.63, 0.49)


@cache
def hopper() -> bytes:
    """Give the official portrait of Rear Admiral Grace Hopper (US Navy, public domain), from matplotlib's samples."""
    spec = find_spec("matplotlib")
    assert spec is not None and spec.origin, "matplotlib comes with PyOD"
    return (Path(spec.origin).parent / "mpl-data/sample_data/grace_hopper.jpg").read_bytes()


@cache
def in_a_scene(scene: bytes, *, height: int = 200, left: int = 60, top: int = 40) -> bytes:
    """Lay the portrait, so many pixels high, into another picture; gives a JPEG with metadata."""
    with Image.open(io.BytesIO(scene)) as opened:
        picture = opened.convert("RGB")
    with Image.open(io.BytesIO(hopper())) as opened:
        portrait = opened.convert("RGB")
    picture.paste(portrait.resize((round(portrait.width * height / portrait.height), height)), (left, top))
    exif = Image.Exif()
    exif[0x010F] = "Secret maker"
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, exif=exif)
    return out.getvalue()
