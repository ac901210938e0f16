"""Score a visit: one pure function, from a checklist and its answers to every figure a report shows.

The rules, numbered as in the checklist format: (1) an item counts when visible, answered, not N/A, verified, of
weight > 0 and with a defined score; (2) section = sum(weight x score) / sum(weight), none without such an item;
(3) touchpoint = the same over all its items in whatever section; (4) total = sum(section weight x section score) /
sum(section weight) over sections with a score; (5) caps of failed critical items, lowest wins, never flowing from a
touchpoint into the total; (6) coverage = weight that counts / weight shown; (7) integrity items never count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from audit_api.domain.checklists import Checklist, Critical, Item
from audit_api.domain.item_rules import Answers, is_answered, is_not_applicable, scorer
from audit_api.domain.relevance import visible_items

RULES = 1
"""Version of these rules; stored with every score, so that other rules make another score beside it."""

SECTION_COVERAGE = 0.5
TOTAL_COVERAGE = 0.7
FINDING_BELOW = 50.0


class ItemResult(NamedTuple):
    """What one item contributed. ``reason`` says why an item does not count: hidden, unscored (weight 0),
    unanswered, not_applicable, unverified or no_score (the chosen option has none); it is None when it counts.
    """

    item: str
    section: str
    touchpoint: str
    weight: int
    score: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class SectionScore:
    """Score of a section, None when nothing in it counts. ``insufficient``: under half of its weight counts."""

    code: str
    weight: int
    score: float | None
    applicable_weight: int
    visible_weight: int
    coverage: float | None
    insufficient: bool


@dataclass(frozen=True, slots=True)
class TouchpointScore:
    """Raw and capped score of a touchpoint and the failed critical items that capped it."""

    code: str
    raw: float
    capped: float
    triggered_by: tuple[str, ...]
    applicable_weight: int
    visible_weight: int


@dataclass(frozen=True, slots=True)
class VisitScore:
    """All figures of one visit, 0..100, unrounded."""

    checklist: str
    version: int
    rules: int
    raw: float | None
    capped: float | None
    triggered_by: tuple[str, ...]
    applicable_weight: int
    visible_weight: int
    coverage: float | None
    sections: tuple[SectionScore, ...]
    touchpoints: tuple[TouchpointScore, ...]
    items: tuple[ItemResult, ...]

    @property
    def sufficient(self) -> bool:
        """Whether at least 70 % of the weight shown counts; otherwise quality control returns the report."""
        return self.coverage is not None and self.coverage >= TOTAL_COVERAGE

    def failed_items(self, below: float = FINDING_BELOW) -> tuple[ItemResult, ...]:
        """Return the items that count and score below a limit: each raises a finding."""
        return tuple(result for result in self.items if result.score is not None and result.score < below)

    def as_document(self) -> dict[str, Any]:
        """Return plain dicts, lists, numbers and words, for storage."""
        return {
            "checklist": self.checklist,
            "version": self.version,
            "rules": self.rules,
            "raw": self.raw,
            "capped": self.capped,
            "triggered_by": list(self.triggered_by),
            "applicable_weight": self.applicable_weight,
            "visible_weight": self.visible_weight,
            "coverage": self.coverage,
            "sufficient": self.sufficient,
            "sections": [
                {
                    "code": section.code,
                    "weight": section.weight,
                    "score": section.score,
                    "applicable_weight": section.applicable_weight,
                    "visible_weight": section.visible_weight,
                    "coverage": section.coverage,
                    "insufficient": section.insufficient,
                }
                for section in self.sections
            ],
            "touchpoints": [
                {
                    "code": touchpoint.code,
                    "raw": touchpoint.raw,
                    "capped": touchpoint.capped,
                    "triggered_by": list(touchpoint.triggered_by),
                    "applicable_weight": touchpoint.applicable_weight,
                    "visible_weight": touchpoint.visible_weight,
                }
                for touchpoint in self.touchpoints
            ],
            "items": [result._asdict() for result in self.items],
        }


class _Tally:
    """Running sums of one section or touchpoint."""

    __slots__ = ("counted", "points", "shown")

    def __init__(self) -> None:
        self.points = 0.0
        self.counted = 0
        self.shown = 0


class _Row(NamedTuple):
    item: Item
    section: str
    score: Callable[[Any], float | None]


def score_visit(checklist: Checklist, answers: Answers, unverified: Set[str] = frozenset()) -> VisitScore:
    """Score the answers to a checklist.

    ``answers``: stored values by item id, already passed by ``check_answers``; ``unverified``: ids whose evidence
    quality control rejected. Raises ValueError naming the item for a value that is no answer of it.
    """
    shown = visible_items(checklist, answers)
    sections = {section.code: _Tally() for section in checklist.sections}
    touchpoints: dict[str, _Tally] = {}
    failed: list[tuple[Item, Critical]] = []
    results = []
    for item, section, score_of in checklist.kept(_rows):
        score, reason = _judge(item, score_of, answers.get(item.id), item.id in shown, unverified)
        results.append(ItemResult(item.id, section, item.touchpoint, item.weight, score, reason))
        if reason in ("hidden", "unscored"):
            continue
        touchpoint = touchpoints.setdefault(item.touchpoint, _Tally())
        for tally in (sections[section], touchpoint):
            tally.shown += item.weight
            if score is not None:
                tally.counted += item.weight
                tally.points += item.weight * score
        if score is not None and item.critical is not None and score < item.critical.fail_below:
            failed.append((item, item.critical))
    raw = _total(checklist, sections)
    counted = sum(tally.counted for tally in sections.values())
    visible = sum(tally.shown for tally in sections.values())
    capping = [(item, critical) for item, critical in failed if critical.cap == "total"]
    return VisitScore(
        checklist=checklist.code,
        version=checklist.version,
        rules=RULES,
        raw=raw,
        capped=None if raw is None else _limited(raw, capping),
        triggered_by=tuple(item.id for item, _ in capping),
        applicable_weight=counted,
        visible_weight=visible,
        coverage=counted / visible if visible else None,
        sections=tuple(
            _section(section.code, section.weight, sections[section.code]) for section in checklist.sections
        ),
        touchpoints=tuple(
            _touchpoint(code, tally, failed) for code, tally in sorted(touchpoints.items()) if tally.counted
        ),
        items=tuple(results),
    )


def _rows(checklist: Checklist) -> tuple[_Row, ...]:
    return tuple(_Row(item, section.code, scorer(item)) for section in checklist.sections for item in section.items)


def _judge(
    item: Item, score_of: Callable[[Any], float | None], value: Any, shown: bool, unverified: Set[str]
) -> tuple[float | None, str | None]:
    """Return the score of an item that counts, or the reason why it does not."""
    if not shown:
        return None, "hidden"
    if not item.weight:
        return None, "unscored"
    if not is_answered(item, value):
        return None, "not_applicable" if is_not_applicable(item, value) else "unanswered"
    if item.id in unverified:
        return None, "unverified"
    try:
        score = score_of(value)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{item.id}: {value!r} is no answer of this item") from error
    return score, None if score is not None else "no_score"


def _total(checklist: Checklist, tallies: dict[str, _Tally]) -> float | None:
    """Rule 4. Multiplying before dividing keeps whole-number cases exact."""
    scored = [(section.weight, tallies[section.code]) for section in checklist.sections if section.weight]
    scored = [(weight, tally) for weight, tally in scored if tally.counted]
    if not scored:
        return None
    total = sum(weight * tally.points / tally.counted for weight, tally in scored) / sum(weight for weight, _ in scored)
    return min(100.0, max(0.0, total))  # a sum of fractions can miss the bound by a rounding step


def _limited(raw: float, capping: Iterable[tuple[Item, Critical]]) -> float:
    return min([raw, *(float(critical.max_score) for _, critical in capping)])


def _section(code: str, weight: int, tally: _Tally) -> SectionScore:
    score = tally.points / tally.counted if tally.counted else None
    coverage = tally.counted / tally.shown if tally.shown else None
    insufficient = coverage is not None and coverage < SECTION_COVERAGE
    return SectionScore(code, weight, score, tally.counted, tally.shown, coverage, insufficient)


def _touchpoint(code: str, tally: _Tally, failed: Iterable[tuple[Item, Critical]]) -> TouchpointScore:
    capping = [(item, cap) for item, cap in failed if cap.cap == "touchpoint" and item.touchpoint == code]
    raw = tally.points / tally.counted
    triggered = tuple(item.id for item, _ in capping)
    return TouchpointScore(code, raw, _limited(raw, capping), triggered, tally.counted, tally.shown)


def audit_levels(results: Iterable[ItemResult], without: Set[str] = frozenset()) -> dict[str, float]:
    """Return raw touchpoint scores over the items that count and are not in ``without``.

    The survey-audit gap takes these, without the items the gaming playbook cites as traces.
    """
    points: dict[str, float] = {}
    weights: dict[str, int] = {}
    for result in results:
        if result.score is not None and result.item not in without:
            points[result.touchpoint] = points.get(result.touchpoint, 0.0) + result.weight * result.score
            weights[result.touchpoint] = weights.get(result.touchpoint, 0) + result.weight
    return {code: points[code] / weights[code] for code in sorted(points)}


def shown_score(score: float) -> float:
    """Round a score for people: one decimal, half up. Thresholds are compared with the unrounded value."""
    return float(Decimal(repr(score)).quantize(Decimal("0.1"), ROUND_HALF_UP))
