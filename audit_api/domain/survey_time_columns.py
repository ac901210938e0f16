"""Columns of times in the usual ways of writing, thousands at a time; `survey_times` reads the others one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from audit_api.domain.survey_times import FIRST_YEAR, LAST_YEAR

NO_TIME = np.iinfo(np.int64).min
"""Stands for an empty cell."""
UNREAD = NO_TIME + 1
"""Stands for a cell that is written in another way."""
DAY = 86_400
# The lengths of 2026-03-31, 2026-03-31 14:05, 2026-03-31T14:05:09, …Z and …+08:00.
LENGTHS = (10, 16, 19, 20, 25)
DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 23, 24)
SIGNS = {4: b"-", 7: b"-", 10: b"T ", 13: b":", 16: b":", 19: b"Z+-", 22: b":"}

Numbers = NDArray[np.int64]


class TimeColumns:
    """Reads columns of times as `survey_times.read_moment` reads each cell; `zones` are numbered by their place."""

    def __init__(self, zones: Sequence[ZoneInfo]) -> None:
        self._zones = zones
        self._offsets: dict[int, int] = {}

    def read(self, texts: pa.StringArray, zone: Numbers) -> Numbers:
        """Give seconds of Unix time for trimmed texts, NO_TIME for an empty one, UNREAD for an unusual one.

        `zone` numbers the zone whose wall clock is meant where a text has no offset.
        """
        lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
        seconds = np.where(lengths == 0, NO_TIME, UNREAD)
        for length in LENGTHS:
            places = np.flatnonzero(lengths == length)
            if not places.size:
                continue
            same = texts if places.size == len(texts) else texts.take(pa.array(places))
            local, offset, read = _clock(_letters(same, length), length)
            if length < 20:
                offset = self._offsets_of(zone[places], local)
                read &= offset != UNREAD
            seconds[places] = np.where(read, local - offset, UNREAD)
        return seconds

    def _offsets_of(self, zone: Numbers, local: Numbers) -> Numbers:
        """Give each wall clock's offset in seconds, UNREAD on a day on which the clocks are changed."""
        days, back = np.unique(zone * 100_000 + local // DAY, return_inverse=True)
        for day in days.tolist():
            if day not in self._offsets:
                self._offsets[day] = _offset(self._zones[day // 100_000], day % 100_000)
        return np.array([self._offsets[day] for day in days.tolist()], np.int64)[back]


def _offset(zone: ZoneInfo, day: int) -> int:
    begin = datetime.fromtimestamp(day * DAY, UTC).replace(tzinfo=None)
    offsets = {moment.replace(tzinfo=zone).utcoffset() for moment in (begin, begin + timedelta(days=1))}
    offset = offsets.pop()
    return UNREAD if offsets or offset is None else int(offset.total_seconds())


def _letters(texts: pa.StringArray, length: int) -> NDArray[np.uint8]:
    """View texts of one length as a matrix of bytes."""
    _, offsets, data = texts.buffers()
    begin = int(np.frombuffer(offsets, np.int32)[texts.offset])
    return np.frombuffer(data, np.uint8)[begin : begin + length * len(texts)].reshape(-1, length)


def _clock(letters: NDArray[np.uint8], length: int) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """Give wall clock and offset in seconds, and where they could be read."""
    read = np.ones(len(letters), np.bool_)
    digit = {}
    for place in DIGITS:
        if place < length:
            column = letters[:, place] - np.uint8(48)
            read &= column <= 9
            digit[place] = column.astype(np.int64)
    for place, signs in SIGNS.items():
        if place < length:
            read &= np.isin(letters[:, place], np.frombuffer(signs, np.uint8))
    nought = np.zeros(len(letters), np.int64)

    def number(place: int) -> Numbers:
        return digit[place] * 10 + digit[place + 1] if place < length else nought

    year = number(0) * 100 + number(2)
    month, day, hour, minute, second = (number(place) for place in (5, 8, 11, 14, 17))
    read &= (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    read &= (hour < 24) & (minute < 60) & (second < 60)
    months = np.where(read, (year - 1970) * 12 + month - 1, 0)
    first, next_first = (m.astype("M8[M]").astype("M8[D]").astype(np.int64) for m in (months, months + 1))
    read &= day <= next_first - first
    local = np.where(read, (first + day - 1) * DAY + hour * 3600 + minute * 60 + second, 0)
    if length < 25:
        return local, nought, read & ((letters[:, 19] == ord("Z")) if length == 20 else True)
    read &= (letters[:, 19] != ord("Z")) & (number(20) < 24) & (number(23) < 60)
    offset = number(20) * 3600 + number(23) * 60
    return local, np.where(letters[:, 19] == ord("-"), -offset, offset), read
