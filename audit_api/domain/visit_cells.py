"""From the cell of a spreadsheet to the stored answer of a checklist's item."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from audit_api.domain.answers import check_answers
from audit_api.domain.checklists import NOT_APPLICABLE, WORDED_TYPES, Checklist, Item
from audit_api.domain.questionnaires import folded
from audit_api.domain.survey_times import TimeRefusedError, read_moment

NOT_IMPORTED = frozenset({"photo", "auto_gps"})
"""Kinds of answers that no cell can hold: bytes, and positions with their accuracy."""
MOST_WRITINGS = 2_000
_YES_NO = {
    **dict.fromkeys(("yes", "y", "true", "是", "有", "符合"), "yes"),
    **dict.fromkeys(("no", "n", "false", "否", "无", "不符合"), "no"),
}
_NOT_APPLICABLE = frozenset({"na", "n/a", "不适用", "not applicable"})
LONGEST_NOT_APPLICABLE = 20
NOTHING_TICKED = "[]"
"""Of several choices none was made, which is an answer; an empty cell is none."""
_NUMBER = re.compile(r"([+-]?\d{1,15})(?:\.(\d{1,12}))?", re.ASCII)
_BETWEEN = re.compile(r"[;；|、\n]")


class CellRefusedError(ValueError):
    """A cell holds no answer of its item; `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class ItemCells(dict[str, Any]):
    """Written answer -> stored answer of one item; each way of writing is worked out once while there are few."""

    def __init__(self, checklist: Checklist, item: Item) -> None:
        super().__init__()
        self._checklist, self._item = checklist, item
        self._worded = item.type in WORDED_TYPES
        self._options = _options(item)

    def __missing__(self, text: str) -> Any:
        value = _read(self._item, text, self._options)
        problems = check_answers(self._checklist, {self._item.id: value})
        if problems:
            raise CellRefusedError(problems[0].zh, problems[0].en)
        if not self._worded and len(self) < MOST_WRITINGS:
            self[text] = value
        return value


def read_clock(text: str, zone: ZoneInfo) -> str:
    """Read the answer of an auto_time item: ISO 8601 with offset, UTC; raises CellRefusedError."""
    try:
        return read_moment(text, zone).isoformat()
    except TimeRefusedError as error:
        raise CellRefusedError(error.zh, error.en) from None


def _read(item: Item, text: str, options: Mapping[str, str]) -> Any:
    if item.type in WORDED_TYPES:
        short = item.allow_na and len(text) <= LONGEST_NOT_APPLICABLE
        return NOT_APPLICABLE if short and folded(text) in _NOT_APPLICABLE else text
    word = folded(text)
    if item.allow_na and word in _NOT_APPLICABLE:
        return NOT_APPLICABLE
    if item.type in ("yes_no", "single"):
        return (_YES_NO if item.type == "yes_no" else options).get(word, text)
    if item.type == "multi":
        parts = [] if text == NOTHING_TICKED else [part.strip() for part in _BETWEEN.split(text)]
        return [options.get(folded(part), part) for part in parts if part]
    return _number(word.removesuffix("%").rstrip() if item.unit == "percent" else word, text)


def _number(word: str, text: str) -> Any:
    """Read a number as JSON would hold it: a whole one without a fraction; what is none stays text, to be refused."""
    found = _NUMBER.fullmatch(word)
    if not found:
        return text
    whole, fraction = found.groups()
    return float(word) if fraction and fraction.strip("0") else int(whole)


def _options(item: Item) -> dict[str, str]:
    """Give codes by themselves and by their words in either language; words that two options share are left out."""
    found: dict[str, set[str]] = {}
    for option in item.options:
        for word in (option.text.zh, option.text.en):
            found.setdefault(folded(word), set()).add(option.code)
    named = {word: codes.pop() for word, codes in found.items() if len(codes) == 1}
    return named | {folded(option.code): option.code for option in item.options}
