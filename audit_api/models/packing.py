"""Write documents straight from columns: pieces of BSON, or of JSON, joined row by row by Arrow.

A dictionary made for every row and walked again by an encoder costs more than everything else an import does;
documents of one kind differ in few places. Pieces are binary arrays, one entry a row. Format: https://bsonspec.org/spec.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from audit_api.models.columns import ARRAY, DATETIME, NULL, STRING

Numbers = NDArray[np.int64]


class Rows:
    """Rows being written side by side; what is the same in all of them is written once."""

    def __init__(self, height: int) -> None:
        self._height = height
        self._pieces: list[pa.Array | pa.Scalar] = []
        self._same = b""

    def same(self, piece: bytes) -> None:
        """Write the same into every row."""
        self._same += piece

    def each(self, pieces: pa.Array) -> None:
        """Write its piece into each row."""
        self._flush()
        self._pieces.append(pieces)

    def joined(self) -> pa.Array:
        """Give what was written."""
        self._flush()
        if not any(isinstance(piece, pa.Array) for piece in self._pieces):
            return pa.array([b"".join(piece.as_py() for piece in self._pieces)] * self._height, pa.binary())
        return pc.binary_join_element_wise(*self._pieces, pa.scalar(b"", pa.binary()))

    def _flush(self) -> None:
        if self._same:
            self._pieces.append(pa.scalar(self._same, pa.binary()))
            self._same = b""

    def text(self, name: str, texts: pa.Array) -> None:
        """Write a field of text."""
        self.same(element(STRING, name))
        self.each(fixed((pc.binary_length(texts).to_numpy(zero_copy_only=False) + 1).astype("<i4")))
        self.each(texts.cast(pa.binary()))
        self.same(b"\0")

    def chosen(self, name: str, values: Sequence[str], places: Numbers) -> None:
        """Write a field of text with few values."""
        self.each(taken([encoded_text(name, value) for value in values], places))

    def moment(self, name: str, milliseconds: Numbers, present: NDArray[np.bool_]) -> None:
        """Write a time, null where it is not present."""
        if present.all():
            self.same(element(DATETIME, name))
            self.each(fixed(milliseconds.astype("<i8")))
            return
        self.each(taken([element(NULL, name), element(DATETIME, name)], present.astype(np.int64)))
        offsets = np.concatenate(([0], np.cumsum(present * 8))).astype(np.int32)
        values = milliseconds[present].astype("<i8")
        self.each(_binary(offsets, values.tobytes()))

    def array(self, name: str, elements: pa.Array) -> None:
        """Write a list whose elements are encoded."""
        self.same(element(ARRAY, name))
        self.each(_measured(elements))


def documents(bodies: pa.Array) -> list[bytes]:
    """Make whole documents of encoded fields."""
    return pieces(_measured(bodies))


def _measured(bodies: pa.Array) -> pa.Array:
    """Put the length before and the end behind, as a document and a list have them."""
    rows = Rows(len(bodies))
    rows.each(fixed((pc.binary_length(bodies).to_numpy(zero_copy_only=False) + 5).astype("<i4")))
    rows.each(bodies)
    rows.same(b"\0")
    return rows.joined()


def pieces(rows: pa.Array) -> list[bytes]:
    """Take the pieces apart, as bytes."""
    _, offsets, data = rows.buffers()
    ends = np.frombuffer(offsets, np.int32)[rows.offset : rows.offset + len(rows) + 1].tolist()
    whole = data.to_pybytes() if data is not None else b""
    return [whole[begin:end] for begin, end in pairwise(ends)]


def element(kind: int, name: str) -> bytes:
    """Begin a field: its type and name."""
    return bytes((kind,)) + name.encode() + b"\0"


def encoded_text(name: str, text: str) -> bytes:
    """Encode a whole field of text."""
    written = text.encode()
    return element(STRING, name) + (len(written) + 1).to_bytes(4, "little") + written + b"\0"


def taken(choice: Sequence[bytes], places: Numbers) -> pa.Array:
    """Give each row its piece of a choice."""
    return pa.array(choice, pa.binary()).take(pa.array(places))


def fixed(values: NDArray[np.generic]) -> pa.Array:
    """Give numbers as they lie in memory."""
    width = values.dtype.itemsize
    return _binary(np.arange(0, width * (values.size + 1), width, dtype=np.int32), values.tobytes())


def _binary(offsets: NDArray[np.int32], data: bytes) -> pa.Array:
    return pa.Array.from_buffers(pa.binary(), offsets.size - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
