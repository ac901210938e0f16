"""What a visit needs before it can be submitted: answers, comments, photos."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from audit_api.domain.answers import AnswerProblem
from audit_api.domain.checklists import WORDED_TYPES, Checklist, Item
from audit_api.domain.item_rules import Answers, is_adverse, is_answered, is_not_applicable, scorer
from audit_api.domain.relevance import visible_items

FAR_METRES = 300.0
FAILED_BELOW = 50.0
EARTH_RADIUS_METRES = 6_371_008.8
UNANSWERED = ("此题必答；请作答", "this item must be answered")


@dataclass(frozen=True, slots=True)
class Standing:
    """How one item shown stands: photos its answer needs and names, and all that is still missing of it.

    `needed` of a required item without an answer: photos that any answer needs.
    """

    item: Item
    needed: int
    given: int
    problems: tuple[AnswerProblem, ...]


def check_submission(
    checklist: Checklist,
    answers: Answers,
    comments: Mapping[str, str] | None = None,
    photo_counts: Mapping[str, int] | None = None,
    dealer_position: tuple[float, float] | None = None,
) -> list[AnswerProblem]:
    """Return the answers, comments and photos still missing, in the order of the checklist; see ``standings``."""
    found = standings(checklist, answers, comments, photo_counts, dealer_position)
    return [problem for standing in found for problem in standing.problems]


def standings(
    checklist: Checklist,
    answers: Answers,
    comments: Mapping[str, str] | None = None,
    photo_counts: Mapping[str, int] | None = None,
    dealer_position: tuple[float, float] | None = None,
    *,
    later: Set[str] = frozenset(),
) -> list[Standing]:
    """Return how each item shown stands, in the order of the checklist: the one rule of what a submission needs.

    Takes answers that passed ``check_answers``; hidden items ask for nothing. ``photo_counts``: photos named by item;
    ``dealer_position``: (lat, lon) in degrees, WGS-84, to compare the fix of an auto_gps item with; ``later``: items
    that may still be unanswered (see ``follow_ups``). Codes: required, too_short, photos_missing, comment_adverse,
    comment_critical, comment_distance.
    """
    shown = visible_items(checklist, answers)
    counts = photo_counts or {}
    found = []
    for item in checklist.items:
        if item.id not in shown:
            continue
        value, given = answers.get(item.id), counts.get(item.id, 0)
        commented = bool(((comments or {}).get(item.id) or "").strip())
        answered = is_answered(item, value) or (item.type == "photo" and given > 0)
        if answered:
            needed = photos_needed(item, value)
            problems = _problems(item, value, needed, given, dealer_position, commented=commented)
        else:
            owed = item.required and not is_not_applicable(item, value)
            needed = photos_needed(item, value) if owed else 0
            problems = [AnswerProblem(item.id, "required", *UNANSWERED)] if owed and item.id not in later else []
        found.append(Standing(item, needed, given, tuple(problems)))
    return found


def _problems(
    item: Item, value: Any, needed: int, given: int, dealer: tuple[float, float] | None, *, commented: bool
) -> list[AnswerProblem]:
    found = _short(item, value)
    if given < needed:
        found.append(
            AnswerProblem(
                item.id,
                "photos_missing",
                f"需要 {needed} 张照片，现有 {given} 张；请补拍",
                f"needs {needed} photos, has {given}: take what is missing",
            )
        )
    return found if commented else found + _comment(item, value, dealer)


def photos_needed(item: Item, value: Any) -> int:
    """Return how many photos an answer needs under the item's evidence rule."""
    evidence = item.evidence
    needed = (
        evidence.rule == "always"
        or (evidence.rule == "on_fail" and _failed(item, value, FAILED_BELOW))
        or (evidence.rule == "on_adverse" and is_adverse(item, value))
    )
    return evidence.min_photos if needed else 0


def _failed(item: Item, value: Any, below: float) -> bool:
    score = scorer(item)(value) if item.weight and is_answered(item, value) else None
    return score is not None and score < below


def _short(item: Item, value: Any) -> list[AnswerProblem]:
    if item.type not in WORDED_TYPES or len(value.strip()) >= item.min_chars:
        return []
    return [
        AnswerProblem(
            item.id,
            "too_short",
            f"至少 {item.min_chars} 个字符，现有 {len(value.strip())} 个",
            f"at least {item.min_chars} characters, there are {len(value.strip())}",
        )
    ]


def _comment(item: Item, value: Any, dealer: tuple[float, float] | None) -> list[AnswerProblem]:
    """Name the comment an answer without one needs."""
    if is_adverse(item, value):
        return [
            AnswerProblem(
                item.id,
                "comment_adverse",
                "请补充说明：原话、何种职位的人、在哪里",
                "add a comment: the exact words, by whom (role), and where",
            )
        ]
    if item.critical is not None and _failed(item, value, item.critical.fail_below):
        return [
            AnswerProblem(
                item.id,
                "comment_critical",
                "一票否决项未通过；请补充说明所见事实",
                "a critical item failed: add a comment on what was seen",
            )
        ]
    if item.type == "auto_gps" and dealer is not None and value.get("datum", "WGS-84") == "WGS-84":
        away = distance_metres((value["lat"], value["lon"]), dealer)
        if away > FAR_METRES:
            return [
                AnswerProblem(
                    item.id,
                    "comment_distance",
                    f"定位距登记坐标约 {away:.0f} 米；请说明原因",
                    f"the position is about {away:.0f} m from the registered one: say why",
                )
            ]
    return []


def distance_metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance between two (lat, lon) in degrees, by the haversine formula."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_METRES * math.asin(min(1.0, math.sqrt(half)))
