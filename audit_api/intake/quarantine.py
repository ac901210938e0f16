"""Rows that were refused, beside the file they came from, ready to be corrected in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import TextIO

from audit_api.domain.rows import RowError

HEADER = ("row", "column", "value", "reason_zh", "reason_en")
# A spreadsheet runs a cell that begins so as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """Keep a spreadsheet from running a cell: an apostrophe before what would be a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


class Quarantine:
    """Writes `<file>.quarantine.csv`; no bad row, no file, and an old one is removed.

    `row` is counted from 1 without the header.
    """

    def __init__(self, source: Path) -> None:
        self.path = source.with_name(source.name + ".quarantine.csv")
        self._file: TextIO | None = None
        self.cells = 0

    def __enter__(self) -> Quarantine:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, error: RowError) -> None:
        """Write one refused cell."""
        if self._file is None:
            # The mark tells spreadsheets that it is UTF-8.
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(HEADER)
        csv.writer(self._file).writerow([error.row, error.column, safe_cell(error.value), error.zh, error.en])
        self.cells += 1
