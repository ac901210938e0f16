"""Plainly written pieces of a CSV file as columns, many rows at a time; the rest stays with the rules of CSV.

A piece is plain when every quote opens at the beginning of a cell and closes at its end, every line has as many cells
as the header, and no line ends in the manner of old. Then all parsers agree, and Arrow's is the quickest. Whatever is
not plain is read row by row, which knows what to say of it.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from audit_api.intake.delimited import next_record, opened
from audit_api.intake.records import Record, TextColumns

PIECE = 1 << 20
"""Characters of a piece: some thousands of rows."""
NEWLINE, RETURN, TAB, QUOTE, BLANK = b'\n\r\t" '


def pieces(path: Path, encoding: str, delimiter: str, columns: Sequence[str]) -> Iterator[TextColumns | Record]:
    """Read what stands below the header: plain pieces as columns, the records of the others one by one."""
    with opened(path, encoding) as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        next_record(reader, 1, 1)  # the header
        number = 1
        while text := lines.piece():
            made = _columns(text.encode(), delimiter, columns)
            if made is not None:
                found = TextColumns(number + 1, made)
                yield found
                number += len(found)
                lines.passed += text.count("\n")
                continue
            lines.give_back(text)
            while lines.ahead:
                number += 1
                record = next_record(reader, number, lines.passed + 1)
                if record is None:
                    return
                yield record


class _Lines:
    """The lines of a file for a reader of CSV; `passed` counts them, `ahead` holds those of the piece at hand."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.ahead: deque[str] = deque()
        self.passed = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.ahead.popleft() if self.ahead else self._file.readline()
        if not line:
            raise StopIteration
        self.passed += 1
        return line

    def piece(self) -> str:
        """Take the next piece, up to the end of a line outside quotes where there is one near."""
        text = self._file.read(PIECE) + self._file.readline()
        quotes, longest = text.count('"'), len(text) + csv.field_size_limit()
        while quotes % 2 and len(text) < longest and (line := self._file.readline()):
            text += line
            quotes += line.count('"')
        return text

    def give_back(self, text: str) -> None:
        """Have the lines of a piece read one by one."""
        self.ahead.extend(io.StringIO(text, newline=""))


def _columns(data: bytes, delimiter: str, columns: Sequence[str]) -> dict[str, pa.StringArray] | None:
    """Read a piece as columns of text as it is written; None where it is not plain."""
    # Arrow would take a mark of byte order off the first cell; that of the file was read with its header.
    height = 0 if data.startswith(codecs.BOM_UTF8) else _records(data, ord(delimiter))
    if not height:
        return None
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(column_names=list(columns), use_threads=False, block_size=len(data) + 1),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in data, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:  # a line with more or fewer cells
        return None
    if table.num_rows != height:
        return None
    return {name: table.column(name).combine_chunks() for name in columns}


def _records(data: bytes, delimiter: int) -> int:
    """Count the records of a piece, 0 where it is not plain."""
    written = np.frombuffer(data, np.uint8)
    low = written[written < BLANK]
    if not np.isin(low, (NEWLINE, RETURN, TAB)).all() or data.count(b"\r") != data.count(b"\r\n"):
        return 0
    breaks = np.flatnonzero(written == NEWLINE)
    quotes = np.flatnonzero(written == QUOTE)
    if quotes.size:
        if quotes.size % 2:
            return 0
        around = np.concatenate(([NEWLINE], written, [NEWLINE]))
        before, after = around[quotes[0::2]], around[quotes[1::2] + 2]
        # A quote next to another is one written twice, inside a cell.
        if not (
            np.isin(before, (delimiter, NEWLINE, QUOTE)).all()
            and np.isin(after, (delimiter, NEWLINE, RETURN, QUOTE)).all()
        ):
            return 0
        breaks = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
    ends = breaks if data.endswith(b"\n") else np.append(breaks, written.size)
    longest = np.diff(ends, prepend=-1).max()
    return 0 if longest > csv.field_size_limit() else int(ends.size)
