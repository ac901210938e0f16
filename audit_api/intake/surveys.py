"""A file of survey responses becomes numbered rows of cells, with the questionnaire it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from audit_api.domain.rows import RowError
from audit_api.intake.tables import Table, read_table

ROWS_PEEKED = 100


@dataclass(frozen=True)
class ResponseFile:
    """A file of responses; `questionnaire` and `version` are what its first rows name, "" where they name none."""

    table: Table
    questionnaire: str
    version: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The header."""
        return self.table.columns

    def rows(self) -> Iterator[tuple[int, Sequence[str] | RowError]]:
        """Read the rows: number as a spreadsheet shows it, and cells in the order of the columns."""
        return self.table.cells()


def read_responses(path: Path) -> ResponseFile:
    """Open a file of responses; raises Problem(IMPORT_REFUSED) when it cannot be read as a table."""
    return responses_in(read_table(path))


def responses_in(table: Table) -> ResponseFile:
    """Look into a table for the questionnaire that its first rows name."""
    named = {"questionnaire": "", "version": ""}
    for row in islice(table, ROWS_PEEKED):
        for column, known in named.items():
            named[column] = known or row.values.get(column, "")
    return ResponseFile(table, named["questionnaire"], named["version"].removesuffix(".0"))
