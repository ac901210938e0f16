"""Read documents straight into columns: raw batches of BSON walked field by field, all documents at a time.

Decoding a million responses to dictionaries and picking their values apart again takes most of a minute; the
documents of a collection are alike, so one step of numpy passes the same field of all of them. Documents that
are not alike are first made so. Format: https://bsonspec.org/spec.html.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import bson
import numpy as np
import pyarrow as pa
from bson.codec_options import CodecOptions
from numpy.typing import NDArray
from pymongo.collection import Collection

DOUBLE, STRING, DOCUMENT, ARRAY, BOOLEAN, DATETIME, NULL, INT32, INT64 = 1, 2, 3, 4, 8, 9, 10, 16, 18
FIXED = {DOUBLE: 8, BOOLEAN: 1, DATETIME: 8, NULL: 0, INT32: 4, INT64: 8}
ROWS_AT_ONCE = 20_000
INLINE = 12
"""Texts up to this length stand in an Arrow view itself."""
_PADDING = bytes(128)
_PLAIN = CodecOptions[dict[str, Any]](tz_aware=True)
_VIEW = np.dtype([("length", "<i4"), ("start", "S4"), ("buffer", "<i4"), ("offset", "<i4")])

Positions = NDArray[np.int64]


class UnlikeDocumentsError(ValueError):
    """The documents of a batch do not have the same fields in the same order."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One field of all documents of a batch: the BSON type of each value (0 = absent) and where it stands."""

    data: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    at: Positions

    def take(self, rows: NDArray[Any]) -> Cells:
        """Keep the cells of some documents."""
        return Cells(self.data, self.kind[rows], self.at[rows])

    def texts(self) -> pa.Array:
        """Return the strings, "" where the value is none; raises pyarrow.ArrowInvalid for bytes that are no text."""
        known = self.kind == STRING
        at = np.where(known, self.at, 0)
        length = np.where(known, _read(self.data, "<i4", at) - 1, 0)
        views = np.zeros(len(at), dtype=_VIEW)
        views["length"] = length
        long = length > INLINE
        views["offset"][long] = at[long] + 4
        views["start"][long] = _read(self.data, "S4", at[long] + 4)
        short = np.flatnonzero(~long & (length > 0))
        within = np.arange(INLINE)
        letters = self.data[at[short, None] + 4 + within]
        letters[within >= length[short, None]] = 0
        views.view(np.uint8).reshape(-1, 16)[short, 4:] = letters
        buffers = [None, pa.py_buffer(views.tobytes()), pa.py_buffer(self.data)]
        made = pa.Array.from_buffers(pa.string_view(), len(at), buffers)
        made.validate(full=True)
        return made.cast(pa.large_string())  # its own bytes: the batch can go

    def whole(self) -> NDArray[np.float64]:
        """Return the integers as floats, NaN where the value is none."""
        result = np.full(len(self.at), np.nan)
        for kind, form in ((INT32, "<i4"), (INT64, "<i8")):
            rows = np.flatnonzero(self.kind == kind)
            if len(rows):
                result[rows] = _read(self.data, form, self.at[rows])
        return result

    def truths(self) -> NDArray[np.float64]:
        """Return 1 for true, 0 for false, NaN where the value is neither."""
        known = self.kind == BOOLEAN
        return np.where(known, self.data[np.where(known, self.at, 0)], np.nan)

    def numbers(self) -> NDArray[np.float64]:
        """Return integers and fractions, NaN where the value is none."""
        result = self.whole()
        rows = np.flatnonzero(self.kind == DOUBLE)
        result[rows] = _read(self.data, "<f8", self.at[rows])
        return result

    def moments(self) -> NDArray[np.datetime64]:
        """Return the times as UTC milliseconds, NaT where the value is none."""
        known = self.kind == DATETIME
        raw = _read(self.data, "<i8", np.where(known, self.at, 0))
        return np.where(known, raw.astype("datetime64[ms]"), np.datetime64("NaT"))

    def elements(self, count: int) -> list[Cells]:
        """Return the first `count` elements of arrays; those an array does not have are absent."""
        cursor = np.where(self.kind == ARRAY, self.at + 4, -1)
        found = []
        for number in range(count):
            kind = np.where(cursor >= 0, self.data[cursor], 0).astype(np.uint8)
            cursor = np.where(kind == 0, -1, cursor)
            name = str(number).encode()
            open_ = np.flatnonzero(cursor >= 0)
            if (_read(self.data, f"S{len(name) + 1}", cursor[open_] + 1) != name).any():
                raise UnlikeDocumentsError
            at = cursor + 2 + len(name)
            found.append(Cells(self.data, kind, at))
            cursor = cursor.copy()
            cursor[open_] = at[open_] + _sizes(self.data, kind[open_], at[open_])
        return found


def batches(
    collection: Collection[Any], wanted: Mapping[str, Any], fields: Sequence[str]
) -> Iterator[dict[str, Cells]]:
    """Read the fields of all documents that match, in batches of columns."""
    shown = {"_id": 0, **dict.fromkeys(fields, 1)}
    for data in collection.find_raw_batches(wanted, shown, batch_size=ROWS_AT_ONCE):
        if data:
            yield cells_of(data, fields)


def free_columns() -> None:
    """Give memory of columns that are no longer used back to the system; Arrow would keep it for later ones."""
    pa.default_memory_pool().release_unused()


def cells_of(data: bytes, fields: Sequence[str]) -> dict[str, Cells]:
    """Find the fields in a batch of whole documents; a field that a document lacks is of type 0 or NULL."""
    try:
        return _walk(data, fields)
    except UnlikeDocumentsError:
        return _walk(_alike(data, fields), fields)


def _walk(data: bytes, fields: Sequence[str]) -> dict[str, Cells]:
    whole = np.frombuffer(data + _PADDING, dtype=np.uint8)
    cursor = _starts(data) + 4
    found: dict[str, Cells] = {}
    while kind := int(whole[cursor[0]]):
        kinds = whole[cursor]
        first = int(cursor[0]) + 1
        name = data[first : data.index(0, first)]
        if not kind or (kinds == 0).any() or (_read(whole, f"S{len(name) + 1}", cursor + 1) != name).any():
            raise UnlikeDocumentsError
        at = cursor + 2 + len(name)
        found[name.decode()] = Cells(whole, kinds, at)
        cursor = at + _sizes(whole, kinds, at)
    if whole[cursor].any():
        raise UnlikeDocumentsError
    absent = Cells(whole, np.zeros(len(cursor), dtype=np.uint8), np.zeros(len(cursor), dtype=np.int64))
    return {name: found.get(name, absent) for name in fields}


def _starts(data: bytes) -> Positions:
    starts, position = [], 0
    while position < len(data):
        starts.append(position)
        position += struct.unpack_from("<i", data, position)[0]
    return np.array(starts, dtype=np.int64)


def _sizes(data: NDArray[np.uint8], kinds: NDArray[np.uint8], at: Positions) -> Positions:
    """Return how many bytes each value takes."""
    sizes = np.zeros(len(at), dtype=np.int64)
    for kind in np.unique(kinds).tolist():
        rows = kinds == kind
        if kind in FIXED:
            sizes[rows] = FIXED[kind]
        elif kind == STRING:
            sizes[rows] = _read(data, "<i4", at[rows]) + 4
        elif kind in (DOCUMENT, ARRAY):
            sizes[rows] = _read(data, "<i4", at[rows])
        else:
            raise UnlikeDocumentsError
    return sizes


def _read(data: NDArray[np.uint8], form: str, at: Positions) -> NDArray[Any]:
    """Read values of one form that begin anywhere: a view in which every byte begins one."""
    form_of = np.dtype(form)
    spread = np.ndarray((len(data) - form_of.itemsize + 1,), form_of, data.data, 0, (1,))
    return spread[at]


def _alike(data: bytes, fields: Sequence[str]) -> bytes:
    """Write documents again with all fields in one order; what no column can hold becomes null."""
    rows = bson.decode_all(data, _PLAIN)
    return b"".join(bson.encode({name: _kept(row.get(name)) for name in fields}) for row in rows)


def _kept(value: Any) -> Any:
    if isinstance(value, list):
        return [_kept(one) for one in value]
    return value if isinstance(value, str | bool | int | float | datetime) else None
