"""Times as foreign files write them: ISO 8601, year first, a spreadsheet's day number, or the formats of a mapping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 2000, 2100
# Day 0 of the 1900 date system as it counts from March 1900 on, its day too many included.
SPREADSHEET_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall clock without a zone
_DAY_NUMBER = re.compile(r"[3-7]\d{4}(?:[.,]\d{1,12})?", re.ASCII)
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[\sT]*(上午|下午)?\s*(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2}))?[分秒]?)?",
    re.ASCII,
)


class TimeRefusedError(ValueError):
    """A time cannot be read; `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """Read a time as UTC, cut to milliseconds; without an offset it is the wall clock of `zone`.

    Raises TimeRefusedError.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _unusual(text)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise TimeRefusedError("须在 2000 年至 2100 年之间", "must lie between the years 2000 and 2100")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000) if moment.microsecond else moment


def canonical_time(text: str, formats: Sequence[str], zone: ZoneInfo | None) -> str:
    """Bring a time to ISO 8601 by the first of the formats (strptime) that fits; without an offset it gets `zone`.

    What cannot be read stays as it is, for the reader to refuse.
    """
    if not text:
        return ""
    for written in formats:
        try:
            moment = datetime.strptime(text, written)  # noqa: DTZ007 - its zone comes next
            break
        except ValueError:
            continue
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            try:
                moment = _unusual(text)
            except TimeRefusedError:
                return text
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    return moment.isoformat()


def _unusual(text: str) -> datetime:
    if _DAY_NUMBER.fullmatch(text):
        moment = SPREADSHEET_EPOCH + timedelta(days=float(text.replace(",", ".")))
        return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day, half, hour, minute, second = found.groups()
        try:
            moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001 - its zone comes later
        except ValueError:
            raise TimeRefusedError("没有这一天或这一时刻", "there is no such day or time") from None
        return moment + timedelta(hours=12) if half == "下午" and moment.hour < 12 else moment
    raise TimeRefusedError(
        "须为 ISO 8601 时间，如 2026-03-31T14:05:00；其他写法请在列映射的 dates 中说明",
        "must be ISO 8601, such as 2026-03-31T14:05:00; name other ways of writing under dates in a column mapping",
    )
