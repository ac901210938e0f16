"""Copies among photos: how near two views are, what change would explain it, how often chance comes as near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from audit_api.domain.copies_measured import AS_NEAR, PAIRS, PICTURES, SAME_PLACE, SAME_PLACE_PAIRS

BITS: Final = 256
NEAR: Final = 31
"""At most so many of 256 bits differ between two views of one picture; the distance PDQ's authors recommend, too."""
ASIDE: Final = 8
"""A pair of views that supposes a cut, turn or tilt must be nearer by this many bits to be the explanation."""
MOST_FOUND: Final = 50
"""Matches kept for one photo, the nearest first."""
LIGHT_STEPS: Final = 10.0
COLOUR_STEPS: Final = 5.0
ONE_SITTING_SECONDS: Final = 60
SIZE_SHARE: Final = 0.02

Row = dict[str, Any]
Nearest = TypeVar("Nearest", bound="Seen")


@dataclass(frozen=True, slots=True)
class Seen:
    """A view of the later photo that is near a view of the earlier one; `turn` made the later of the earlier."""

    distance: int
    cut: str
    turn: str
    earlier_cut: str


CHANGES: Final[dict[str, tuple[str, str]]] = {
    "same_bytes": ("文件逐字节相同", "the same file, byte for byte"),
    "encoded_again": ("同一画面，重新保存或压缩", "the same picture, saved or compressed again"),
    "format_changed": ("换了文件格式", "another file format"),
    "resized": ("改了尺寸", "another size"),
    "light_changed": ("改了明暗", "made lighter or darker"),
    "colour_changed": ("改了色调", "colours shifted"),
    "mirrored": ("镜像翻转", "mirrored"),
    "turned": ("旋转了 90°、180° 或 270°", "turned by 90°, 180° or 270°"),
    "tilted": ("倾斜了几度", "tilted by a few degrees"),
    "cropped": ("裁掉了边缘", "edges cut off"),
    "framed": ("四周加了边框，或截屏", "a border added, or a screenshot"),
    "wider": ("较早的照片是其中一部分", "the earlier photo is a part of it"),
    "one_sitting": ("相机时间相差不到一分钟，可能是连拍", "camera times within a minute: perhaps two shots in a row"),
}  # fmt: skip
"""What would explain that two photos are alike, zh and en."""

_CUT_WORDS = {"whole": "", "tilt": "tilted", "edge": "cropped", "crop": "wider", "trimmed": "framed"}


def aside(cut: str, turn: str, earlier_cut: str) -> int:
    """Give the bits by which a pair of views must be nearer than two whole upright pictures to be preferred."""
    return 0 if (cut, turn, earlier_cut) == ("whole", "upright", "whole") else ASIDE


def closest(pairs: Sequence[Seen]) -> Seen:
    """Choose the pair of views that explains a likeness best: the nearest, plain explanations first."""
    return min(pairs, key=lambda p: (p.distance + aside(p.cut, p.turn, p.earlier_cut), p.cut, p.turn, p.earlier_cut))


def changes(later: Row, earlier: Row, seen: Seen) -> list[str]:
    """Name the changes that would make the later photo of the earlier one, as codes of `CHANGES`.

    Photos have `format`, `width`, `height`, `tone` (mean luma, blue and red difference, 0..255) and `taken_at`.
    """
    found = _cuts(seen)
    reframed = bool(found)
    if seen.turn in ("mirrored", "upside_down", "transposed", "transversed"):
        found.append("mirrored")
    if seen.turn in ("turned_90", "turned_180", "turned_270", "transposed", "transversed"):
        found.append("turned")
    if later["format"] != earlier["format"]:
        found.append("format_changed")
    if not reframed:
        across = seen.turn in ("transposed", "transversed", "turned_90", "turned_270")
        sides = (earlier["height"], earlier["width"]) if across else (earlier["width"], earlier["height"])
        if any(abs(a - b) > SIZE_SHARE * b for a, b in zip((later["width"], later["height"]), sides, strict=True)):
            found.append("resized")
        steps = [abs(a - b) for a, b in zip(later["tone"], earlier["tone"], strict=True)]
        if steps[0] > LIGHT_STEPS:
            found.append("light_changed")
        if max(steps[1:]) > COLOUR_STEPS:
            found.append("colour_changed")
    if _one_sitting(later.get("taken_at"), earlier.get("taken_at")):
        found.append("one_sitting")
    return found or ["encoded_again"]


def _cuts(seen: Seen) -> list[str]:
    mine, other = seen.cut.partition("_")[0], seen.earlier_cut.partition("_")[0]
    if mine == "tilt":
        return ["tilted"]
    if seen.cut == seen.earlier_cut:
        return []
    if mine == "crop" and other == "crop":
        return ["cropped" if int(seen.cut[5:]) < int(seen.earlier_cut[5:]) else "wider"]
    if other == "trimmed" and mine == "whole":
        return ["cropped"]
    return [_CUT_WORDS[mine] or "cropped"]


def _one_sitting(first: Row | None, second: Row | None) -> bool:
    """Tell two shots taken one after the other from two files that claim the same second."""
    if not first or not second:
        return False
    try:
        apart = abs((datetime.fromisoformat(first["local"]) - datetime.fromisoformat(second["local"])).total_seconds())
    except (TypeError, ValueError):
        return False
    return 0 < apart <= ONE_SITTING_SECONDS


def chance(distance: int) -> Row:
    """Tell how often photos that are no copies came as near in the measurement (docs/copies.md).

    `share` of the pairs of unrelated pictures and its `upper_share` (one-sided 95 % bound by Clopper and Pearson);
    `same_place_share` of pairs that show one place at two visits.
    """
    rung = max((step for step in AS_NEAR if step <= distance), default=min(AS_NEAR))
    rung = min((step for step in AS_NEAR if step >= distance), default=rung)
    count, upper = AS_NEAR[rung]
    same, same_upper = SAME_PLACE[rung]
    return {
        "distance": rung, "pictures": PICTURES, "pairs": PAIRS, "as_near": count,
        "share": count / PAIRS, "upper_share": upper,
        "same_place_pairs": SAME_PLACE_PAIRS, "same_place_as_near": same, "same_place_upper_share": same_upper,
    }  # fmt: skip
