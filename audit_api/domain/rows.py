"""What an import of rows says: errors by row number, and a report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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


def shown(value: str) -> str:
    """Make a foreign value safe and short enough to repeat in a message."""
    text = value if len(value) <= VALUE_CHARACTERS else value[: VALUE_CHARACTERS - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
