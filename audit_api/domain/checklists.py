"""The parts of a checklist, as frozen values.

A published ``(code, version)`` never changes, so lookup tables are made once for each checklist and kept with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

SCHEMA = "dealer-checklist/1"
NOT_APPLICABLE = "na"
"""The stored value of "not applicable", for every type of item that offers it."""

TYPES = (
    "yes_no",
    "scale5",
    "single",
    "multi",
    "number",
    "duration_min",
    "text",
    "narrative",
    "photo",
    "auto_gps",
    "auto_time",
)
SCORED_TYPES = frozenset(TYPES[:6])
WORDED_TYPES = frozenset({"text", "narrative"})
ORDERED_TYPES = frozenset({"scale5", "number", "duration_min"})

SIGNALS = tuple(f"G{number:02d}" for number in range(1, 18))
"""Codes of the gaming playbook an integrity item may point to."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text in Chinese and English."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the text in ``zh`` or, for anything else, in ``en``."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a single or multi item; without a score it counts as not applicable."""

    code: str
    text: Text
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A score for values up to and including ``up_to``; None has no upper end."""

    up_to: float | None
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Which photos an answer needs. ``rule``: none, optional, always, on_fail, on_adverse."""

    rule: str
    min_photos: int = 0
    of: Text | None = None
    gallery: bool = False


@dataclass(frozen=True, slots=True)
class Critical:
    """A knock-out: a score below ``fail_below`` limits the touchpoint or the total to ``max_score``."""

    cap: str
    max_score: float
    fail_below: float = 50.0


@dataclass(frozen=True, slots=True)
class Integrity:
    """An unscored observation of an attempt to influence a survey.

    ``op`` is ``in`` (adverse: the answers in ``values``), ``eq ne lt lte gt gte`` (one number), or
    ``context`` (never adverse by itself).
    """

    signal: str
    op: str
    values: tuple[str | float, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition on one earlier item."""

    item: str
    op: str
    value: str | float | tuple[str | float, ...] | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """A condition that holds when every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A condition that holds when one part holds."""

    parts: tuple[Condition, ...]


Condition = Comparison | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Item:
    """One question to answer or thing to record."""

    id: str
    touchpoint: str
    type: str
    text: Text
    guidance: Text
    weight: int
    required: bool
    allow_na: bool
    evidence: Evidence
    expectations: tuple[str, ...] = ()
    pass_on: str | None = None
    options: tuple[Option, ...] = ()
    combine: str | None = None
    bands: tuple[Band, ...] = ()
    unit: str | None = None
    scale: str | None = None
    min_chars: int = 0
    show_if: Condition | None = None
    critical: Critical | None = None
    integrity: Integrity | None = None
    follow_up_hours: int = 0
    """Hours after the visit through which this is watched; 0: answered when the visit is submitted."""

    def option(self, code: object) -> Option | None:
        """Return the option with this code, or None."""
        return next((option for option in self.options if option.code == code), None)


@dataclass(frozen=True, slots=True)
class Section:
    """Items that belong together; weight 0 means recorded only."""

    code: str
    title: Text
    weight: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two answers that can hardly both be right, and why."""

    pair: tuple[Comparison, Comparison]
    why: Text


Built = TypeVar("Built")


@dataclass(frozen=True)
class Checklist:
    """One version of a checklist."""

    code: str
    version: int
    title: Text
    mode: str
    domain: str
    expected_duration_min: int
    capture: str
    auditor_notes: Text | None
    pass_at: float
    watch_at: float
    sections: tuple[Section, ...]
    contradicts: tuple[Contradiction, ...] = ()
    _built: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items in the order they are asked."""
        return tuple(item for section in self.sections for item in section.items)

    @cached_property
    def by_id(self) -> Mapping[str, Item]:
        """Items by id."""
        return {item.id: item for item in self.items}

    def item(self, item_id: str) -> Item:
        """Return one item; raises KeyError when this version has none with that id."""
        return self.by_id[item_id]

    def kept(self, build: Callable[[Checklist], Built]) -> Built:
        """Return what ``build`` makes of this checklist, made once and kept with it."""
        made = self._built.get(build)
        if made is None:
            made = self._built[build] = build(self)
        return cast(Built, made)
