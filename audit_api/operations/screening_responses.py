"""Read a wave's responses into columns, without a dictionary for any of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from audit_api.domain.screening import ResponsePlan, Statement
from audit_api.models.base import Row
from audit_api.models.columns import NULL, Cells, batches
from audit_api.models.surveys import IDENTITIES, Response

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]
K = TypeVar("K")

TEXTS = (
    "response_id", "event_id", "channel", "contact_hash", "device_hash", "adviser_hash", "job_type", "vehicle_class",
    "comment",
)  # fmt: skip
TIMES = ("event_at", "submitted_at", "invited_at", "started_at")
KEY_ID = "contact_key_id"
FIELDS = (*TEXTS, *TIMES, KEY_ID, "version", "dealer", "answers")
UNSURE = ("unsure", "na")
FIRST_ROWS = 65_536


@dataclass(slots=True)
class ReadResponses:
    """Hold the responses of a wave, column by column; times are UTC. Rows stand in the order they were read."""

    texts: dict[str, pl.Series]
    times: dict[str, Moments]
    dealer: pa.DictionaryArray
    marks: dict[str, Floats]
    stated: dict[str, Floats]
    incentive: Floats
    coaching: Floats
    key_ids: frozenset[str] = frozenset()

    def dealers(self) -> list[str]:
        """Return the codes of the dealers that were answered for."""
        return [str(code) for code in self.dealer.dictionary.to_pylist()]


class Growing:
    """A column of numbers that grows in place: what has not been written takes no memory."""

    def __init__(self, kind: str, missing: Any) -> None:
        self._values = np.empty(FIRST_ROWS, dtype=kind)
        self._missing = missing
        self._rows = 0

    def add(self, values: NDArray[Any] | None, before: int, rows: int) -> None:
        """Write the rows that follow the first `before` ones; None, and rows left out so far, are missing."""
        while before + rows > len(self._values):
            grown = np.empty(2 * len(self._values), dtype=self._values.dtype)
            grown[: self._rows] = self._values[: self._rows]
            self._values = grown
        self._values[self._rows : before] = self._missing
        self._values[before : before + rows] = self._missing if values is None else values
        self._rows = before + rows

    def whole(self, rows: int) -> NDArray[Any]:
        """Return the column with its number of rows."""
        self.add(None, rows, 0)
        return self._values[:rows]


def _numbers() -> Growing:
    return Growing("f4", np.nan)  # marks are small whole numbers: exact in 24 bits


@dataclass(slots=True)
class _Gathered:
    """Columns as they come in, batch by batch."""

    rows: int = 0
    texts: dict[str, list[pa.Array]] = field(default_factory=lambda: {name: [] for name in (*TEXTS, "dealer")})
    times: dict[str, Growing] = field(
        default_factory=lambda: {name: Growing("M8[ms]", np.datetime64("NaT")) for name in TIMES}
    )
    marks: defaultdict[str, Growing] = field(default_factory=lambda: defaultdict(_numbers))
    stated: defaultdict[str, Growing] = field(default_factory=lambda: defaultdict(_numbers))
    said: defaultdict[str, Growing] = field(default_factory=lambda: defaultdict(_numbers))
    key_ids: set[str] = field(default_factory=set)


def read_responses(wanted: Row, plan_of: Callable[[int], ResponsePlan]) -> ReadResponses | None:
    """Read the responses that match; `plan_of` gives the plan of a questionnaire's version. None where there are none.

    Only the first answer under an id enters: later ones stand in a field that is not read.
    """
    got = _Gathered()
    for batch in batches(Response._get_collection(), wanted, FIELDS):
        got.key_ids |= key_ids(batch, IDENTITIES)
        version = batch["version"].whole()
        for number in np.unique(version).tolist():
            rows = np.flatnonzero(version == number)
            _gather(got, {name: cells.take(rows) for name, cells in batch.items()}, plan_of(int(number)))
    if not got.rows:
        return None
    return ReadResponses(
        dealer=pa.chunked_array(got.texts.pop("dealer")).combine_chunks().dictionary_encode(),
        texts={name: series(got.texts.pop(name)) for name in TEXTS},
        times={name: column.whole(got.rows) for name, column in got.times.items()},
        marks={name: column.whole(got.rows) for name, column in got.marks.items()},
        stated={name: column.whole(got.rows) for name, column in got.stated.items()},
        incentive=got.said["incentive"].whole(got.rows),
        coaching=got.said["coaching"].whole(got.rows),
        key_ids=frozenset(got.key_ids),
    )


def key_ids(batch: Mapping[str, Cells], hashes: Sequence[str]) -> set[str]:
    """Return the ids of the contact keys that a batch's hashes were made with, "" for hashes under no named key."""
    named = pl.Series(batch[KEY_ID].texts())
    found = {str(name) for name in named.unique()} - {""}
    nameless = named == ""
    if nameless.any() and any((pl.Series(batch[name].texts()).filter(nameless) != "").any() for name in hashes):
        found.add("")
    return found


def _gather(got: _Gathered, batch: Mapping[str, Cells], plan: ResponsePlan) -> None:
    rows = len(batch["answers"].kind)
    for name, chunks in got.texts.items():
        chunks.append(batch[name].texts())
    for name, column in got.times.items():
        column.add(batch[name].moments(), got.rows, rows)
    answers = batch["answers"].elements(plan.places())
    for rated in plan.rated:
        got.marks[rated.name].add(answers[rated.place].whole(), got.rows, rows)
    for touchpoint, (place, favourable, opposite) in plan.facts.items():
        got.stated[touchpoint].add(_stated(answers[place].texts(), favourable, opposite), got.rows, rows)
    for name, statement in (("incentive", plan.incentive), ("coaching", plan.coaching)):
        got.said[name].add(_mention(answers, statement, rows), got.rows, rows)
    got.rows += rows


def _stated(texts: pa.Array, favourable: str, opposite: str) -> Floats:
    """Return 1 where a fact speaks for the dealer, 0 against, NaN where unsure or not asked."""
    given = pl.Series(texts)
    result = np.full(len(given), np.nan)
    result[_equal(given, (opposite,)) if opposite else []] = 0.0
    result[_equal(given, (favourable,))] = 1.0
    return result


def _mention(answers: Sequence[Cells], statement: Statement | None, rows: int) -> Floats:
    """Return whether the customer speaks of something: 1, 0, or NaN where unsure or not asked."""
    if statement is None:
        return np.full(rows, np.nan)
    place, adverse = statement
    cells = answers[place]
    given = pl.Series(cells.texts())
    asked = (cells.kind != 0) & (cells.kind != NULL)
    result = np.where(asked, 0.0, np.nan)
    result[_equal(given, UNSURE)] = np.nan
    result[_equal(given, [word for word in adverse if isinstance(word, str)])] = 1.0
    result[np.isin(cells.whole(), [float(mark) for mark in adverse if not isinstance(mark, str)])] = 1.0
    return result


def _equal(given: pl.Series, words: Sequence[str]) -> NDArray[np.bool_]:
    return np.asarray(given.is_in(list(words)), dtype=bool)


def series(chunks: list[pa.Array]) -> pl.Series:
    """Join chunks of text into one column."""
    found = pl.from_arrow(pa.chunked_array(chunks))
    assert isinstance(found, pl.Series)
    return found


def wall_clock(moments: Moments, zone_of_row: NDArray[np.intp], zones: Sequence[str]) -> Moments:
    """Turn UTC times into the clock on the wall of each row's zone, in seconds."""
    result = np.full(len(moments), np.datetime64("NaT"), dtype="datetime64[s]")
    for number, zone in enumerate(zones):
        rows = np.flatnonzero(zone_of_row == number)
        local = pl.Series(moments[rows]).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        result[rows] = local.dt.replace_time_zone(None).to_numpy().astype("datetime64[s]")
    return result


def numbered(words: Sequence[K]) -> tuple[NDArray[np.intp], list[K]]:
    """Number equal words alike: the number of each, and the words by number."""
    seen: dict[K, int] = {}
    numbers = [seen.setdefault(word, len(seen)) for word in words]
    return np.array(numbers, dtype=np.intp), list(seen)


def zones_of_rows(
    dealer: pa.DictionaryArray, zone_of_dealer: Mapping[str, str], default_zone: str
) -> tuple[NDArray[np.intp], list[str]]:
    """Number the time zone of each row's dealer; returns the number of each row, and the zones by number."""
    zone, zones = numbered([zone_of_dealer.get(code, default_zone) for code in dealer.dictionary.to_pylist()])
    return zone[dealer.indices.to_numpy(zero_copy_only=False)], zones


def response_table(read: ReadResponses, zone_of_dealer: Mapping[str, str], default_zone: str) -> dict[str, Any]:
    """Return the columns a screening builds on: all of `Responses` but answers and facts."""
    zone, zones = zones_of_rows(read.dealer, zone_of_dealer, default_zone)
    local = {name: wall_clock(read.times[name], zone, zones) for name in TIMES[:3]}
    took = read.times["submitted_at"] - read.times["started_at"]
    seconds = np.where(np.isnat(took), np.nan, took.astype("timedelta64[ms]").astype(np.int64) / 1000.0)
    return {
        "dealer_id": series([read.dealer.cast(pa.large_string())]),
        **{name if name != "comment" else "text": values for name, values in read.texts.items()},
        **local,
        "duration_s": seconds,
        "mentions_incentive": read.incentive,
        "mentions_coaching": read.coaching,
    }
