"""Rows of a survey batch that are written in the usual way, read as columns, thousands at a time.

`ResponseReader` says what a row means and what is wrong with it. This reader takes the rows on which both agree at
sight, by tables made with the questionnaire's own rules, and leaves every other to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import and_
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from audit_api.domain.checklists import NOT_APPLICABLE
from audit_api.domain.programmes import Wave
from audit_api.domain.questionnaires import LONGEST_TEXT, Questionnaire
from audit_api.domain.survey_time_columns import NO_TIME, UNREAD, Numbers, TimeColumns
from audit_api.domain.surveys import (
    COLUMNS,
    LONGEST_ID,
    LONGEST_PLAIN,
    NUMBERS,
    PLAIN,
    TIMES,
    DealerPlace,
    wave_segments,
)

Found = NDArray[np.bool_]
WORDS = ("response_id", *(COLUMNS[place] for place in PLAIN), "channel", "comment")
"""Columns that are kept, or hashed, as they are written."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A column of few values: each row's place in `values`."""

    values: Sequence[int | str | None]
    places: Numbers


@dataclass(frozen=True, slots=True)
class ResponseColumns:
    """Responses as understood, as columns; contact, device and adviser are still plain.

    `places` are the rows' places in what was read, `times` seconds of Unix time (NO_TIME where empty), `answers` stand
    in the questionnaire's order: chosen among few, or free text.
    """

    places: Numbers
    words: Mapping[str, pa.StringArray]
    dealer: Chosen
    brand: Chosen
    wave: Chosen
    times: Mapping[str, Numbers]
    answers: Sequence[Chosen | pa.StringArray]

    def __len__(self) -> int:
        return len(self.places)


class ColumnReader:
    """Reads the plain rows of one table of responses; its header is one that `ResponseReader` has taken."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        dealers: Mapping[str, DealerPlace],
        waves: Iterable[Wave],
    ) -> None:
        self._asked = questionnaire
        places = list(dealers.values())
        self._dealers = [dealer.code for dealer in places]
        self._dealer_set = pa.array(self._dealers, pa.string())
        self._brands = sorted({dealer.brand for dealer in places})
        zones = sorted({dealer.timezone for dealer in places} | {"UTC"})
        # An unknown dealer's place is -1, the last of these, so that its row can be carried to its refusal.
        self._brand_of = np.array([*(self._brands.index(dealer.brand) for dealer in places), -1], np.int64)
        self._zone_of = np.array([*(zones.index(dealer.timezone) for dealer in places), 0], np.int64)
        self._times = TimeColumns([ZoneInfo(name) for name in zones])
        self._waves: list[str] = []
        self._segments = {}
        for brand, (borders, held) in wave_segments(waves).items():
            single = [self._wave(codes) for codes in held]
            self._segments[brand] = (np.array([_seconds(border) for border in borders]), np.array(single))
        version = str(questionnaire.version)
        self._allowed = {
            "questionnaire": pa.array(["", questionnaire.code]),
            "version": pa.array(["", version, f"{version}.0"]),
            "channel": pa.array(["", *questionnaire.channels]),
        }
        self._tables = [_written(questionnaire, item.id) for item in questionnaire.items]

    def _wave(self, codes: tuple[str, ...]) -> int:
        if len(codes) != 1:
            return -1
        if codes[0] not in self._waves:
            self._waves.append(codes[0])
        return self._waves.index(codes[0])

    def read(self, columns: Mapping[str, pa.StringArray]) -> ResponseColumns:
        """Read the rows that are plain; every row whose place is not among those of the result is left."""
        height = len(next(iter(columns.values())))
        empty = same_text("", height) if len(columns) < len(COLUMNS) + len(self._tables) else None
        cells = {name: pc.utf8_trim_whitespace(columns[name]) if name in columns else empty for name in COLUMNS}
        dealer = _places(cells["dealer"], self._dealer_set)
        zone, brand = self._zone_of[dealer], self._brand_of[dealer]
        times = {name: self._times.read(cells[name], zone) for name in TIMES}
        event, submitted = times["event_at"], times["submitted_at"]
        wave = self._waves_of(brand, event)
        good = [dealer >= 0, wave >= 0, *self._words(cells), *(seconds != UNREAD for seconds in times.values())]
        good += [event != NO_TIME, submitted != NO_TIME, times["started_at"] <= submitted]
        answers, read = self._answers(columns, empty, height)
        plain = reduce(and_, [*good, *read])
        places = np.flatnonzero(plain)
        rows = None if places.size == height else pa.array(places)

        def texts(column: pa.StringArray) -> pa.StringArray:
            return column if rows is None else column.take(rows)

        return ResponseColumns(
            places,
            {name: texts(cells[name]) for name in WORDS},
            Chosen(self._dealers, dealer[places]),
            Chosen(self._brands, brand[places]),
            Chosen(self._waves, wave[places]),
            {name: seconds[places] for name, seconds in times.items()},
            [Chosen(a.values, a.places[places]) if isinstance(a, Chosen) else texts(a) for a in answers],
        )

    def _words(self, cells: Mapping[str, pa.StringArray]) -> list[Found]:
        found = [pc.match_substring_regex(cells["response_id"], rf"^[ -~]{{1,{LONGEST_ID}}}$")]
        found += [pc.is_in(cells[name], allowed) for name, allowed in self._allowed.items()]
        found += [pc.less_equal(pc.binary_length(cells[COLUMNS[place]]), LONGEST_PLAIN) for place in PLAIN]
        found.append(pc.less_equal(pc.utf8_length(cells["comment"]), LONGEST_TEXT))
        found += [pc.invert(pc.match_substring(cells[COLUMNS[place]], "E+")) for place in NUMBERS]
        return [column.to_numpy(zero_copy_only=False) for column in found]

    def _waves_of(self, brand: Numbers, event: Numbers) -> Numbers:
        """Give the place of the one wave that holds each event, -1 where none or several do."""
        found = np.full(brand.size, -1, np.int64)
        for number, name in enumerate(self._brands):
            if name in self._segments:
                rows = np.flatnonzero(brand == number)
                borders, held = self._segments[name]
                found[rows] = held[np.searchsorted(borders, event[rows], side="right")]
        return found

    def _answers(
        self, columns: Mapping[str, pa.StringArray], empty: pa.StringArray | None, height: int
    ) -> tuple[list[Chosen | pa.StringArray], list[Found]]:
        """Read the answers; gives them, and what must hold of a row: each could be read, and there is one."""
        answers: list[Chosen | pa.StringArray] = []
        read: list[Found] = []
        answered = np.zeros(height, np.bool_)
        for item, table in zip(self._asked.items, self._tables, strict=True):
            column = columns.get(item.id)
            if column is None:
                nowhere = np.zeros(height, np.int64)
                answers.append(empty if table is None else Chosen(table[1], nowhere))
                continue
            if table is None:
                trimmed = pc.utf8_trim_whitespace(column)
                lengths = pc.utf8_length(trimmed).to_numpy(zero_copy_only=False)
                read.append(lengths <= LONGEST_TEXT)
                answered |= lengths > 0
                answers.append(trimmed)
                continue
            places = _places(column, table[0])
            read.append(places >= 0)
            answered |= places > 0
            answers.append(Chosen(table[1], places))
        return answers, [*read, answered]


def text_by_text(column: pa.StringArray, work: Callable[[str], str]) -> pa.StringArray:
    """Work on every different text of a column once; blanks around it do not count."""
    coded = pc.utf8_trim_whitespace(column).dictionary_encode()
    return pa.array(map(work, coded.dictionary.to_pylist()), pa.string()).take(coded.indices)


def same_text(text: str, height: int) -> pa.StringArray:
    """Make a column of one text."""
    return pa.array([text], pa.string()).take(pa.array(np.zeros(height, np.int64)))


def any_blank(columns: Iterable[pa.StringArray]) -> bool:
    """Tell whether a row has nothing in any column."""
    blank: Found | None = None
    for column in columns:
        empty = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(column)), 0).to_numpy(zero_copy_only=False)
        blank = empty if blank is None else blank & empty
        if not blank.any():
            return False
    return True


def _written(questionnaire: Questionnaire, item: str) -> tuple[pa.StringArray, list[int | str | None]] | None:
    """List the usual ways to write the answers of an item, the empty cell first; None for free text."""
    values = questionnaire.values_by_id[item]
    if values is None:
        return None
    usual = [*map(str, sorted(values, key=str)), NOT_APPLICABLE, *(f"{value}.0" for value in values)]
    found: dict[str, int | str | None] = {"": None}
    for text in usual:
        try:
            found[text] = questionnaire.read_cell(item, text)
        except ValueError:
            continue
    return pa.array(list(found), pa.string()), list(found.values())


def _places(column: pa.StringArray, among: pa.StringArray) -> Numbers:
    """Give each cell's place among the values, -1 for one that is none of them."""
    places: Numbers = pc.fill_null(pc.index_in(column, among), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def _seconds(moment: datetime) -> float:
    return moment.astimezone(UTC).timestamp()
