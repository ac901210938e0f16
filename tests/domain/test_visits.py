"""The life of a visit: every state against every event, and what follows from a state."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain import visits
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.visits import Event, State, Verdict

# One row a state; columns as in EVENTS. "-" is refused.
EVENTS = ("receive", "submit", "take_up", "follow_up", "return", "approve", "release", "void")
TABLE = {
    "assigned": ("started", "-", "-", "-", "-", "-", "-", "void"),
    "started": ("started", "submitted", "-", "-", "-", "-", "-", "void"),
    "submitted": ("-", "-", "in_qc", "submitted", "-", "-", "-", "void"),
    "in_qc": ("-", "-", "-", "in_qc", "returned", "approved", "-", "void"),
    "returned": ("returned", "submitted", "-", "-", "-", "-", "-", "void"),
    "approved": ("-", "-", "-", "-", "-", "-", "released", "void"),
    "released": ("-", "-", "-", "-", "-", "-", "-", "void"),
    "void": ("-", "-", "-", "-", "-", "-", "-", "-"),
}


def test_the_table_covers_every_state_and_event():
    assert set(TABLE) == {state.value for state in State}
    assert set(EVENTS) == {event.value for event in Event}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(Event))
def test_every_state_and_event(state, event):
    expected = TABLE[state.value][EVENTS.index(event.value)]
    assert visits.after(state, event) == (None if expected == "-" else State(expected))


@pytest.mark.parametrize("state", list(State))
def test_effects_follow_from_the_state(state):
    assert visits.is_locked(state) == (state.value not in ("assigned", "started", "returned"))
    assert visits.is_visible_to_dealer(state) == (state.value == "released")
    assert visits.is_active(state) == (state.value != "void")


@pytest.mark.parametrize(
    ("state", "offered", "verdict"),
    [
        *((state, (3, "a"), Verdict.REPEATED) for state in State),
        *((state, (3, "b"), Verdict.SAME_REVISION) for state in State),
        *((state, (2, "a"), Verdict.STALE) for state in State),
        (State.STARTED, (4, "b"), Verdict.NEXT),
        (State.RETURNED, (9, "b"), Verdict.NEXT),
        (State.SUBMITTED, (4, "b"), Verdict.LOCKED),
        (State.IN_QC, (4, "b"), Verdict.LOCKED),
        (State.APPROVED, (4, "b"), Verdict.LOCKED),
        (State.RELEASED, (4, "b"), Verdict.LOCKED),
        (State.VOID, (4, "b"), Verdict.LOCKED),
    ],
)
def test_content_is_judged_by_revision_and_hash(state, offered, verdict):
    assert visits.judge_revision(state, (3, "a"), offered) == verdict


def test_layout_does_not_change_the_hash_but_content_does():
    one = {"revision": 1, "observations": [{"item": "A", "value": 1}]}
    assert visits.content_hash(one) == visits.content_hash(dict(reversed(one.items())))
    assert visits.content_hash(one) != visits.content_hash(one | {"revision": 2})


def test_covert_results_are_held_and_announced_ones_are_not():
    ended = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    assert visits.earliest_release_at("covert", ended, 7, "Asia/Shanghai") == datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
    assert visits.earliest_release_at("announced", ended, 7, "Asia/Shanghai") == ended
    assert visits.earliest_release_at("covert", ended, 0, "Asia/Shanghai") == ended


@given(
    st.integers(0, 10 * 365 * 24 * 60).map(
        lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.integers(0, 30),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_hold_is_never_shorter_than_its_days_by_hour_or_by_clock(ended, days, zone):
    release = visits.earliest_release_at("covert", ended, days, zone)
    assert release - ended >= timedelta(days=days)
    clock_of = lambda t: t.astimezone(ZoneInfo(zone)).replace(tzinfo=None)  # noqa: E731
    # A wall clock can be set back across the release itself; never by more than that step.
    assert clock_of(release) - clock_of(ended) >= timedelta(days=days) - timedelta(hours=1)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T03:59:59+00:00", ("2026-11-20", "am")),
        ("2026-11-20T04:00:00+00:00", ("2026-11-20", "pm")),
        ("2026-11-19T16:00:00+00:00", ("2026-11-20", "am")),
        ("2026-11-20T15:59:59+00:00", ("2026-11-20", "pm")),
    ],
)
def test_half_days_are_the_dealers(moment, expected):
    half = visits.half_day(datetime.fromisoformat(moment), "Asia/Shanghai")
    assert (half.date, half.half) == expected


def test_a_wrong_phone_clock_does_not_shorten_the_hold():
    window, submitted = datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert visits.visit_end(datetime(2025, 1, 1, tzinfo=UTC), window, submitted) == window
    assert visits.visit_end(datetime(2099, 1, 1, tzinfo=UTC), window, submitted) == submitted
    honest = datetime(2026, 11, 18, tzinfo=UTC)
    assert visits.visit_end(honest, window, submitted) == honest


def test_dealers_are_shown_no_integrity_item_position_or_clock_time():
    for checklist in packaged_checklists():
        shown = [i for i in checklist.items if visits.is_shown_to_dealer(i, checklist.mode)]
        assert shown
        assert not [i.id for i in shown if i.integrity or i.type in ("auto_gps", "auto_time")]
        if checklist.mode == "covert":
            assert all(i.weight > 0 for i in shown)
        assert {i.id for i in checklist.items if i.weight > 0} <= {i.id for i in shown}
