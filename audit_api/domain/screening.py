"""How questionnaires and visits become the rows of a screening: the columns of docs/detection.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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


Statement = tuple[int, tuple[str | int, ...]]
"""Where a customer's statement stands among the answers, and which answers make it."""


@dataclass(frozen=True)
class ResponsePlan:
    """Where a questionnaire's version keeps what a screening reads; every place counts from 0 in `answers`."""

    rated: tuple[RatedColumn, ...]
    facts: Mapping[str, tuple[int, str, str]]  # touchpoint -> place, favourable answer, its opposite
    coaching: Statement | None
    incentive: Statement | None

    def places(self) -> int:
        """Return how many answers from the first on have to be read."""
        known = [column.place for column in self.rated] + [place for place, *_ in self.facts.values()]
        known += [statement[0] for statement in (self.coaching, self.incentive) if statement]
        return max(known, default=-1) + 1


@dataclass(frozen=True, slots=True)
class AuditColumns:
    """Hold the audited items of visits: the number of the visit, criterion, touchpoint, passed 0/1, severity 1..3."""

    visit: list[int]
    criterion: list[str]
    touchpoint: list[str]
    passed: list[float]
    severity: list[float]


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


def _statement(questionnaire: Questionnaire, signal: str) -> Statement | None:
    for place, item in enumerate(questionnaire.items):
        if item.role == "integrity" and item.signal == signal:
            return place, item.adverse
    return None


def audit_columns(visits: Iterable[Mapping[str, Any]], checklist_of: Callable[[str, int], Checklist]) -> AuditColumns:
    """Give one row for each scored item of the visits: passed from 50, severity 3 critical, 2 weight 4 or more, else 1.

    Items the gaming playbook cites as traces are left out: they would count the same evidence twice. The mode
    must be covert or announced. `visit` numbers the visits in the order given.
    """
    rows = AuditColumns([], [], [], [], [])
    critical: dict[str, set[str]] = {}
    for number, visit in enumerate(visits):
        code, version = visit["checklist"]["code"], visit["checklist"]["version"]
        key = f"{code}:{version}"
        if key not in critical:
            critical[key] = {item.id for item in checklist_of(code, version).items if item.critical is not None}
        grave = critical[key]
        for result in visit["score"]["items"]:
            item, score = result["item"], result["score"]
            if score is None or item in PLAYBOOK_TRACES:
                continue
            rows.visit.append(number)
            rows.criterion.append(item)
            rows.touchpoint.append(result["touchpoint"])
            rows.passed.append(1.0 if score >= PASSED_FROM else 0.0)
            rows.severity.append(3.0 if item in grave else 2.0 if result["weight"] >= HEAVY_WEIGHT else 1.0)
    return rows


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
