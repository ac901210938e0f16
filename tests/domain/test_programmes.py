"""Waves and windows: local dates, daylight saving, bounds."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain import programmes
from audit_api.domain.programmes import AssignmentRequest, Wave, parse_assignment, wave_bounds, window_moment

ZONES = [
    "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Beirut", "America/Havana",
    "America/Asuncion", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC",
]  # fmt: skip
DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))


def a_wave(code="W1", starts_at=datetime(2026, 7, 1, tzinfo=UTC), days=30):
    return Wave(code, "P1", "Aurora", "Asia/Shanghai", starts_at, starts_at + timedelta(days=days))


def test_it_works():
    assert wave_bounds("Asia/Shanghai", date(2026, 10, 1), date(2026, 12, 31)) == (
        datetime(2026, 9, 30, 16, tzinfo=UTC),
        datetime(2026, 12, 31, 16, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/Havana", date(2026, 3, 8), 23),  # midnight is skipped
        ("America/Havana", date(2026, 11, 1), 25),  # midnight comes twice
        ("Africa/Cairo", date(2026, 4, 24), 23),  # midnight is skipped
        ("Asia/Shanghai", date(2026, 3, 29), 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_say(zone, day, hours):
    starts_at, ends_at = wave_bounds(zone, day, day)
    assert ends_at - starts_at == timedelta(hours=hours)


@given(zone=st.sampled_from(ZONES), first=DAYS, days=st.integers(0, 100), data=st.data())
def test_a_wave_holds_exactly_its_local_days(zone, first, days, data):
    last = first + timedelta(days=days)
    starts_at, ends_at = wave_bounds(zone, first, last)
    wave = Wave("W", "P", "B", zone, starts_at, ends_at)
    edge = data.draw(st.sampled_from([starts_at, ends_at]))
    moment = edge + timedelta(seconds=data.draw(st.integers(-200_000, 200_000)))
    assert wave.holds(moment) == (first <= moment.astimezone(ZoneInfo(zone)).date() <= last)
    assert wave.holds(starts_at)
    assert not wave.holds(ends_at)


@given(
    zone=st.sampled_from(ZONES),
    first=DAYS,
    lengths=st.lists(st.integers(0, 90), min_size=2, max_size=5),
    data=st.data(),
)
def test_waves_one_after_another_leave_no_gap_and_never_overlap(zone, first, lengths, data):
    waves = []
    for number, length in enumerate(lengths):
        bounds = wave_bounds(zone, first, first + timedelta(days=length))
        assert programmes.overlapping(waves, *bounds) is None
        waves.append(Wave(f"W{number}", "P", "B", zone, *bounds))
        first += timedelta(days=length + 1)
    span = int((waves[-1].ends_at - waves[0].starts_at).total_seconds())
    moment = waves[0].starts_at + timedelta(seconds=data.draw(st.integers(0, span - 1)))
    assert [wave.holds(moment) for wave in waves].count(True) == 1
    assert not any(wave.holds(waves[-1].ends_at) for wave in waves)


@pytest.mark.parametrize(
    ("zone", "first", "last", "reason"),
    [
        ("UTC", date(2026, 2, 1), date(2026, 1, 31), "before"),
        ("UTC", date(1999, 12, 31), date(2000, 1, 1), "2000"),
        ("UTC", date(2100, 12, 31), date(9999, 12, 31), "2100"),
        ("UTC", date(2026, 1, 1), date(2027, 12, 31), "at most"),
        ("Pacific/Apia", date(2011, 12, 30), date(2011, 12, 30), "skips"),
    ],
)
def test_dates_that_make_no_wave(zone, first, last, reason):
    with pytest.raises(ValueError, match=reason):
        wave_bounds(zone, first, last)


def test_overlap_is_half_open():
    wave = a_wave()
    assert programmes.overlapping([wave], wave.ends_at, wave.ends_at + timedelta(days=1)) is None
    assert programmes.overlapping([wave], wave.ends_at - timedelta(seconds=1), wave.ends_at) is wave
    assert programmes.overlapping([wave], wave.starts_at - timedelta(days=1), wave.starts_at) is None


@pytest.mark.parametrize(
    ("text", "closing", "moment"),
    [
        ("2026-07-02", False, datetime(2026, 7, 1, 16, tzinfo=UTC)),
        ("2026-07-02", True, datetime(2026, 7, 2, 16, tzinfo=UTC)),
        ("2026-07-02T10:00", False, datetime(2026, 7, 2, 2, tzinfo=UTC)),
        ("2026-07-02 10:00:00", True, datetime(2026, 7, 2, 2, tzinfo=UTC)),
        ("2026-07-02T10:00+02:00", True, datetime(2026, 7, 2, 8, tzinfo=UTC)),
        ("2026-07-02T10:00Z", True, datetime(2026, 7, 2, 10, tzinfo=UTC)),
    ],
)
def test_window_moments(text, closing, moment):
    assert window_moment(text, "Asia/Shanghai", closing=closing) == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "02.07.2026", "2026-13-01", "0001-01-01", "9999-12-31", "0001-01-01T00:00+14:00"]
)
@pytest.mark.parametrize("closing", [True, False])
def test_what_is_no_window_moment(text, closing):
    with pytest.raises(ValueError):
        window_moment(text, "Asia/Shanghai", closing=closing)


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_a_value_error(text):
    try:
        moment = window_moment(text, "America/Havana", closing=True)
    except ValueError:
        return
    assert moment.utcoffset() == timedelta(0)


def test_a_window_lies_in_its_wave():
    wave = a_wave()
    hour = timedelta(hours=1)
    assert programmes.window_refusal(wave, wave.starts_at, wave.ends_at) is None
    assert programmes.window_refusal(wave, wave.starts_at - hour, wave.ends_at)[0] == "window_from"
    assert programmes.window_refusal(wave, wave.starts_at, wave.ends_at + hour)[0] == "window_to"
    assert programmes.window_refusal(wave, wave.starts_at + hour, wave.starts_at + hour)[0] == "window_to"


GOOD = {
    "code": "A1", "wave": "W1", "dealer": "D1", "checklist": "SMS", "version": "1", "auditor": "a@example.com",
    "window_from": "2026-07-02", "window_to": "2026-07-20",
}  # fmt: skip


def test_a_row_becomes_a_request():
    found = parse_assignment(2, GOOD | {"briefing": "line one\nline two", "selected_by": "trigger"})
    assert isinstance(found, AssignmentRequest)
    assert (found.version, found.mode, found.selected_by) == (1, "", "trigger")
    assert parse_assignment(2, GOOD).selected_by == "plan"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("code", ""), ("code", "A 1"), ("code", "a" * 41), ("code", "-A"), ("wave", ""), ("dealer", "D1;D2"),
        ("checklist", ""), ("version", "0"), ("version", "1.5"), ("version", ""), ("version", "²"), ("auditor", ""),
        ("window_from", ""), ("window_to", ""), ("mode", "secret"), ("domain", "x"), ("selected_by", "whim"),
        ("scenario", "x" * 2001), ("briefing", "a\x01b"), ("auditor", "a\nb"),
    ],
)  # fmt: skip
def test_each_bad_cell_is_named(column, value):
    found = parse_assignment(7, GOOD | {column: value})
    assert [(e.row, e.column) for e in found] == [(7, column)]
