"""The life of an auditor's case: every state and event, two people for the hard outcome."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit_api.domain import auditor_cases
from audit_api.domain.auditor_cases import CaseDecision, CaseEvent, CaseOutcome, CaseState, decide
from audit_api.domain.flags import DecisionRefused

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
REASON = "Called the dealer; nobody came that day"
# Per state: first confirm, second confirm, explain, coach.
TABLE = {
    "watch": ("-", "-", "explained", "coaching"),
    "open": ("open", "confirmed", "explained", "coaching"),
    "confirmed": "----",
    "explained": "----",
    "coaching": "----",
}
EVENTS = ("first_confirm", "second_confirm", "explain", "coach")


def said(outcome, by, reason=REASON):
    return CaseDecision(CaseOutcome(outcome), reason, by, NOW)


def test_the_table_knows_every_state_and_event():
    assert set(TABLE) == {state.value for state in CaseState}
    assert set(EVENTS) == {event.value for event in CaseEvent}
    for state in CaseState:
        for number, event in enumerate(EVENTS):
            expected = TABLE[state.value][number]
            reached = auditor_cases.TRANSITIONS.get((state, CaseEvent(event)))
            assert reached == (None if expected == "-" else CaseState(expected)), (state, event)
    assert {state.value for state in auditor_cases.DECIDED} == {s for s in TABLE if TABLE[s] == "----"}


def test_a_grade_begins_a_case_or_none():
    begun = [auditor_cases.first_state(grade) for grade in ("flag", "watch", "none", "not_assessable")]
    assert begun == [CaseState.OPEN, CaseState.WATCH, None, None]


def test_a_confirmation_takes_two_people():
    first = said("confirmed", "anna")
    assert decide(CaseState.OPEN, [], first) is CaseState.OPEN
    with pytest.raises(DecisionRefused, match="second person"):
        decide(CaseState.OPEN, [first], said("confirmed", "anna"))
    assert decide(CaseState.OPEN, [first], said("confirmed", "ben")) is CaseState.CONFIRMED


@pytest.mark.parametrize("outcome", ["explained", "coaching"])
def test_what_does_no_harm_takes_one(outcome):
    for state in (CaseState.OPEN, CaseState.WATCH):
        assert decide(state, [], said(outcome, "anna")).value == outcome
    assert decide(CaseState.OPEN, [said("confirmed", "anna")], said(outcome, "anna")).value == outcome


@pytest.mark.parametrize("outcome", list(CaseOutcome))
def test_a_decision_says_why(outcome):
    with pytest.raises(DecisionRefused) as refused:
        decide(CaseState.OPEN, [], said(outcome, "anna", "   too  "))
    assert refused.value.field == "reason"


def test_a_watch_is_never_confirmed_and_what_is_decided_stays():
    with pytest.raises(DecisionRefused, match="internal note"):
        decide(CaseState.WATCH, [], said("confirmed", "anna"))
    with pytest.raises(DecisionRefused, match="decided already"):
        decide(CaseState.CONFIRMED, [], said("explained", "carla"))
