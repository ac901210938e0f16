"""An auditor's case: a question a screening raised about an auditor, its states, and who may end it how.

Never a dealer's flag: nothing is asked through the system, and neither auditors nor dealers ever see it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from audit_api.domain.flags import DecisionRefused, check_reason, said_before


class CaseState(StrEnum):
    """Where a case stands. `watch` is a note among reviewers: it can be closed and never confirmed."""

    WATCH = "watch"
    OPEN = "open"
    CONFIRMED = "confirmed"
    EXPLAINED = "explained"
    COACHING = "coaching"


class CaseOutcome(StrEnum):
    """What a reviewer decides: visits were not done as reported; an honest cause; the auditor needs guidance."""

    CONFIRMED = "confirmed"
    EXPLAINED = "explained"
    COACHING = "coaching"


class CaseEvent(StrEnum):
    """What can happen to a case."""

    FIRST_CONFIRM = "first_confirm"
    SECOND_CONFIRM = "second_confirm"
    EXPLAIN = "explain"
    COACH = "coach"


_S, _E = CaseState, CaseEvent
TRANSITIONS: Mapping[tuple[CaseState, CaseEvent], CaseState] = MappingProxyType(
    {
        (_S.WATCH, _E.EXPLAIN): _S.EXPLAINED,
        (_S.WATCH, _E.COACH): _S.COACHING,
        # What may cost somebody the work takes two people; the first one's word changes nothing yet.
        (_S.OPEN, _E.FIRST_CONFIRM): _S.OPEN,
        (_S.OPEN, _E.SECOND_CONFIRM): _S.CONFIRMED,
        (_S.OPEN, _E.EXPLAIN): _S.EXPLAINED,
        (_S.OPEN, _E.COACH): _S.COACHING,
    }
)
"""Every transition there is; a pair that is not here is refused."""

DECIDED = frozenset({CaseState.CONFIRMED, CaseState.EXPLAINED, CaseState.COACHING})


@dataclass(frozen=True, slots=True)
class CaseDecision:
    """What one person decided about a case, and why; `revision` is the one that person had read."""

    outcome: CaseOutcome
    reason: str
    by: str
    at: datetime
    revision: int = 1


def first_state(grade: str) -> CaseState | None:
    """Return the state a screening's grade begins with; None where it raises no question."""
    return {"flag": CaseState.OPEN, "watch": CaseState.WATCH}.get(grade)


def decide(state: CaseState, taken: Sequence[CaseDecision], decision: CaseDecision) -> CaseState:
    """Return the state after a decision; `taken` are those before it. Raises DecisionRefused.

    A decision needs its reason; `confirmed` ends a case when a second person says the same, the others at once.
    """
    check_reason(decision.reason)
    same = {before.by for before in taken if before.outcome is decision.outcome}
    if decision.by in same:
        raise said_before()
    reached = TRANSITIONS.get((state, _event(decision.outcome, agreed=bool(same))))
    if reached is None:
        raise DecisionRefused("", *_refusal(state))
    return reached


def _event(outcome: CaseOutcome, *, agreed: bool) -> CaseEvent:
    if outcome is CaseOutcome.CONFIRMED:
        return CaseEvent.SECOND_CONFIRM if agreed else CaseEvent.FIRST_CONFIRM
    return CaseEvent.EXPLAIN if outcome is CaseOutcome.EXPLAINED else CaseEvent.COACH


def _refusal(state: CaseState) -> tuple[str, str]:
    if state in DECIDED:
        return "该案已有结论", "The case is decided already"
    return "关注只是内部记录，不能确认", "A watch is an internal note: it cannot be confirmed"
