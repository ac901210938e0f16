"""From one row of a survey batch to a response, or to what is wrong with it, column by column.

The reader is built once for a file and called for every row; tables made at the start keep a row at microseconds.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import getitem, itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from audit_api.domain.programmes import Wave
from audit_api.domain.questionnaires import LONGEST_TEXT, Questionnaire
from audit_api.domain.rows import RowError
from audit_api.domain.survey_times import TimeRefusedError, read_moment

COLUMNS = (
    "response_id", "dealer", "questionnaire", "version", "event_id", "event_at", "invited_at", "started_at",
    "submitted_at", "channel", "contact", "device", "adviser", "job_type", "vehicle_class", "comment",
)  # fmt: skip
"""Columns of a survey import before the items; every other column is the id of an item."""
REQUIRED_COLUMNS = ("response_id", "dealer", "event_at", "submitted_at")
TIMES = ("event_at", "invited_at", "started_at", "submitted_at")
PLAIN = (4, 10, 11, 12, 13, 14)
"""Places of event_id, contact, device, adviser, job_type and vehicle_class: any short text."""
NUMBERS = (0, 1, 4, 10, 11)
"""Places of response_id, dealer, event_id, contact and device: what spreadsheets take for numbers."""
SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d\d", re.ASCII)
PERSONAL = frozenset({"contact", "device", "adviser", "comment"})
"""Columns whose values are never repeated in a message."""
LONGEST_ID = 100
LONGEST_PLAIN = 200


@dataclass(frozen=True, slots=True)
class DealerPlace:
    """What a row needs to know of its dealer."""

    code: str
    brand: str
    timezone: str


class ResponseRecord(NamedTuple):
    """One response as understood; contact, device and adviser are still plain and go no further than their hash."""

    response_id: str
    dealer: str
    brand: str
    wave: str
    event_id: str
    event_at: datetime
    invited_at: datetime | None
    started_at: datetime | None
    submitted_at: datetime
    channel: str
    contact: str
    device: str
    adviser: str
    job_type: str
    vehicle_class: str
    comment: str
    answers: list[int | str | None]

    def __repr__(self) -> str:
        return f"ResponseRecord({self.response_id!r}, dealer={self.dealer!r})"


class ColumnsError(ValueError):
    """The header does not fit: columns that are missing, unknown or named twice."""

    def __init__(self, missing: Sequence[str], unknown: Sequence[str], twice: Sequence[str]) -> None:
        super().__init__(f"missing {list(missing)}, unknown {list(unknown)}, twice {list(twice)}")
        self.missing = tuple(missing)
        self.unknown = tuple(unknown)
        self.twice = tuple(twice)


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return the known name that a misspelt one most likely means, "" where none is near."""
    plain = {_bare(other): other for other in known}
    close = difflib.get_close_matches(_bare(name[:80]), list(plain), n=1, cutoff=0.7)
    return plain[close[0]] if close else ""


def _bare(name: str) -> str:
    return re.sub(r"[\s_.-]", "", name).casefold()


class _Cells(dict[Any, int | str | None]):
    """Written answer → stored answer of one item; unusual writings are worked out when they come."""

    def __init__(self, questionnaire: Questionnaire, item: str, *, typed: bool) -> None:
        values = questionnaire.values_by_id[item]
        self._questionnaire, self._item, self._typed = questionnaire, item, typed
        self.expected = "" if values is None else ", ".join(sorted(map(str, values)))
        super().__init__({None: None, "": None})
        for value in values or ():
            self[value if typed else str(value)] = value

    def __missing__(self, cell: Any) -> int | str | None:
        if self._typed:
            if not self._questionnaire.accepts(self._item, cell):
                raise ValueError("not an answer of this item")
            if isinstance(cell, str) and not usable(cell):
                raise ValueError("holds a character that is not text")
            found: int | str = cell
            return found
        if not usable(cell):
            raise ValueError("holds a character that is not text")
        return self._questionnaire.read_cell(self._item, cell)


class ResponseReader:
    """Reads the rows of one table of responses to one questionnaire.

    `columns` is the header. `typed` rows come from JSON: an answer keeps its type, so `"5"` is no answer to an item
    on 1..5. Raises ColumnsError.
    """

    def __init__(
        self,
        questionnaire: Questionnaire,
        columns: Sequence[str],
        dealers: Mapping[str, DealerPlace],
        waves: Iterable[Wave],
        *,
        typed: bool = False,
    ) -> None:
        items = [item.id for item in questionnaire.items]
        missing = [name for name in REQUIRED_COLUMNS if name not in columns]
        unknown = [name for name in columns if name not in COLUMNS and name not in questionnaire.by_id]
        twice = sorted({name for name in columns if list(columns).count(name) > 1})
        if missing or unknown or twice:
            raise ColumnsError(missing, unknown, twice)
        self.questionnaire = questionnaire
        self.width = len(columns)
        self.unasked = tuple(name for name in items if name not in columns)
        place = {name: i for i, name in enumerate(columns)}
        blank = self.width  # a row is read with one empty cell behind its end, for the columns it does not have
        self._plain = itemgetter(*(place.get(name, blank) for name in COLUMNS))
        self._answers = itemgetter(*(place.get(name, blank) for name in items))
        self._items = items
        self._version = str(questionnaire.version)
        self._tables = [_Cells(questionnaire, name, typed=typed) for name in items]
        self._dealers = dealers
        self._zones = {dealer.timezone: ZoneInfo(dealer.timezone) for dealer in dealers.values()}
        self._waves = WaveSegments(wave_segments(waves))
        self._channels = frozenset(questionnaire.channels) | {""}

    def read(self, row: int, cells: Sequence[Any]) -> ResponseRecord | list[RowError]:
        """Read one row; `cells` stand in the order of the columns, trimmed text ("" where empty) or JSON answers."""
        if len(cells) != self.width:
            zh, en = (
                f"有 {len(cells)} 个单元格，表头有 {self.width} 列",
                f"{len(cells)} cells under {self.width} columns",
            )
            return [RowError(row, "", "", zh, en)]
        padded = (*cells, "")
        words = self._plain(padded)
        errors = _Errors()
        errors.row = row
        self._check_words(words, errors)
        try:
            answers = list(map(getitem, self._tables, self._answers(padded)))
        except (ValueError, TypeError):
            answers = self._named_answers(padded, errors)
        if not any(answers) and not errors and all(answer is None for answer in answers):
            errors.refuse("", "", "没有任何答案", "holds no answer at all")
        (response_id, code, _, _, event_id, *times, channel, contact, device, adviser, job_type, vehicle_class,
         comment) = words  # fmt: skip
        dealer = self._dealers.get(code)
        if dealer is None:
            errors.refuse("dealer", code, "没有这个经销商，或不在您的范围内", "no such dealer, or out of your scope")
            return errors
        event_at, invited_at, started_at, submitted_at = self._times(times, self._zones[dealer.timezone], errors)
        if event_at is None or submitted_at is None:
            return errors
        if started_at is not None and started_at > submitted_at:
            errors.refuse("started_at", times[2], "晚于提交时间", "lies after submitted_at")
        holding = self._waves.holding(dealer.brand, event_at)
        if len(holding) != 1:
            errors.refuse("event_at", times[0], *no_single_wave(holding, dealer.brand))
        if errors:
            return errors
        return ResponseRecord(
            response_id, dealer.code, dealer.brand, holding[0], event_id, event_at, invited_at, started_at,
            submitted_at, channel, contact, device, adviser, job_type, vehicle_class, comment, answers,
        )  # fmt: skip

    def _check_words(self, words: tuple[str, ...], errors: _Errors) -> None:
        """Check everything that is neither a time, nor the dealer, nor an answer."""
        response_id, _, code, version = words[:4]
        channel, comment = words[9], words[15]
        asked = self.questionnaire
        if not response_id or len(response_id) > LONGEST_ID or not response_id.isprintable():
            zh, en = f"须为 1 至 {LONGEST_ID} 个可见字符", f"1 to {LONGEST_ID} visible characters"
            errors.refuse("response_id", response_id, zh, en)
        if code and code != asked.code:
            zh, en = f"本批导入的是问卷 {asked.code}", f"this import is for questionnaire {asked.code}"
            errors.refuse("questionnaire", code, zh, en)
        if version and version.removesuffix(".0") != self._version:
            zh, en = f"本批导入的是第 {asked.version} 版", f"this import is for version {asked.version}"
            errors.refuse("version", version, zh, en)
        if channel not in self._channels:
            allowed = ", ".join(asked.channels)
            errors.refuse("channel", channel, f"未知渠道；可用：{allowed}", f"unknown channel; use one of {allowed}")
        written = "".join(words)
        if "E+" in written:
            self._check_shortened(words, errors)
        if len(written) <= LONGEST_PLAIN and usable(written):  # nearly every row, at one look
            return
        for place in PLAIN:
            word = words[place]
            if word and (len(word) > LONGEST_PLAIN or not usable(word)):
                errors.refuse(COLUMNS[place], word, *_too_long(LONGEST_PLAIN))
        if comment and (len(comment) > LONGEST_TEXT or not usable(comment)):
            errors.refuse("comment", "", *_too_long(LONGEST_TEXT))

    def _check_shortened(self, words: tuple[str, ...], errors: _Errors) -> None:
        """Refuse numbers that a spreadsheet has cut to a few digits: they would match any other cut so."""
        for place in NUMBERS:
            if SHORTENED.fullmatch(words[place]):
                zh = "电子表格已将此号码缩写并丢失末位数字；请将该列设为文本后重新导出"
                en = "a spreadsheet has shortened this number and lost digits; export the column as text"
                errors.refuse(COLUMNS[place], words[place], zh, en)

    def _named_answers(self, padded: tuple[Any, ...], errors: _Errors) -> list[int | str | None]:
        """Read the answers one by one and name each that is none."""
        answers: list[int | str | None] = []
        for item, table, cell in zip(self._items, self._tables, self._answers(padded), strict=True):
            try:
                answers.append(table[cell])
            except (ValueError, TypeError):
                answers.append(None)
                expected = table.expected
                if expected:
                    zh, en = f"不是本题的答案；可用：{expected}", f"no answer of this item; use one of {expected}"
                    errors.refuse(item, str(cell), zh, en)
                else:
                    errors.refuse(item, "", *_too_long(LONGEST_TEXT))
        return answers

    def _times(self, texts: Sequence[str], zone: ZoneInfo, errors: _Errors) -> list[datetime | None]:
        moments: list[datetime | None] = []
        for column, text in zip(TIMES, texts, strict=True):
            moment = None
            if text:
                try:
                    moment = read_moment(text, zone)
                except TimeRefusedError as refused:
                    errors.refuse(column, text, refused.zh, refused.en)
            elif column in REQUIRED_COLUMNS:
                errors.refuse(column, "", "不能为空", "must not be empty")
            moments.append(moment)
        return moments


class _Errors(list[RowError]):
    """What is wrong with one row."""

    row: int

    def refuse(self, column: str, value: str, zh: str, en: str) -> None:
        """Refuse a cell; what a customer wrote about itself is not repeated."""
        self.append(RowError(self.row, column, "" if column in PERSONAL else value, zh, en))


def _too_long(longest: int) -> tuple[str, str]:
    return f"须为不超过 {longest} 个字符的文字", f"text of at most {longest} characters"


class WaveSegments:
    """Which waves of a brand hold a moment: one bisection, whatever the number of waves."""

    def __init__(self, by_brand: Mapping[str, tuple[list[datetime], list[tuple[str, ...]]]]) -> None:
        self._by_brand = by_brand

    def holding(self, brand: str, moment: datetime) -> tuple[str, ...]:
        """Name the waves that hold the moment."""
        found = self._by_brand.get(brand)
        if found is None:
            return ()
        borders, held = found
        return held[bisect_right(borders, moment)]


def wave_segments(waves: Iterable[Wave]) -> dict[str, tuple[list[datetime], list[tuple[str, ...]]]]:
    """Cut each brand's time at the borders of its waves: the borders (UTC), and the waves before, between, after."""
    of_brand: dict[str, list[Wave]] = {}
    for wave in waves:
        of_brand.setdefault(wave.brand, []).append(wave)
    made = {}
    for brand, spans in of_brand.items():
        # Times of one and the same zone are compared without asking it for its offset.
        borders = sorted({m.astimezone(UTC) for span in spans for m in (span.starts_at, span.ends_at)})
        held: list[tuple[str, ...]] = [()]
        for border in borders:
            held.append(tuple(sorted(s.code for s in spans if s.holds(border))))
        made[brand] = (borders, held)
    return made


def no_single_wave(holding: tuple[str, ...], brand: str) -> tuple[str, str]:
    """Say in zh and en why a time has no one wave."""
    if holding:
        names = ", ".join(holding)
        return f"同时落在多个波次：{names}；请指定项目", f"several waves hold it: {names}; name the programme"
    return f"品牌 {brand} 没有包含此时间的波次", f"no wave of brand {brand} holds this time"


def usable(text: str) -> bool:
    """Tell whether a text can be kept: no NUL, no lone surrogate."""
    return "\x00" not in text and (text.isascii() or not _has_surrogate(text))


def _has_surrogate(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
