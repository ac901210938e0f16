"""What an import of rows says: errors by row number, and a report."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
ERRORS_SHOWN = 1000
VALUE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was refused: its number as a spreadsheet shows it (the header is row 1), column, value, reason."""

    row: int
    column: str
    value: str
    zh: str
    en: str

    def document(self) -> dict[str, object]:
        """Give the error as it goes on the wire and into problem documents."""
        return {"row": self.row, "column": self.column, "value": shown(self.value), "zh": self.zh, "en": self.en}


@dataclass
class ImportReport:
    """What an import did, or in a dry run would do; every row read is counted once."""

    dry_run: bool
    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    errors: list[RowError] = field(default_factory=list)

    def refuse(self, errors: Iterable[RowError]) -> None:
        """Count one row as refused and keep its errors while fewer than ERRORS_SHOWN are kept."""
        self.refused += 1
        self.errors.extend(list(errors)[: max(0, ERRORS_SHOWN - len(self.errors))])

    def document(self) -> dict[str, object]:
        """Give the report as it goes on the wire; `errors` holds at most ERRORS_SHOWN entries."""
        counts = {name: getattr(self, name) for name in ("dry_run", "read", "new", "changed", "same", "refused")}
        return {**counts, "errors": [error.document() for error in self.errors]}


def repeated_code(row: int, code: str, first: int) -> RowError:
    """Make the error of a code that an earlier row of the same file holds."""
    return RowError(row, "code", code, f"编号与第 {first} 行重复", f"The code stands in row {first} already")


def batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut what may be a stream into lists of at most `size`."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def shown(value: str) -> str:
    """Make a foreign value safe and short enough to repeat in a message."""
    text = value if len(value) <= VALUE_CHARACTERS else value[: VALUE_CHARACTERS - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,20})?")


class Cells:
    """Reads one row's cells by column, collecting an error for each that cannot be taken."""

    def __init__(self, row: int, values: Mapping[str, str]) -> None:
        self.row = row
        self.values = values
        self.errors: list[RowError] = []

    def refuse(self, column: str, zh: str, en: str) -> None:
        """Collect an error on a column."""
        self.errors.append(RowError(self.row, column, self.values.get(column, ""), zh, en))

    def text(self, column: str, *, longest: int, required: bool = False, lines: bool = False, default: str = "") -> str:
        """Read a text of at most `longest` characters, on one line unless `lines`."""
        value = self.values.get(column, "").strip()
        if not value:
            if required:
                self.refuse(column, "不能为空", "It must not be empty")
            return default
        if len(value) > longest:
            self.refuse(column, f"超过 {longest} 个字符", f"It is longer than {longest} characters")
        elif any((c < " " and not (lines and c in "\n\r\t")) or "\ud800" <= c <= "\udfff" for c in value):
            self.refuse(column, "含有换行或控制字符", "It holds a line break or a control character")
        return value

    def code(self, column: str) -> str:
        """Read a code: 1 to 40 letters, digits, dots, dashes, underscores."""
        value = self.text(column, longest=40, required=True)
        if value and len(value) <= 40 and not CODE.fullmatch(value):
            self.refuse(
                column,
                "编号只能含字母、数字、点、横线、下划线，并以字母或数字开头",
                "A code has letters, digits, dots, dashes and underscores, and begins with a letter or digit",
            )
        return value

    def choice(self, column: str, allowed: Collection[str], default: str = "") -> str:
        """Read one of the allowed words; empty gives the default, or an error where there is none."""
        value = self.values.get(column, "").strip() or default
        if value not in allowed:
            self.refuse(column, f"须为以下之一：{'、'.join(allowed)}", f"It must be one of: {', '.join(allowed)}")
        return value

    def number(self, column: str, lowest: float, highest: float) -> float | None:
        """Read a decimal number within bounds; empty gives None."""
        value = self.values.get(column, "").strip()
        if not value:
            return None
        if not NUMBER.fullmatch(value) or not lowest <= float(value) <= highest:
            self.refuse(
                column,
                f"须为 {lowest:g} 到 {highest:g} 之间的数字，小数点用“.”",
                f"It must be a number from {lowest:g} to {highest:g}, with a point for decimals",
            )
            return None
        return float(value)

    def whole(self, column: str, lowest: int, highest: int, default: int | None = None) -> int:
        """Read a whole number within bounds; empty gives the default, or an error where there is none."""
        value = self.values.get(column, "").strip()
        if not value and default is not None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            self.refuse(
                column,
                f"须为 {lowest} 到 {highest} 之间的整数",
                f"It must be a whole number from {lowest} to {highest}",
            )
            return lowest
        return int(value)

    def day(self, column: str, first: str, last: str) -> str:
        """Read an ISO 8601 date within bounds, empty allowed."""
        value = self.values.get(column, "").strip()
        if value and (not _is_day(value) or not first <= value <= last):
            self.refuse(
                column, f"须为 {first} 到 {last} 之间的日期", f"It must be a date as YYYY-MM-DD from {first} to {last}"
            )
        return value


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
