"""The parts of a customer survey, as frozen values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from audit_api.domain.checklists import NOT_APPLICABLE, Text

SCHEMA = "csat-survey/1"
ROLES = (
    "screening", "driver", "outcome", "expectation", "experience", "fact", "integrity", "list_experiment", "open",
)  # fmt: skip
ARMS = ("control", "treatment")
"""The two arms of a list experiment: the treatment list holds the sensitive statement as well."""
RATED_ROLES = ("driver", "outcome")
LONGEST_TEXT = 5000
_WHOLE = re.compile(r"(-?\d{1,4})(?:\.0{1,4}|,0{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a scale, or one choice of a single item."""

    value: int | str
    text: Text


@dataclass(frozen=True)
class Scale:
    """A named scale: either labelled levels, or a range with its two ends labelled."""

    name: str
    levels: tuple[Level, ...] = ()
    low: int | None = None
    high: int | None = None
    low_text: Text | None = None
    high_text: Text | None = None

    @cached_property
    def values(self) -> frozenset[int | str]:
        """All values an answer can have."""
        if self.low is not None and self.high is not None:
            return frozenset(range(self.low, self.high + 1))
        return frozenset(level.value for level in self.levels)


@dataclass(frozen=True, slots=True)
class SurveyItem:
    """One question to a customer.

    ``favourable`` is the answer of a fact item that speaks for the dealer; ``adverse`` are the answers of a screening
    or integrity item that raise ``signal``; ``pair`` links an expectation with its experience, or the two arms of a
    list experiment, whose answer is how many of the ``statements`` hold, never which.
    """

    id: str
    touchpoint: str
    role: str
    scale: str
    text: Text
    required: bool
    allow_na: bool = False
    pair: str | None = None
    favourable: str | None = None
    adverse: tuple[str | int, ...] = ()
    signal: str | None = None
    options: tuple[Level, ...] = ()
    arm: str | None = None
    statements: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldWindow:
    """When customers are asked, in days after an event (``delivery``, ``job_closed``)."""

    open_after_days: int
    close_after_days: int
    event: str


@dataclass(frozen=True)
class Questionnaire:
    """One version of a survey."""

    code: str
    version: int
    title: Text
    domain: str
    field_window: FieldWindow
    channels: tuple[str, ...]
    scales: tuple[Scale, ...]
    items: tuple[SurveyItem, ...]
    expectation_pairs_per_respondent: int = 0

    @cached_property
    def by_id(self) -> Mapping[str, SurveyItem]:
        """Items by id."""
        return {item.id: item for item in self.items}

    @cached_property
    def scale_by_name(self) -> Mapping[str, Scale]:
        """Scales by name."""
        return {scale.name: scale for scale in self.scales}

    @cached_property
    def values_by_id(self) -> Mapping[str, frozenset[int | str] | None]:
        """The values each item accepts, without "na"; None for free text."""
        return {item.id: self._values(item) for item in self.items}

    def _values(self, item: SurveyItem) -> frozenset[int | str] | None:
        if item.scale == "text":
            return None
        if item.scale == "single":
            return frozenset(level.value for level in item.options)
        return self.scale_by_name[item.scale].values

    @cached_property
    def labels_by_id(self) -> Mapping[str, Mapping[str, int | str]]:
        """The answers of each item by their own words in either language, in the form of ``folded``.

        Words that two answers of an item share are left out.
        """
        return {item.id: _labels(self._levels(item)) for item in self.items}

    def _levels(self, item: SurveyItem) -> tuple[Level, ...]:
        if item.scale in ("text", "single"):
            return item.options
        return self.scale_by_name[item.scale].levels

    def range_of(self, item_id: str) -> tuple[int, int] | None:
        """Return the lowest and highest level of a rated item; None where answers are no numbers."""
        marks = [value for value in self.values_by_id[item_id] or () if isinstance(value, int)]
        return (min(marks), max(marks)) if marks else None

    def item(self, item_id: str) -> SurveyItem:
        """Return one item; raises KeyError when this version has none with that id."""
        return self.by_id[item_id]

    def of_role(self, role: str) -> tuple[SurveyItem, ...]:
        """Return the items of a role in their order."""
        return tuple(item for item in self.items if item.role == role)

    def accepts(self, item_id: str, value: object) -> bool:
        """Tell whether a value can be an answer: exact type, "na" only where offered, text within its bound."""
        item = self.by_id.get(item_id)
        if item is None:
            return False
        values = self.values_by_id[item_id]
        if values is None:
            return isinstance(value, str) and len(value) <= LONGEST_TEXT
        if isinstance(value, bool) or not isinstance(value, int | str):
            return False
        return value in values or (item.allow_na and value == NOT_APPLICABLE)

    def read_cell(self, item_id: str, cell: str) -> int | str | None:
        """Return the answer written in a cell of a table; None for an empty one.

        A level may be written as its number, as spreadsheets do ("5.0", "5,0"), or in the questionnaire's own words.
        Raises KeyError for an unknown item and ValueError for what is no answer of it.
        """
        item = self.by_id[item_id]
        values = self.values_by_id[item_id]
        written = cell.strip()
        if not written:
            return None
        if values is None:
            if len(written) > LONGEST_TEXT:
                raise ValueError(f"longer than {LONGEST_TEXT} characters")
            return written
        word = folded(written)
        if word in values or (item.allow_na and word == NOT_APPLICABLE):
            return word
        if (number := _WHOLE.fullmatch(word)) and int(number[1]) in values:
            return int(number[1])
        if (found := self.labels_by_id[item_id].get(word)) is not None:
            return found
        raise ValueError(f"{written[:40]!r} is not one of {sorted(map(str, values))}")


def folded(written: str) -> str:
    """Bring a written answer to the form words are compared in: full width and case do not matter."""
    return unicodedata.normalize("NFKC", written[:200]).strip().casefold()


def _labels(levels: tuple[Level, ...]) -> dict[str, int | str]:
    found: dict[str, set[int | str]] = {}
    for level in levels:
        for word in (level.text.zh, level.text.en):
            found.setdefault(folded(word), set()).add(level.value)
    return {word: values.pop() for word, values in found.items() if len(values) == 1}
