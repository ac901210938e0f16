"""Regions of a photo that nobody outside of quality control shall see: faces, number plates, whatever else."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("face", "plate", "other")
DETECTOR, PERSON = "detector", "person"
MOST_REGIONS = 200
SMALLEST_SHARE = 0.002
MARGIN = 0.25
"""A detector's box ends at the chin and the hairline; this share of its size is added on every side."""
NAME_DIGITS = 24

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a region lies: left, top, width and height as shares of the upright picture's width and height."""

    x: float
    y: float
    width: float
    height: float

    def is_inside(self) -> bool:
        """Tell whether the place lies in the picture and is large enough to be meant."""
        values = (self.x, self.y, self.width, self.height)
        if not all(math.isfinite(value) and 0 <= value <= 1 for value in values):
            return False
        ends = self.x + self.width <= 1 + 1e-9 and self.y + self.height <= 1 + 1e-9
        return ends and min(self.width, self.height) >= SMALLEST_SHARE

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Give left, top, right and bottom in a picture of this size, rounded outwards."""
        return (
            max(0, math.floor(self.x * width)),
            max(0, math.floor(self.y * height)),
            min(width, math.ceil((self.x + self.width) * width)),
            min(height, math.ceil((self.y + self.height) * height)),
        )


def place_of(region: Mapping[str, Any]) -> Place:
    """Read the place out of a region as it is kept."""
    return Place(region["x"], region["y"], region["width"], region["height"])


def place_around(box: Box, width: int, height: int, margin: float = MARGIN) -> Place:
    """Give the place of a detector's box (left, top, right, bottom in pixels), enlarged and cut to the picture."""
    left, top, right, bottom = box
    across, down = (right - left) * margin, (bottom - top) * margin
    left, right = max(0.0, left - across), min(float(width), right + across)
    top, bottom = max(0.0, top - down), min(float(height), bottom + down)
    x, y = round(left / width, 6), round(top / height, 6)
    wide, high = max((right - left) / width, SMALLEST_SHARE), max((bottom - top) / height, SMALLEST_SHARE)
    x, y = min(max(x, 0.0), 1 - SMALLEST_SHARE), min(max(y, 0.0), 1 - SMALLEST_SHARE)
    return Place(x, y, round(min(wide, 1 - x), 6), round(min(high, 1 - y), 6))


def in_order(places: Iterable[Place]) -> list[Place]:
    """Put places into the order in which they are covered: the same regions give the same picture."""
    return sorted(places, key=lambda place: (place.y, place.x, place.height, place.width))


def photo_name(secret: bytes, visit: str, sha256: str) -> str:
    """Name a photo within one visit: tells nothing of its bytes, and nothing of the same photo in another visit.

    A keyed hash (BLAKE2b): whoever holds the original cannot find out by hashing where it was used.
    """
    key = hashlib.blake2b(secret, digest_size=32, person=b"photo names").digest()
    return hashlib.blake2b(f"{visit}:{sha256}".encode(), key=key, digest_size=NAME_DIGITS // 2).hexdigest()
