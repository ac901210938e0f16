"""What a later answer under a known id changes: the first answer counts, the edit itself may be a signal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from audit_api.domain.questionnaires import RATED_ROLES, Questionnaire

UP, DOWN, LEVEL = "up", "down", "level"
DIRECTIONS = (UP, DOWN, LEVEL)


def mark_change(
    before: Questionnaire, first: Sequence[Any], after: Questionnaire, later: Sequence[Any]
) -> float | None:
    """Return the mean change of the rated answers given both times, in shares of their scales (-1..1).

    None where no driver or outcome was rated both times. Items are matched by id: the two may be of other versions.
    """
    marks = dict(_marks(before, first))
    changes = [mark - marks[item] for item, mark in _marks(after, later) if item in marks]
    return sum(changes) / len(changes) if changes else None


def direction(change: float | None) -> str:
    """Tell which way an edit went: up, down, or level where no mark or not their mean changed."""
    return LEVEL if not change or abs(change) < 1e-9 else UP if change > 0 else DOWN


def edited_at(first_submitted_at: datetime, submitted_at: datetime, received_at: datetime) -> datetime:
    """Tell when an edit was made: the later time of submission it brings, else when it was received."""
    return submitted_at if submitted_at > first_submitted_at else received_at


def _marks(questionnaire: Questionnaire, answers: Sequence[Any]) -> list[tuple[str, float]]:
    found = []
    for item, answer in zip(questionnaire.items, answers, strict=False):
        bounds = questionnaire.range_of(item.id) if item.role in RATED_ROLES and isinstance(answer, int) else None
        if bounds is not None:
            found.append((item.id, (answer - bounds[0]) / (bounds[1] - bounds[0])))
    return found
