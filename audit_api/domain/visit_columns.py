"""The columns of a file of past visits: one row a visit with a column an item, or one row an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

REQUIRED_VISIT_COLUMNS = ("visit_id", "dealer", "auditor", "started_at")
VISIT_COLUMNS = (
    *REQUIRED_VISIT_COLUMNS, "ended_at", "submitted_at", "checklist", "version", "selected_by", "wave", "source",
)  # fmt: skip
LONG_COLUMNS = ("item", "value", "comment", "answered_at")
"""Columns of one answer, where each has a row of its own."""
VISIT_TIMES = ("started_at", "ended_at", "submitted_at", "answered_at")
COMMENT = " comment"
"""A column `<item> comment` holds the comment on that item, where a visit has one row."""
ITEM_ID = re.compile(r"[A-Z][A-Z0-9]{1,11}-[A-Z]{2,6}-\d{2,3}[A-Z]?", re.ASCII)


def commented_item(column: str) -> str:
    """Name the item that a column comments on, "" where it is no such column."""
    return column.removesuffix(COMMENT) if column.endswith(COMMENT) else ""


def is_long(columns: tuple[str, ...]) -> bool:
    """Tell a file with one row an answer from one with one row a visit."""
    return "item" in columns


@dataclass(frozen=True, slots=True)
class AuditItem:
    """An item as a file names it; `scale` is its kind of answer, for words that hold for all of a kind."""

    id: str
    scale: str


@dataclass(frozen=True)
class AuditItems:
    """Items of published checklists, whatever the version."""

    by_id: Mapping[str, AuditItem]

    @cached_property
    def comments(self) -> tuple[str, ...]:
        """The columns of comments on them."""
        return tuple(item + COMMENT for item in self.by_id)
