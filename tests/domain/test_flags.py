"""The life of a flag: every state with every event, and what a decision needs."""

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.flags import (
    LOOK_ALIKES,
    Decision,
    DecisionRefused,
    FlagEvent,
    FlagState,
    Outcome,
    after,
    decide,
    first_state,
)

AT = datetime(2026, 4, 1, tzinfo=UTC)
# Written out by hand from detection.md and the playbook's evidence grades, not derived from the code.
EXPECTED = """
             ask     reply    first_confirm  second_confirm  dismiss    leave
watch        -       -        -              -               dismissed  inconclusive
open         asked   -        open           confirmed       dismissed  inconclusive
asked        -       replied  -              -               dismissed  inconclusive
replied      -       -        replied        confirmed       dismissed  inconclusive
confirmed    -       -        -              -               -          -
dismissed    -       -        -              -               -          -
inconclusive -       -        -              -               -          -
"""


def table():
    header, *lines = EXPECTED.strip("\n").splitlines()
    return {
        (line.split()[0], event): cell
        for line in lines
        for event, cell in zip(header.split(), line.split()[1:], strict=True)
    }


def test_the_table_is_complete():
    assert set(table()) == set(product(FlagState, FlagEvent))


@pytest.mark.parametrize(("state", "event"), list(product(FlagState, FlagEvent)))
def test_every_state_with_every_event(state, event):
    expected = table()[(state, event)]
    assert after(state, event) == (None if expected == "-" else expected)


def decision(outcome="confirmed", by="anna", reason="the evidence stands up", look_alike=""):
    return Decision(Outcome(outcome), reason, look_alike, by, AT)


def test_a_confirmation_needs_a_second_person():
    first = decision(by="anna")
    assert decide(FlagState.OPEN, [], first) is FlagState.OPEN
    with pytest.raises(DecisionRefused, match="second person"):
        decide(FlagState.OPEN, [first], decision(by="anna"))
    assert decide(FlagState.OPEN, [first], decision(by="ben")) is FlagState.CONFIRMED


@given(st.sampled_from(FlagState), st.lists(st.sampled_from(["anna", "ben", "cleo"]), max_size=4), st.text(max_size=6))
def test_nobody_confirms_alone(state, before, by):
    """Whatever came before, a flag becomes confirmed only where somebody else has confirmed it."""
    taken = [decision(by=name) for name in before]
    try:
        reached = decide(state, taken, decision(by=by))
    except DecisionRefused:
        return
    assert (reached is FlagState.CONFIRMED) == bool(set(before) - {by})


@pytest.mark.parametrize("code", sorted(LOOK_ALIKES))
def test_a_dismissal_names_its_look_alike(code):
    assert decide(FlagState.OPEN, [], decision("dismissed", look_alike=code)) is FlagState.DISMISSED
    assert LOOK_ALIKES[code].zh
    assert LOOK_ALIKES[code].en


def test_the_look_alikes_are_the_playbooks():
    assert list(LOOK_ALIKES) == [f"L{n:02d}" for n in range(1, 19)]


@pytest.mark.parametrize(
    ("outcome", "changes", "field"),
    [
        ("dismissed", {}, "look_alike"),
        ("dismissed", {"look_alike": "L19"}, "look_alike"),
        ("confirmed", {"look_alike": "L01"}, "look_alike"),
        ("confirmed", {"reason": "  short   "}, "reason"),
        ("inconclusive", {"reason": ""}, "reason"),
    ],
)
def test_what_a_decision_lacks_is_named(outcome, changes, field):
    with pytest.raises(DecisionRefused) as refused:
        decide(FlagState.OPEN, [], decision(outcome, **changes))
    assert refused.value.field == field


@pytest.mark.parametrize("state", [FlagState.CONFIRMED, FlagState.DISMISSED, FlagState.INCONCLUSIVE])
@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_is_decided_stays_decided(state, outcome):
    look_alike = "L01" if outcome is Outcome.DISMISSED else ""
    with pytest.raises(DecisionRefused, match="decided already"):
        decide(state, [], decision(outcome, look_alike=look_alike))


def test_only_a_flag_begins_open():
    assert first_state("flag") is FlagState.OPEN
    assert first_state("watch") is FlagState.WATCH
