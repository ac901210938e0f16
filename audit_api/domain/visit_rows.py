"""From the rows of a file to past visits, or to what is wrong with them, cell by cell.

The reader is made once for a file; tables kept by checklist version make a visit cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from audit_api.domain.answers import LONGEST_COMMENT, check_answers
from audit_api.domain.checklists import Checklist
from audit_api.domain.rows import RowError
from audit_api.domain.surveys import ColumnsError
from audit_api.domain.visit_cells import NOT_IMPORTED, CellRefusedError, ItemCells, read_clock
from audit_api.domain.visit_columns import (
    COMMENT,
    LONG_COLUMNS,
    REQUIRED_VISIT_COLUMNS,
    VISIT_COLUMNS,
    AuditItems,
    commented_item,
)
from audit_api.domain.visit_heads import Head, HeadReader, Places, Refusals, VisitDefaults, read_time

Cells = Sequence[str]
_NOTHING: dict[str, Any] = {}
NO_ANSWER = ("没有任何答案", "holds no answer at all")


class PastVisit(NamedTuple):
    """A past visit as understood: what holds for it, and observations of the form that phones send."""

    row: int
    head: Head
    observations: list[dict[str, Any]]


class _Wide(NamedTuple):
    """One item's columns in a file with one row a visit."""

    item: str
    value: int
    comment: int


class _Answer(NamedTuple):
    """One cell with an answer: its row, column and text."""

    row: int
    column: str
    text: str


class PastVisitReader:
    """Reads the rows of one file of past visits, after which none lies (`before`).

    `columns` is the header in our words; `long`: one row an answer; `answer` translates the answer to an item.
    Raises ColumnsError.
    """

    def __init__(
        self,
        columns: Sequence[str],
        items: AuditItems,
        places: Places,
        *,
        long: bool,
        defaults: VisitDefaults,
        before: datetime,
        answer: Callable[[str, str], str] = lambda item, text: text,
    ) -> None:
        known = {*VISIT_COLUMNS, *(LONG_COLUMNS if long else (*items.by_id, *items.comments))}
        missing = [name for name in (*REQUIRED_VISIT_COLUMNS, *(("value",) if long else ())) if name not in columns]
        twice = sorted({name for name in columns if list(columns).count(name) > 1})
        unknown = [name for name in columns if name not in known]
        if missing or unknown or twice:
            raise ColumnsError(missing, unknown, twice)
        self.width = len(columns)
        self._place = {name: place for place, name in enumerate(columns)}
        self._said = [(name, self._place[name]) for name in VISIT_COLUMNS if name in self._place]
        self._heads = HeadReader(places, defaults, before)
        self._answer = answer
        names = dict.fromkeys(commented_item(name) or name for name in columns if name not in VISIT_COLUMNS)
        blank = self.width  # a row is read with one empty cell behind its end, for the columns it does not have
        self._wide = [_Wide(n, self._place.get(n, blank), self._place.get(n + COMMENT, blank)) for n in names]
        self._long = [self._place.get(name, blank) for name in LONG_COLUMNS]
        self._tables: dict[tuple[str, int], dict[str, ItemCells | None]] = {}

    @property
    def unknown(self) -> dict[str, dict[str, int]]:
        """The dealers, auditors and checklists that nobody knows, each with the number of its visits."""
        return self._heads.unknown

    def visit_id(self, cells: Cells) -> str:
        """Give the source's id of the visit that a row belongs to."""
        return cells[self._place["visit_id"]]

    def read(self, row: int, cells: Cells) -> PastVisit | list[RowError]:
        """Read a visit that has one row; cells are trimmed text in the order of the columns."""
        errors = self._wrong_widths(((row, cells),))
        head = None if errors else self._heads.read(row, {name: cells[place] for name, place in self._said}, errors)
        if head is None:
            return errors
        padded = (*cells, "")
        tables = self._tables_of(head.checklist)
        observations = []
        for item, value_at, comment_at in self._wide:
            text, comment = padded[value_at], padded[comment_at]
            if text or comment:
                met = tables.get(item) or _NOTHING  # nearly every cell was written so before
                value = met.get(text)
                if value is None:
                    value = self._value(head, item, _Answer(row, item, text), errors)
                if comment:
                    _check_comment(head.checklist, item, _Answer(row, item + COMMENT, comment), errors)
                observations.append(_observation(item, value, comment, None))
        if not observations and not errors:
            errors.refuse(row, ("", ""), *NO_ANSWER)
        return errors or self._visit(row, head, observations)

    def read_answers(self, rows: Sequence[tuple[int, Cells]]) -> PastVisit | list[RowError]:
        """Read a visit of which every row is an answer; what holds for the visit may stand in its first row alone."""
        errors = self._wrong_widths(rows)
        if errors:
            return errors
        first, cells = rows[0]
        for row, others in rows[1:]:
            for name, place in self._said:
                if others[place] and others[place] != cells[place]:
                    zh, en = f"与第 {first} 行同一走访的内容不同", f"differs from row {first} of the same visit"
                    errors.refuse(row, (name, others[place]), zh, en)
        head = self._heads.read(first, {name: cells[place] for name, place in self._said}, errors)
        if head is None:
            return errors
        observations = self._observations(rows, head, errors)
        return errors or self._visit(first, head, observations)

    def _observations(self, rows: Sequence[tuple[int, Cells]], head: Head, errors: Refusals) -> list[dict[str, Any]]:
        zone = self._heads.zones[head.dealer.timezone]
        met: dict[str, int] = {}
        found = []
        for row, cells in rows:
            padded = (*cells, "")
            item, text, comment, when = (padded[place] for place in self._long)
            if (before := met.setdefault(item, row)) != row:
                zh, en = f"第 {before} 行已回答此题", f"row {before} answers this item already"
                errors.refuse(row, ("item", item), zh, en)
                continue
            value = self._value(head, item, _Answer(row, "value", self._answer(item, text) if text else ""), errors)
            _check_comment(head.checklist, item, _Answer(row, "comment", comment), errors)
            answered_at = read_time(row, ("answered_at", when), zone, errors)
            if value is not None or comment:
                found.append(_observation(item, value, comment, answered_at))
        if not found and not errors:
            errors.refuse(rows[0][0], ("", ""), *NO_ANSWER)
        return found

    def _visit(self, row: int, head: Head, observations: list[dict[str, Any]]) -> PastVisit:
        """Put the answers into the order of the checklist: the order of columns and rows is no content."""
        place = {item: n for n, item in enumerate(self._tables_of(head.checklist))}
        observations.sort(key=lambda observation: place[observation["item"]])
        return PastVisit(row, head, observations)

    def _value(self, head: Head, item: str, cell: _Answer, errors: Refusals) -> Any:
        try:
            table = self._tables_of(head.checklist)[item]
            if not cell.text:
                return None
            if table is None:
                return read_clock(cell.text, self._heads.zones[head.dealer.timezone])
            return table[cell.text]
        except KeyError:
            zh, en = "此版检查表没有这道题", "this version of the checklist has no such item"
            if item in head.checklist.by_id:
                zh, en = "照片和定位不能从表格导入，请留空", "photos and positions are not imported: leave it empty"
            errors.refuse(cell.row, ("item" if cell.column == "value" else cell.column, item), zh, en)
        except CellRefusedError as refused:
            errors.refuse(cell.row, (cell.column, cell.text), refused.zh, refused.en)
        return None

    def _tables_of(self, checklist: Checklist) -> dict[str, ItemCells | None]:
        key = (checklist.code, checklist.version)
        made = self._tables.get(key)
        if made is None:
            taken = [item for item in checklist.items if item.type not in NOT_IMPORTED]
            made = self._tables[key] = {
                item.id: None if item.type == "auto_time" else ItemCells(checklist, item) for item in taken
            }
        return made

    def _wrong_widths(self, rows: Sequence[tuple[int, Cells]]) -> Refusals:
        errors = Refusals()
        for row, cells in rows:
            if len(cells) != self.width:
                zh = f"有 {len(cells)} 个单元格，表头有 {self.width} 列"
                errors.refuse(row, ("", ""), zh, f"{len(cells)} cells under {self.width} columns")
        return errors


def _check_comment(checklist: Checklist, item: str, cell: _Answer, errors: Refusals) -> None:
    if not cell.text or (len(cell.text) <= LONGEST_COMMENT and cell.text.isprintable()):
        return
    for problem in check_answers(checklist, {}, {item: cell.text}) if item in checklist.by_id else ():
        errors.refuse(cell.row, (cell.column, cell.text), problem.zh, problem.en)


def _observation(item: str, value: Any, comment: str, moment: datetime | None) -> dict[str, Any]:
    """Make an observation of the form that phones send."""
    answered_at = None if moment is None else moment.isoformat()
    return {"item": item, "value": value, "comment": comment or None, "answered_at": answered_at, "photos": []}
