"""What the readers of CSV and XLSX have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from audit_api import problems
from audit_api.problems import Problem

if TYPE_CHECKING:
    import pyarrow as pa

MAX_ROWS = 2_000_000
MAX_COLUMNS = 1_000


class Record(NamedTuple):
    """One row as it stands in the file, the header included.

    `zh` and `en` say why it cannot be read, if so; `place` and `value` name the cell that is to blame where one is.
    """

    number: int
    cells: tuple[str, ...]
    zh: str = ""
    en: str = ""
    place: int = -1
    value: str = ""


@dataclass(frozen=True, slots=True)
class TextColumns:
    """Rows that follow each other, as columns of text as it is written, untrimmed; `first` is the first one's number.

    Blank rows are among them, and count for nobody.
    """

    first: int
    columns: Mapping[str, pa.StringArray]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def any_blank(self) -> bool:
        """Tell whether a row has nothing in it."""
        from audit_api.domain.survey_columns import any_blank  # noqa: PLC0415 - Arrow only where there are columns

        return any_blank(self.columns.values())

    def rows(self, places: pa.Array | None = None) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Read the rows (at the places given) one by one: number and trimmed cells, without the blank ones."""
        columns = self.columns.values()
        numbers = range(len(self)) if places is None else places.to_pylist()
        taken = [(column if places is None else column.take(places)).to_pylist() for column in columns]
        for place, cells in zip(numbers, zip(*taken, strict=True), strict=True):
            trimmed = tuple(map(str.strip, cells))
            if any(trimmed):
                yield self.first + place, trimmed


def refused(zh: str, en: str) -> Problem:
    """Make the problem of a file that cannot be read at all."""
    return Problem(problems.IMPORT_REFUSED, zh=zh, en=en)
