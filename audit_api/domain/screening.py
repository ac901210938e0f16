"""How questionnaires and visits become the rows of a screening: the columns of docs/detection.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from audit_api.domain.checklists import Checklist
from audit_api.domain.questionnaires import Questionnaire, SurveyItem
from audit_api.domain.touchpoints import PLAYBOOK_TRACES

PASSED_FROM = 50.0
HEAVY_WEIGHT = 4
KINDS = {"covert": "mystery", "announced": "announced"}
OUTCOMES = ("overall", "recommend")
"""The first outcome item is the overall mark, the second the recommendation; later ones are not screened."""
COACHING, INCENTIVE = "G05", "G06"
YOUNG_YEARS, SETTLED_YEARS = 2, 5


@dataclass(frozen=True, slots=True)
class RatedColumn:
    """One rated item: its place among the answers, column name (q_…), touchpoint (an outcome: its word) and scale."""

    place: int
    name: str
    touchpoint: str
    minimum: float
    maximum: float
    is_outcome: bool


@dataclass(frozen=True)
class ResponsePlan:
    """Where a questionnaire's version keeps what a screening reads; every place counts from 0 in `answers`."""

    rated: tuple[RatedColumn, ...]
    facts: Mapping[str, tuple[int, str, str]]  # touchpoint -> place, favourable answer, its opposite
    coaching: tuple[int, tuple[str | int, ...]] | None
    incentive: tuple[int, tuple[str | int, ...]] | None

    def answers(self, given: Sequence[Any], names: Sequence[str]) -> list[float | None]:
        """Return the marks of the named columns, None where not answered or not applicable."""
        places = {column.name: column.place for column in self.rated}
        return [_mark(given[places[name]]) if name in places else None for name in names]

    def stated(self, given: Sequence[Any], touchpoints: Sequence[str]) -> list[float | None]:
        """Return 1 where a fact speaks for the dealer, 0 against, None where unsure or not asked."""
        out: list[float | None] = []
        for touchpoint in touchpoints:
            place, favourable, opposite = self.facts.get(touchpoint, (0, "", ""))
            answer = given[place] if favourable else None
            out.append(1.0 if answer == favourable else 0.0 if answer == opposite else None)
        return out

    def mentions(self, given: Sequence[Any]) -> tuple[float | None, float | None]:
        """Return whether the customer speaks of an incentive and of coaching: 1, 0, or None where unsure."""
        return _mention(given, self.incentive), _mention(given, self.coaching)


def response_plan(questionnaire: Questionnaire) -> ResponsePlan:
    """Plan which answers are rated items, facts and statements."""
    seen: dict[str, int] = {}
    rated = []
    outcomes = iter(OUTCOMES)
    facts: dict[str, tuple[int, str, str]] = {}
    for place, item in enumerate(questionnaire.items):
        if item.role == "driver":
            seen[item.touchpoint] = number = seen.get(item.touchpoint, 0) + 1
            name = f"q_{item.touchpoint}" + (f"__{number}" if number > 1 else "")
            rated.append(_rated(questionnaire, item, place, name, item.touchpoint))
        elif item.role == "outcome" and (word := next(outcomes, None)):
            rated.append(_rated(questionnaire, item, place, f"q_{word}", word))
        elif item.role == "fact" and item.favourable and item.touchpoint not in facts:
            opposite = {"yes": "no", "no": "yes"}.get(item.favourable, "")
            facts[item.touchpoint] = (place, item.favourable, opposite)
    return ResponsePlan(tuple(rated), facts, _statement(questionnaire, COACHING), _statement(questionnaire, INCENTIVE))


def _rated(questionnaire: Questionnaire, item: SurveyItem, place: int, name: str, touchpoint: str) -> RatedColumn:
    marks = [value for value in questionnaire.values_by_id[item.id] or () if isinstance(value, int)]
    return RatedColumn(place, name, touchpoint, float(min(marks)), float(max(marks)), item.role == "outcome")


def _statement(questionnaire: Questionnaire, signal: str) -> tuple[int, tuple[str | int, ...]] | None:
    for place, item in enumerate(questionnaire.items):
        if item.role == "integrity" and item.signal == signal:
            return place, item.adverse
    return None


def _mark(answer: Any) -> float | None:
    return float(answer) if isinstance(answer, int) else None


def _mention(given: Sequence[Any], statement: tuple[int, tuple[str | int, ...]] | None) -> float | None:
    if statement is None or given[statement[0]] in (None, "unsure", "na"):
        return None
    return 1.0 if given[statement[0]] in statement[1] else 0.0


def audit_rows(visit: Mapping[str, Any], checklist: Checklist) -> Iterator[dict[str, Any]]:
    """Yield one row for each scored item of a visit: passed from 50, severity 3 critical, 2 weight 4 or more, else 1.

    Items the gaming playbook cites as traces are left out: they would count the same evidence twice. The mode
    must be covert or announced.
    """
    for result in visit["score"]["items"]:
        if result["score"] is None or result["item"] in PLAYBOOK_TRACES:
            continue
        item = checklist.item(result["item"])
        yield {
            "dealer_id": visit["dealer"],
            "visit": visit["_id"],
            "kind": KINDS[visit["mode"]],
            "touchpoint": result["touchpoint"],
            "criterion": result["item"],
            "passed": int(result["score"] >= PASSED_FROM),
            "severity": 3 if item.critical is not None else 2 if result["weight"] >= HEAVY_WEIGHT else 1,
            "auditor_id": visit["auditor"],
            "selected_by": visit["selected_by"],
        }


def store_age_band(opened_on: str, on: date) -> str:
    """Name the age of a store on a day: under 2, 2 to 5, over 5 years; "" where its opening is not known."""
    try:
        years = (on - date.fromisoformat(opened_on)).days / 365.25
    except ValueError:
        return ""
    return "under 2" if years < YOUNG_YEARS else "2 to 5" if years <= SETTLED_YEARS else "over 5"


def union_of_columns(plans: Iterable[ResponsePlan]) -> tuple[RatedColumn, ...]:
    """Join the rated columns of several versions by name; the first plan to name a column describes it."""
    found: dict[str, RatedColumn] = {}
    for plan in plans:
        for column in plan.rated:
            found.setdefault(column.name, column)
    return tuple(found[name] for name in sorted(found))
