"""The life of a flag: every state with every event, and what a decision needs."""

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.flags import (
    DECIDED,
    LOOK_ALIKES,
    Decision,
    DecisionRefused,
    FlagEvent,
    FlagState,
    Outcome,
    after,
    decide,
    decide_appeal,
    first_state,
    step,
)

AT = datetime(2026, 4, 1, tzinfo=UTC)
# Written out by hand from detection.md and the playbook's evidence grades, not derived from the code.
EXPECTED = """
                          watch         open         asked        replied      confirmed dismissed inconclusive
ask                       -             asked        -            asked        -         -         -
reply                     -             -            replied      replied      -         -         -
first_confirm             -             -            -            replied      -         -         -
second_confirm            -             -            -            confirmed    -         -         -
first_confirm_unanswered  -             -            asked        -            -         -         -
second_confirm_unanswered -             -            confirmed    -            -         -         -
first_dismiss             dismissed     open         asked        replied      -         -         -
second_dismiss            -             dismissed    dismissed    dismissed    -         -         -
first_leave               inconclusive  open         asked        replied      -         -         -
second_leave              -             inconclusive inconclusive inconclusive -         -         -
appeal                    -             -            -            -            confirmed -         -
uphold                    -             -            -            -            confirmed -         -
overturn_dismiss          -             -            -            -            dismissed -         -
overturn_leave            -             -            -            -            inconclusive -      -
"""


def table():
    header, *lines = EXPECTED.strip("\n").splitlines()
    return {
        (state, line.split()[0]): cell
        for line in lines
        for state, cell in zip(header.split(), line.split()[1:], strict=True)
    }


def test_the_table_is_complete():
    assert set(table()) == set(product(FlagState, FlagEvent))


@pytest.mark.parametrize(("state", "event"), list(product(FlagState, FlagEvent)))
def test_every_state_with_every_event(state, event):
    expected = table()[(state, event)]
    assert after(state, event) == (None if expected == "-" else expected)
    if expected == "-":
        with pytest.raises(DecisionRefused) as refused:
            step(state, event)
        assert refused.value.zh
        assert refused.value.en
    else:
        assert step(state, event) == expected


def decision(outcome="confirmed", by="anna", reason="the evidence stands up", look_alike="", revision=1):
    return Decision(Outcome(outcome), reason, look_alike, by, AT, revision)


def test_a_confirmation_needs_the_dealer_heard_and_a_second_person():
    first = decision(by="anna")
    with pytest.raises(DecisionRefused, match="asked and heard"):
        decide(FlagState.OPEN, [], first)
    with pytest.raises(DecisionRefused, match="reply"):
        decide(FlagState.ASKED, [], first)
    assert decide(FlagState.ASKED, [], first, silent=True) is FlagState.ASKED
    assert decide(FlagState.ASKED, [first], decision(by="ben"), silent=True) is FlagState.CONFIRMED
    assert decide(FlagState.REPLIED, [], first) is FlagState.REPLIED
    with pytest.raises(DecisionRefused, match="second person"):
        decide(FlagState.REPLIED, [first], decision(by="anna"))
    assert decide(FlagState.REPLIED, [first], decision(by="ben")) is FlagState.CONFIRMED


def test_two_people_have_to_say_the_same():
    anna = decision("dismissed", by="anna", look_alike="L05")
    assert decide(FlagState.OPEN, [anna], decision("dismissed", by="ben", look_alike="L06")) is FlagState.OPEN
    assert decide(FlagState.OPEN, [anna], decision("inconclusive", by="ben")) is FlagState.OPEN
    assert decide(FlagState.OPEN, [anna], decision("dismissed", by="ben", look_alike="L05")) is FlagState.DISMISSED
    changed = [anna, decision("inconclusive", by="anna")]
    # Who has changed their mind stands by the last word alone.
    assert decide(FlagState.OPEN, changed, decision("dismissed", by="ben", look_alike="L05")) is FlagState.OPEN
    assert decide(FlagState.OPEN, changed, decision("inconclusive", by="ben")) is FlagState.INCONCLUSIVE


def test_a_word_given_before_the_reply_no_longer_counts():
    """Who decided on revision 2 has not read the reply that made revision 3."""
    before = decision(by="anna", revision=2)
    again = decision(by="anna", revision=3)
    assert decide(FlagState.REPLIED, [before], decision(by="ben", revision=3), heard_revision=3) is FlagState.REPLIED
    assert decide(FlagState.REPLIED, [before], again, heard_revision=3) is FlagState.REPLIED
    assert decide(FlagState.REPLIED, [before, again], decision(by="ben"), heard_revision=3) is FlagState.CONFIRMED


def test_an_appeal_is_decided_by_somebody_uninvolved():
    involved = frozenset({"anna", "ben"})
    with pytest.raises(DecisionRefused, match="uninvolved"):
        decide_appeal(FlagState.CONFIRMED, involved, decision(by="ben"), pending=True)
    with pytest.raises(DecisionRefused, match="No appeal"):
        decide_appeal(FlagState.CONFIRMED, involved, decision(by="cleo"), pending=False)
    for outcome, look_alike in (("confirmed", ""), ("inconclusive", ""), ("dismissed", "L09")):
        reached = decide_appeal(
            FlagState.CONFIRMED, involved, decision(outcome, "cleo", look_alike=look_alike), pending=True
        )
        assert reached == outcome


STEPS = st.lists(
    st.tuples(st.sampled_from(["anna", "ben", "cleo"]), st.sampled_from([*Outcome, "ask", "reply"]), st.booleans()),
    max_size=12,
)


@given(STEPS)
def test_nobody_ends_a_flag_alone_nor_unheard(steps):
    """Whatever is tried in whatever order, a flag ends by two people, and is confirmed only after the hearing."""
    state, taken, heard, revision, may_confirm = FlagState.OPEN, [], 1, 1, False
    for by, what, silent in steps:
        try:
            if what in ("ask", "reply"):
                state = step(state, FlagEvent(what))
                heard = revision + 1
                may_confirm = what == "reply"
            else:
                one = decision(what, by, look_alike="L05" if what is Outcome.DISMISSED else "", revision=revision)
                asked = state is FlagState.ASKED
                state = decide(state, taken, one, heard_revision=heard, silent=silent)
                taken.append(one)
                may_confirm = may_confirm or (asked and silent)
        except DecisionRefused:
            continue
        revision += 1
        if state in DECIDED:
            last = [d for d in taken if d.revision >= heard and d.outcome == state]
            assert len({d.by for d in last}) >= 2
            assert state is not FlagState.CONFIRMED or may_confirm
            break


@pytest.mark.parametrize("code", sorted(LOOK_ALIKES))
def test_a_dismissal_names_its_look_alike(code):
    first = decision("dismissed", look_alike=code)
    assert decide(FlagState.OPEN, [first], decision("dismissed", "ben", look_alike=code)) is FlagState.DISMISSED
    assert decide(FlagState.WATCH, [], first) is FlagState.DISMISSED
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
