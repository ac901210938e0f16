"""What is said when the input of a screening cannot be understood."""

from __future__ import annotations


class InputsRefusedError(ValueError):
    """Name the table, row, column and remedy of an input that cannot be screened.

    `row` counts data rows from 0 (None: the whole table); a reader of files turns it into a line number.
    """

    def __init__(self, table: str, reason: str, remedy: str, *, row: int | None = None, column: str = "") -> None:
        self.table = table
        self.reason = reason
        self.remedy = remedy
        self.row = row
        self.column = column
        super().__init__(str(self))

    def __str__(self) -> str:
        place = self.table
        if self.row is not None:
            place += f", row {self.row + 1}"
        if self.column:
            place += f", column {self.column}"
        return f"{place}: {self.reason}. {self.remedy}."
