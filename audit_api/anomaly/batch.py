"""The columns a screening works on: dealers, responses, audits, in one canonical order.

Rows are sorted by identity and columns by name when the batch is built, so the order in which a file or a
database delivers them cannot change a figure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audit_api.anomaly.parse import Floats, Integers, Moments, Texts, Truths

Figure = TypeVar("Figure")
EVERY = slice(None)


@dataclass(frozen=True, slots=True)
class Column:
    """Describe one rated survey item: its name, touchpoint, scale ends, and whether it is an outcome."""

    name: str
    touchpoint: str
    minimum: float
    maximum: float
    is_outcome: bool = False


@dataclass(frozen=True, slots=True)
class Dealers:
    """Hold one row per dealer, sorted by code; "" and NaN where nothing is known."""

    code: Texts
    region: Texts
    brand: Texts
    volume_band: Texts
    city_tier: Texts
    store_age_band: Texts
    eligible: Floats
    contacts_supplied: Floats
    contacts_valid: Floats
    responses: Floats

    def __len__(self) -> int:
        return len(self.code)


@dataclass(frozen=True, slots=True)
class Responses:
    """Hold one row per survey response, sorted by response id.

    `dealer` indexes Dealers; `answers` is responses × columns, NaN where not answered; times are the
    dealer's wall clock; `mentions_*` are 1, 0 or NaN.
    """

    response_id: Texts
    dealer: Integers
    event_at: Moments
    submitted_at: Moments
    invited_at: Moments
    channel: Texts
    duration_s: Floats
    contact_hash: Texts
    device_hash: Texts
    customer_hash: Texts
    adviser_hash: Texts
    event_id: Texts
    job_type: Texts
    vehicle_class: Texts
    text: Texts
    mentions_incentive: Floats
    mentions_coaching: Floats
    answers: Floats
    facts: Floats

    def __len__(self) -> int:
        return len(self.response_id)


@dataclass(frozen=True, slots=True)
class Audits:
    """Hold one row per dealer, visit and criterion, sorted by these."""

    dealer: Integers
    visit: Texts
    kind: Texts
    touchpoint: Texts
    criterion: Texts
    passed: Floats
    severity: Floats
    visited_at: Moments
    auditor_id: Texts
    selected_by: Texts

    def __len__(self) -> int:
        return len(self.visit)

    def planned(self) -> Truths:
        """Mark rows of visits drawn by plan: extra visits to suspected dealers never feed an indicator."""
        result: Truths = np.asarray(self.selected_by == "plan", dtype=bool)
        return result


@dataclass(frozen=True, slots=True)
class Events:
    """Hold the sample frame: one row per eligible delivery or repair order, sorted by dealer and event id.

    The six marks and `long_wait` are 1, 0 or NaN (not known).
    """

    dealer: Integers
    event_id: Texts
    event_at: Moments
    job_type: Texts
    contact_hash: Texts
    supplied: Floats
    valid: Floats
    invited: Floats
    opted_out: Floats
    complaint: Floats
    comeback: Floats
    long_wait: Floats

    def rows_of(self, dealer: int) -> Integers:
        """Return the rows of one dealer's events; they stand together."""
        first, last = np.searchsorted(self.dealer, [dealer, dealer + 1])
        return np.arange(first, last)

    @staticmethod
    def none() -> Events:
        """Return a frame without events: what is not known switches its indicators off."""
        word, mark = np.empty(0, dtype=object), np.empty(0)
        when = np.empty(0, dtype="datetime64[s]")
        return Events(np.empty(0, dtype=np.int64), word, when, word, word, mark, mark, mark, mark, mark, mark, mark)

    def __len__(self) -> int:
        return len(self.event_id)


@dataclass(frozen=True, slots=True)
class Staff:
    """Hold the staff directory: one row per dealer and keyed contact hash, sorted."""

    dealer: Integers
    contact_hash: Texts

    @staticmethod
    def none() -> Staff:
        """Return an empty directory."""
        return Staff(np.empty(0, dtype=np.int64), np.empty(0, dtype=object))

    def __len__(self) -> int:
        return len(self.contact_hash)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Hold everything one screening reads; build it with `from_rows` or `tables.build`."""

    dealers: Dealers
    responses: Responses
    audits: Audits
    columns: tuple[Column, ...]
    fact_touchpoints: tuple[str, ...] = ()
    events: Events = field(default_factory=Events.none)
    staff: Staff = field(default_factory=Staff.none)
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, name: str, make: Callable[[], Figure]) -> Figure:
        """Return what `make` gives, computed at the first call for `name`: what several indicators read.

        Whoever gets it must not change it. Inputs made from these by `replace` begin with nothing kept.
        """
        if name not in self._kept:
            self._kept[name] = make()
        found: Figure = self._kept[name]
        return found

    @staticmethod
    def from_rows(
        *,
        dealers: Iterable[Mapping[str, Any]],
        responses: Iterable[Mapping[str, Any]],
        audits: Iterable[Mapping[str, Any]] = (),
        events: Iterable[Mapping[str, Any]] = (),
        staff: Iterable[Mapping[str, Any]] = (),
        columns: Sequence[Column],
        fact_touchpoints: Sequence[str] = (),
    ) -> Inputs:
        """Build canonical inputs from plain dictionaries.

        dealers: `dealer_id` and, where known, region, brand, volume_band, city_tier, store_age_band,
        eligible, contacts_supplied, contacts_valid, responses. responses: `response_id`, `dealer_id`,
        `answers` (a mapping by column name or a sequence in the order of `columns`, None where not
        answered), optionally `facts` (likewise, in the order of `fact_touchpoints`) and the optional columns
        of `Responses`. audits: `dealer_id`, `visit`, `kind`, `touchpoint`, `criterion`, `passed`,
        optionally severity, visited_at, auditor_id, selected_by. events (sample frame): `event_id`, `dealer_id`
        and the optional columns of `Events`. staff: `dealer_id`, `contact_hash`. Raises InputsRefusedError.
        """
        # `tables` builds these classes, so its import cannot be at the top.
        from audit_api.anomaly import tables  # noqa: PLC0415

        return tables.from_rows(
            dealers=dealers,
            responses=responses,
            audits=audits,
            events=events,
            staff=staff,
            columns=columns,
            fact_touchpoints=fact_touchpoints,
        )

    def drivers(self) -> Integers:
        """Return the positions of the answer columns that rate a touchpoint (outcomes left out)."""
        return np.flatnonzero([not column.is_outcome for column in self.columns])

    def scaled(self, rows: slice | Integers | Truths = EVERY) -> Floats:
        """Return driver answers of the rows asked for, mapped to 0..1 by each column's own scale, NaN kept."""
        chosen = self.drivers()
        low = np.array([self.columns[i].minimum for i in chosen])
        high = np.array([self.columns[i].maximum for i in chosen])
        marks = self.responses.answers[rows]
        result: Floats = (marks if len(chosen) == marks.shape[1] else marks[:, chosen]) - low
        result /= high - low
        return result

    def counts(self) -> Integers:
        """Count responses per dealer."""
        result: Integers = np.bincount(self.responses.dealer, minlength=len(self.dealers))
        return result

    def rows_of(self, dealer: int) -> Integers:
        """Return the rows of one dealer's responses, in their order."""
        order, first = self.once("rows_of", self._by_dealer)
        result: Integers = order[first[dealer] : first[dealer + 1]]
        return result

    def _by_dealer(self) -> tuple[Integers, Integers]:
        order = np.argsort(self.responses.dealer, kind="stable")
        return order, np.concatenate([[0], np.cumsum(self.counts())])

    def content_hash(self) -> str:
        """Return the SHA-256 over all canonical columns, the same for any order of the rows given."""
        return self.once("content_hash", self._content_hash)

    def _content_hash(self) -> str:
        digest = hashlib.sha256()
        for column in self.columns:
            digest.update(repr(column).encode())
        digest.update(repr(self.fact_touchpoints).encode())
        tables: list[Any] = [self.dealers, self.responses, self.audits]
        # Tables that are absent leave the hash as it was before they could be given.
        tables += [table for table in (self.events, self.staff) if len(table)]
        for table in tables:
            for column_of in fields(table):
                digest.update(f"{type(table).__name__}.{column_of.name}".encode())
                _feed(digest, getattr(table, column_of.name))
        return digest.hexdigest()


def kept(make: Callable[[Inputs], Figure]) -> Callable[[Inputs], Figure]:
    """Compute a function of the inputs once for each inputs; whoever gets its result must not change it."""
    name = f"{make.__module__}.{make.__qualname__}"

    @wraps(make)
    def found(inputs: Inputs) -> Figure:
        return inputs.once(name, lambda: make(inputs))

    return found


def _feed(digest: hashlib._Hash, values: NDArray[Any]) -> None:
    digest.update(repr(values.shape).encode())
    if values.dtype == object:
        texts = pa.array(values, type=pa.large_string())
        _, offsets, letters = texts.buffers()
        starts = np.frombuffer(offsets, dtype="<i8", count=len(texts) + 1)
        digest.update(np.diff(starts).tobytes())
        digest.update(memoryview(letters)[starts[0] : starts[-1]] if letters else b"")
    elif values.dtype.kind == "M":
        digest.update(values.astype("datetime64[s]").astype("<i8").tobytes())
    elif values.dtype.kind == "f":
        plain = np.where(np.isnan(values), np.nan, values + 0.0)  # one NaN, one zero
        digest.update(np.ascontiguousarray(plain, dtype="<f8").tobytes())
    else:
        digest.update(np.ascontiguousarray(values, dtype="<i8").tobytes())
