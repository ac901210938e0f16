"""Rules of waves and assignments: local dates to UTC, which wave holds a moment, who may be sent where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from audit_api.domain.rows import Cells, RowError

YEARS = range(2000, 2101)
LONGEST_WAVE_DAYS = 400


class Mode(StrEnum):
    """Whether the dealer knows about the visit in advance; results are kept apart."""

    COVERT = "covert"
    ANNOUNCED = "announced"


class Field(StrEnum):
    """Which side of the dealer's business an assignment looks at."""

    SALES = "sales"
    AFTER_SALES = "after_sales"


class SelectedBy(StrEnum):
    """Why a dealer is visited; only `plan` enters the indicators, `trigger` confirms or clears."""

    PLAN = "plan"
    TRIGGER = "trigger"


@dataclass(frozen=True, slots=True)
class Wave:
    """A fieldwork period, half-open in UTC."""

    code: str
    programme: str
    brand: str
    timezone: str
    starts_at: datetime
    ends_at: datetime

    def holds(self, moment: datetime) -> bool:
        """Tell whether an aware moment lies in the wave."""
        return self.starts_at <= moment < self.ends_at


def day_starts_at(day: date, timezone: str) -> datetime:
    """Give the UTC moment at which a local day begins.

    Where clocks jump over midnight the day begins at the jump; where midnight comes twice, at the first.
    """
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def wave_bounds(timezone: str, from_on: date, to_on: date) -> tuple[datetime, datetime]:
    """Turn inclusive local dates into half-open UTC bounds.

    Raises ValueError when the dates are in the wrong order, too far apart or outside 2000 to 2100.
    """
    if from_on.year not in YEARS or to_on.year not in YEARS:
        raise ValueError("dates must lie between the years 2000 and 2100")
    if to_on < from_on:
        raise ValueError("to_on lies before from_on")
    if (to_on - from_on).days >= LONGEST_WAVE_DAYS:
        raise ValueError(f"a wave lasts at most {LONGEST_WAVE_DAYS} days")
    starts_at, ends_at = day_starts_at(from_on, timezone), day_starts_at(to_on + timedelta(days=1), timezone)
    if ends_at <= starts_at:
        raise ValueError("the time zone skips these days")
    return starts_at, ends_at


def overlapping(waves: Iterable[Wave], starts_at: datetime, ends_at: datetime) -> Wave | None:
    """Give the first wave that shares a moment with the half-open period, if any.

    Waves of one programme never overlap: a survey response belongs to the wave that holds its event, so
    two such waves would both claim it.
    """
    return next((wave for wave in waves if wave.starts_at < ends_at and starts_at < wave.ends_at), None)


def window_moment(text: str, timezone: str, *, closing: bool) -> datetime:
    """Read one end of a window: an ISO 8601 date or time; what has no offset is local to the dealer.

    A date opens at its first moment and closes at its last, so both days are inside. Returns UTC; raises
    ValueError when the text is neither, or lies outside 2000 to 2100.
    """
    if len(text) == len("2026-01-31"):
        day = date.fromisoformat(text)
        if day.year not in YEARS:
            raise ValueError("outside the years 2000 to 2100")
        return day_starts_at(day + timedelta(days=1) if closing else day, timezone)
    moment = datetime.fromisoformat(text)
    if moment.year not in YEARS:
        raise ValueError("outside the years 2000 to 2100")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone))
    return moment.astimezone(UTC)


def window_refusal(wave: Wave, window_from: datetime, window_to: datetime) -> tuple[str, str, str] | None:
    """Say what is wrong with a window as (field, zh, en), or None: it must be in order and within the wave."""
    if window_to <= window_from:
        return "window_to", "时间窗的结束必须晚于开始", "The window must end after it begins"
    if window_from < wave.starts_at or window_to > wave.ends_at:
        field = "window_from" if window_from < wave.starts_at else "window_to"
        zone = ZoneInfo(wave.timezone)
        first, last = (moment.astimezone(zone).isoformat() for moment in (wave.starts_at, wave.ends_at))
        return (
            field,
            f"时间窗须在波次 {wave.code} 之内：{first} 至 {last}",
            f"The window must lie within wave {wave.code}: {first} to {last}",
        )
    return None


REQUIRED_COLUMNS = ("code", "wave", "dealer", "checklist", "version", "auditor", "window_from", "window_to")
OPTIONAL_COLUMNS = ("mode", "domain", "scenario", "briefing", "selected_by")
LONGEST_SCENARIO, LONGEST_BRIEFING = 2000, 4000


@dataclass(frozen=True, slots=True)
class AssignmentRequest:
    """An assignment as asked for, before anything it names was looked up.

    `auditor` is a person's id or e-mail address; a window end that is text is an ISO 8601 date or time,
    local to the dealer where it has no offset; empty `mode` and `domain` are taken from the checklist.
    """

    code: str
    wave: str
    dealer: str
    checklist: str
    version: int
    auditor: str
    window_from: datetime | str
    window_to: datetime | str
    mode: str = ""
    domain: str = ""
    scenario: str = ""
    briefing: str = ""
    selected_by: str = SelectedBy.PLAN.value


def parse_assignment(row: int, values: Mapping[str, str]) -> AssignmentRequest | list[RowError]:
    """Read one row of an assignment file; gives the errors by column where it cannot be taken."""
    cells = Cells(row, values)
    request = AssignmentRequest(
        code=cells.code("code"),
        wave=cells.code("wave"),
        dealer=cells.code("dealer"),
        checklist=cells.code("checklist"),
        version=cells.whole("version", 1, 1_000_000),
        auditor=cells.text("auditor", longest=254, required=True),
        window_from=cells.text("window_from", longest=40, required=True),
        window_to=cells.text("window_to", longest=40, required=True),
        mode=cells.choice("mode", ["", *Mode]),
        domain=cells.choice("domain", ["", *Field]),
        scenario=cells.text("scenario", longest=LONGEST_SCENARIO, lines=True),
        briefing=cells.text("briefing", longest=LONGEST_BRIEFING, lines=True),
        selected_by=cells.choice("selected_by", [*SelectedBy], default=SelectedBy.PLAN.value),
    )
    return cells.errors or request
