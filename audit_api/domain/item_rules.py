"""What one answer to one item means: answered, not applicable, adverse, and its score."""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

from audit_api.domain.checklists import NOT_APPLICABLE, WORDED_TYPES, Item

Answers = Mapping[str, Any]
"""Stored values by item id; absent or None is unanswered, "na" is not applicable."""

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def is_not_applicable(item: Item, value: object) -> bool:
    """Tell whether a value means N/A; in a text that offers no N/A, "na" is just what somebody wrote."""
    return value == NOT_APPLICABLE and (item.allow_na or item.type not in WORDED_TYPES)


def is_answered(item: Item, value: object) -> bool:
    """Tell whether a value is an answer: neither missing, blank nor N/A. Nothing ticked is an answer."""
    if value is None or is_not_applicable(item, value):
        return False
    if item.type == "photo":
        return bool(value)
    return not (isinstance(value, str) and not value.strip())


def is_adverse(item: Item, value: object) -> bool:
    """Tell whether an integrity item was answered adversely; an item that only opens the next never is."""
    integrity = item.integrity
    if integrity is None or integrity.op == "context" or not is_answered(item, value):
        return False
    if integrity.op == "in":
        given = value if isinstance(value, list | tuple) else (value,)
        return any(one in integrity.values for one in given)
    try:
        return COMPARE[integrity.op](value, integrity.values[0])
    except TypeError:
        return False


def scorer(item: Item) -> Callable[[Any], float | None]:
    """Return the function from an answer to its score 0..100, or to None where the answer has no score.

    The function raises KeyError or TypeError for a value that is no answer of the item.
    """
    if item.type == "yes_no":
        return {"yes": 0.0, "no": 0.0, item.pass_on or "yes": 100.0}.__getitem__
    if item.type == "scale5":
        return {level: (level - 1) * 25.0 for level in range(1, 6)}.__getitem__
    if item.type == "single":
        return {option.code: option.score for option in item.options}.__getitem__
    if item.type == "multi":
        return _sum_capped({option.code: option.score or 0.0 for option in item.options})
    return _banded(item)


def _sum_capped(scores: Mapping[str, float]) -> Callable[[Any], float | None]:
    def score(ticked: Any) -> float:
        return min(100.0, sum((scores[code] for code in ticked), 0.0))

    return score


def _banded(item: Item) -> Callable[[Any], float | None]:
    """Score by the first band whose ``up_to`` is not below the value; the last band has no end."""
    ends = [band.up_to for band in item.bands if band.up_to is not None]
    scores = [band.score for band in item.bands]

    def score(value: Any) -> float:
        return scores[bisect_left(ends, value)]

    return score
