"""Read the sample frame of a wave and the staff directory into columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audit_api.models.base import Row
from audit_api.models.columns import Cells, batches
from audit_api.models.survey_frame import Event, StaffContact
from audit_api.operations.screening_responses import KEY_ID, key_ids, series, wall_clock, zones_of_rows

KINDS = {"sales": "delivery", "after_sales": "repair_order"}
"""Which events a questionnaire of a domain asks about."""
TEXTS = ("event_id", "job_type", "contact_hash")
MARKS = ("supplied", "valid", "invited", "opted_out", "complaint", "comeback")
LONG_WAIT_QUANTILE = 0.75
"""A wait is long when it is longer than three quarters of the waits known in the frame."""


@dataclass(slots=True)
class ReadFrame:
    """Hold rows of one collection, column by column; times are UTC."""

    dealer: pa.DictionaryArray
    texts: dict[str, pa.ChunkedArray]
    numbers: dict[str, NDArray[np.float64]]
    event_at: NDArray[np.datetime64]
    key_ids: frozenset[str]

    def dealers(self) -> list[str]:
        """Return the codes of the dealers met."""
        return [str(code) for code in self.dealer.dictionary.to_pylist()]

    def __len__(self) -> int:
        return len(self.dealer)


def read_events(wave: Row, domain: str) -> ReadFrame:
    """Read the events of the wave's brand within the wave, of the kind the domain asks about."""
    within = {"$gte": wave["starts_at"], "$lt": wave["ends_at"]}
    wanted = {"brand": wave["brand"], "event_at": within, "kind": KINDS[domain]}
    return _read(Event, wanted, TEXTS, MARKS, ("wait_days",))


def read_staff(wave: Row) -> ReadFrame:
    """Read the staff directory of the wave's brand."""
    return _read(StaffContact, {"brand": wave["brand"]}, ("contact_hash",), (), ())


def _read(
    model: Any, wanted: Row, words: tuple[str, ...], marks: tuple[str, ...], measures: tuple[str, ...]
) -> ReadFrame:
    texts: dict[str, list[pa.Array]] = {name: [] for name in ("dealer", *words)}
    numbers: dict[str, list[NDArray[np.float64]]] = {name: [] for name in (*marks, *measures)}
    moments: list[NDArray[np.datetime64]] = [np.empty(0, dtype="M8[ms]")]
    keys: set[str] = set()
    for batch in batches(model._get_collection(), wanted, (*texts, *numbers, "event_at", KEY_ID)):
        keys |= key_ids(batch, ("contact_hash",))
        for name, chunks in texts.items():
            chunks.append(batch[name].texts())
        for name, columns in numbers.items():
            columns.append(_number(batch[name], name in marks))
        moments.append(batch["event_at"].moments())
    joined = {name: pa.chunked_array(chunks, type=pa.large_string()) for name, chunks in texts.items()}
    return ReadFrame(
        dealer=joined.pop("dealer").combine_chunks().dictionary_encode(),
        texts=joined,
        numbers={name: np.concatenate([np.empty(0), *columns]) for name, columns in numbers.items()},
        event_at=np.concatenate(moments),
        key_ids=frozenset(keys),
    )


def _number(cells: Cells, yes_or_no: bool) -> NDArray[np.float64]:
    return cells.truths() if yes_or_no else cells.numbers()


def event_table(read: ReadFrame, zone_of_dealer: Mapping[str, str], default_zone: str) -> dict[str, Any]:
    """Return the columns of `Events`; empty where there is none."""
    if not len(read):
        return {}
    zone, zones = zones_of_rows(read.dealer, zone_of_dealer, default_zone)
    return {
        "dealer_id": series([read.dealer.cast(pa.large_string())]),
        "event_at": wall_clock(read.event_at, zone, zones),
        "long_wait": _long(read.numbers["wait_days"]),
        **{name: series(read.texts[name].chunks) for name in TEXTS},
        **{name: read.numbers[name] for name in MARKS},
    }


def staff_table(read: ReadFrame) -> dict[str, Any]:
    """Return the columns of `Staff`; empty where there is none."""
    if not len(read):
        return {}
    return {
        "dealer_id": series([read.dealer.cast(pa.large_string())]),
        "contact_hash": series(read.texts["contact_hash"].chunks),
    }


def _long(wait_days: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(wait_days)
    if not known.any():
        return wait_days
    limit = np.quantile(wait_days[known], LONG_WAIT_QUANTILE)
    return np.where(known, wait_days > limit, np.nan)
