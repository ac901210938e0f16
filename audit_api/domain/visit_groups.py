"""Rows with one answer each, gathered into visits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from audit_api.domain.rows import RowError

MOST_ANSWERS = 1_000
Cells = Sequence[str]
Group = list[tuple[int, Cells]]


def by_visit(
    rows: Iterable[tuple[int, Cells | RowError]], visit_id: Callable[[Cells], str], scattered: frozenset[int]
) -> Iterable[Group | RowError]:
    """Gather the rows of each visit, which follow each other; gives what is wrong where a visit cannot be whole.

    A row that cannot be read spoils the visits beside it: it may be an answer of either. `scattered` holds the
    marks (`mark_of`) of visits whose rows lie apart.
    """
    group: Group = []
    name, spoilt, torn = "", 0, 0
    for number, cells in rows:
        if isinstance(cells, RowError):
            yield cells
            spoilt, torn = (number if group else spoilt), number
            continue
        following = visit_id(cells)
        if not group or following != name:
            if group:
                yield _whole(group, name, spoilt, scattered)
            group, name, spoilt = [], following, torn
        torn = 0
        if len(group) <= MOST_ANSWERS:
            group.append((number, cells))
    if group:
        yield _whole(group, name, spoilt, scattered)


def mark_of(visit_id: str) -> int:
    """Give a visit's mark within one run of the program: small, for many."""
    return hash(visit_id)


def scattered_visits(rows: Iterable[tuple[int, Cells | RowError]], visit_id: Callable[[Cells], str]) -> frozenset[int]:
    """Find the visits whose rows do not follow each other, as marks."""
    closed: set[int] = set()
    found: set[int] = set()
    last: int | None = None
    for _, cells in rows:
        if isinstance(cells, RowError):
            continue
        mark = mark_of(visit_id(cells))
        if mark != last:
            if mark in closed:
                found.add(mark)
            closed.add(mark)
            last = mark
    return frozenset(found)


def _whole(group: Group, name: str, spoilt: int, scattered: frozenset[int]) -> Group | RowError:
    if spoilt:
        zh = f"第 {spoilt} 行无法读取，可能属于此走访，故整份未导入"
        en = f"row {spoilt} beside it cannot be read and may be an answer of it"
    elif len(group) > MOST_ANSWERS:
        zh, en = f"一次走访超过 {MOST_ANSWERS} 行", f"a visit of more than {MOST_ANSWERS} rows"
    elif mark_of(name) in scattered:
        zh = "同一走访的行须相连；请按 visit_id 排序后重新导入"
        en = "the rows of a visit must follow each other: sort by visit_id"
    else:
        return group
    return RowError(group[0][0], "visit_id", name, zh, en)
