"""The life of a visit: states and events in one table, what follows from a state, and when a result may be seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec

from audit_api.domain.checklists import Item

COVERT = "covert"
NOON = 12
# Types that record where and when exactly: never for a dealer's eyes.
MEASURED_TYPES = frozenset({"auto_gps", "auto_time"})
# UUID versions that carry a clock reading: the dealer sees the id, so it must not tell the hour of a covert visit.
TIME_BASED_UUIDS = frozenset({1, 2, 6, 7})


class State(StrEnum):
    """Where a visit stands. `assigned` is an assignment without a visit yet."""

    ASSIGNED = "assigned"
    STARTED = "started"
    SUBMITTED = "submitted"
    IN_QC = "in_qc"
    RETURNED = "returned"
    APPROVED = "approved"
    RELEASED = "released"
    VOID = "void"


class Event(StrEnum):
    """What can happen to a visit."""

    RECEIVE = "receive"
    SUBMIT = "submit"
    TAKE_UP = "take_up"
    FOLLOW_UP = "follow_up"
    RETURN = "return"
    APPROVE = "approve"
    RELEASE = "release"
    VOID = "void"


TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.ASSIGNED, Event.RECEIVE): State.STARTED,
        (State.ASSIGNED, Event.VOID): State.VOID,
        (State.STARTED, Event.RECEIVE): State.STARTED,
        (State.STARTED, Event.SUBMIT): State.SUBMITTED,
        (State.STARTED, Event.VOID): State.VOID,
        (State.SUBMITTED, Event.TAKE_UP): State.IN_QC,
        (State.SUBMITTED, Event.FOLLOW_UP): State.SUBMITTED,
        (State.SUBMITTED, Event.VOID): State.VOID,
        (State.IN_QC, Event.FOLLOW_UP): State.IN_QC,
        (State.IN_QC, Event.RETURN): State.RETURNED,
        (State.IN_QC, Event.APPROVE): State.APPROVED,
        (State.IN_QC, Event.VOID): State.VOID,
        (State.RETURNED, Event.RECEIVE): State.RETURNED,
        (State.RETURNED, Event.SUBMIT): State.SUBMITTED,
        (State.RETURNED, Event.VOID): State.VOID,
        (State.APPROVED, Event.RELEASE): State.RELEASED,
        (State.APPROVED, Event.VOID): State.VOID,
        (State.RELEASED, Event.VOID): State.VOID,
    }
)
"""Every transition there is; a pair that is not here is refused."""


def after(state: State, event: Event) -> State | None:
    """Return the state after an event, None where the event is refused."""
    return TRANSITIONS.get((state, event))


def is_locked(state: State) -> bool:
    """Tell whether the auditor's content can no longer change, but for open follow-up items (follow_ups.py)."""
    return after(state, Event.RECEIVE) is None


def is_visible_to_dealer(state: State) -> bool:
    """Tell whether the dealer may read the result."""
    return state is State.RELEASED


def is_active(state: State) -> bool:
    """Tell whether the visit holds its assignment; a void one makes room for another."""
    return state is not State.VOID


class Verdict(StrEnum):
    """What to do with content that arrives for a visit the server already has."""

    REPEATED = "repeated"
    NEXT = "next"
    SAME_REVISION = "same_revision"
    STALE = "stale"
    LOCKED = "locked"


def judge_revision(state: State, held: tuple[int, str], offered: tuple[int, str]) -> Verdict:
    """Judge content by (revision, content hash): held against offered.

    A repetition is recognised in every state, for the answer to the first sending may have been lost.
    """
    if offered == held:
        return Verdict.REPEATED
    if offered[0] == held[0]:
        return Verdict.SAME_REVISION
    if offered[0] < held[0]:
        return Verdict.STALE
    return Verdict.LOCKED if is_locked(state) else Verdict.NEXT


def content_hash(content: Mapping[str, object]) -> str:
    """Return the SHA-256 of the canonical JSON (sorted keys, no white space), so that layout makes no difference."""
    return sha256_of(dict(content))


def sha256_of(value: object) -> str:
    """Return the SHA-256, in hex, of the canonical JSON of a value."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def canonical_json(value: object) -> bytes:
    """Return JSON with sorted keys and no white space, in UTF-8."""
    return msgspec.json.encode(value, order="sorted")


def earliest_release_at(mode: str, ended_at: datetime, hold_days: int, timezone: str) -> datetime:
    """Return when the dealer may see a result at the earliest, aware UTC.

    A covert result is held for whole days both by the hour and on the dealer's clock, so that a change
    to summer time does not shorten the hold; any other result waits for nothing.
    """
    if mode != COVERT:
        return ended_at.astimezone(UTC)
    by_wall_clock = (ended_at.astimezone(ZoneInfo(timezone)) + timedelta(days=hold_days)).astimezone(UTC)
    return max(by_wall_clock, ended_at.astimezone(UTC) + timedelta(days=hold_days))


@dataclass(frozen=True, slots=True)
class HalfDay:
    """A local date and `am` or `pm`: as much of a covert visit's time as a dealer sees."""

    date: str
    half: str


def half_day(moment: datetime, timezone: str) -> HalfDay:
    """Round a time down to the half-day on the dealer's clock."""
    local = moment.astimezone(ZoneInfo(timezone))
    return HalfDay(local.date().isoformat(), "am" if local.hour < NOON else "pm")


def visit_end(ended_at: datetime, window_from: datetime, submitted_at: datetime) -> datetime:
    """Return the end of a visit as far as the phone's clock can be believed.

    It cannot lie before the assignment's window nor after the server took the report in; a wrong clock must
    not shorten a covert hold.
    """
    return min(max(ended_at, window_from), submitted_at)


def skew_seconds(latest_client_time: datetime, received_at: datetime) -> float:
    """Return server time minus the latest time the phone recorded, in seconds.

    Positive: delay until sending, or a slow clock; negative: the phone's clock runs ahead.
    """
    return round((received_at - latest_client_time).total_seconds(), 3)


def is_shown_to_dealer(item: Item, mode: str) -> bool:
    """Tell whether a dealer may read an item and its answer in a released result.

    Integrity items, positions and clock times never. Of a covert visit only scored items: the rest
    (scenario, vehicle, chronological account) would tell who the shopper was.
    """
    if item.integrity is not None or item.type in MEASURED_TYPES:
        return False
    return item.weight > 0 or mode != COVERT
