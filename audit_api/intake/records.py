"""What the readers of CSV and XLSX have in common."""

from __future__ import annotations

from typing import NamedTuple

from audit_api import problems
from audit_api.problems import Problem

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


def refused(zh: str, en: str) -> Problem:
    """Make the problem of a file that cannot be read at all."""
    return Problem(problems.IMPORT_REFUSED, zh=zh, en=en)
