"""Random answer sets of a checklist: whole ones, ones with gaps, and ones no phone should ever hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from audit_api.domain.checklists import AllOf, AnyOf, Checklist, Comparison, Condition, Item

COUNT = 5_000 if os.environ.get("FULL") == "1" else 500
NAN = "\x00NaN"
"""Stands for NaN on its way to the phone; JSON has none."""
DEALER = (30.2741, 120.1551)
STARTED = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
TEXTS = (
    "接待台有两位销售顾问，主动问好。", "Greeted at the door, offered tea and a seat 🙂", "\u3000\x85 ok \ufeff", "na",
    "🚗" * 11, "🚗" * 12, "\ufeff", "原话：“给我们打满分就行”，销售经理，展厅。", "x" * 59 + " ", " " + "叙" * 60,
    "<b>bold</b> & \"quoted\"",
)  # fmt: skip
BLANKS = ("", " ", "\u3000", "\n\t", "\x85", "\u2028", "\xa0")
MOMENTS = (
    "2026-11-20T10:02:11+08:00", "2026-11-20T02:02:11Z", "2026-11-20 02:02+00:00", "20261120T100211+0800",
    "2026-11-20T10:02:11.123456+08:00", "2026-11-20T10:02:11,5-03:30", "2026-W47-5T10:02+08", "2026W475T10+08:00:30",
    "2000-02-29T00:00:00+14:00", "2099-12-31T23:59:59.9-12:00", "2024-02-29🙂10:02:11Z",
)  # fmt: skip
NO_MOMENTS = (
    "2026-11-20", "2026-11-20T10:02:11", "2026-02-29T10:02:11+08:00", "2026-11-20T24:00:01Z", "2026-11-20T10:60Z",
    "2026-13-01T10:02Z", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "2026-W54-1T10:00Z", "2026-W00-1T10:00Z",
    "now", "2026-11-20T10:02:11+24:00", "2026-11-20T1:02:11Z", "20-11-2026T10:02:11Z",
    "2026-11-20T10:02:11.12345678901234567890+08:00", "2026-11-20T10:02:11z",
    "٢٠٢٦-11-20T10:02:11Z", "2026-11-20T10:02:11Z" + " " * 30, "0000-01-01T00:00Z", "2026-1",
    "2026-W47-8T10:00Z", "2026-11-20T10:02:11+08:0",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    True, False, 0, 1, 5, 6, -1, 3.7, 0.25, 1e300, 2**53, -100.5, 100_000.5, NAN, "yes", "no", "na", "NA", "a", "ab",
    "1", "zzz", "first", "\x07", "\x1f", "\ud800", "🙂", "x" * 1_001, "🚗" * 1_001, [], ["a"], ["first", "first"],
    ["na"], [None], [1], [True], [["a"]], [{}], ["a/b"], ["p\n"], ["a"] * 51, ["first"] * 101, {}, {"lat": 1},
    {"first": 1}, *BLANKS, *NO_MOMENTS, *MOMENTS,
)  # fmt: skip
ODD_COMMENTS: tuple[Any, ...] = ("x" * 4_001, "🚗" * 2_001, "\x00", 5, [], {}, True, None, "\x85")
UNKNOWN = ("ZZZ-NO-01", "", "bell\x07", "long" * 20, "🚗" * 61, "__proto__", "constructor", "\ud800")


@dataclass
class AnswerSet:
    """What a draft holds: stored values, comments and numbers of photos by item, and when it is judged."""

    answers: dict[str, Any] = field(default_factory=dict)
    comments: dict[str, Any] = field(default_factory=dict)
    photos: dict[str, int] = field(default_factory=dict)
    dealer: tuple[float, float] | None = None
    later: tuple[str, ...] = ()
    ended_at: datetime = STARTED
    at: datetime = STARTED


class Drawer:
    """Draws answer sets of one checklist."""

    def __init__(self, checklist: Checklist, seed: int) -> None:
        self.rng = Random(seed)
        self.items = checklist.items
        self.ids = [item.id for item in checklist.items]
        edges = _edges(checklist)
        self.values = [self._values_of(item, sorted(edges[item.id])) for item in checklist.items]

    def sets(self, count: int) -> Iterator[AnswerSet]:
        """Give a third whole, a third with gaps, a third with anything in it."""
        for number in range(count):
            yield self._one(number % 3)

    def _one(self, kind: int) -> AnswerSet:
        rng = self.rng
        whole = kind == 0
        missing = 0.0 if whole else rng.choice([0.01, 0.1, 0.5, 0.9])
        wrong = rng.choice([0.005, 0.03, 0.3]) if kind == 2 else 0.0
        commented = rng.choice([1.0, 1.0, 0.97]) if whole else rng.random()
        pictured = rng.choice([3, 3, 3, 2]) if whole else rng.choice([0, 1, 2, 3])
        made = AnswerSet(dealer=DEALER if rng.random() < 0.8 else None)
        for item, values in zip(self.items, self.values, strict=True):
            if wrong and rng.random() < wrong:
                made.answers[item.id] = rng.choice(ODD)
            elif not missing or rng.random() >= missing:
                made.answers[item.id] = "na" if item.allow_na and rng.random() < 0.1 else values()
            elif rng.random() < 0.2:
                made.answers[item.id] = rng.choice([None, None, "", " "]) if item.min_chars else None
            if rng.random() < commented:
                made.comments[item.id] = rng.choice(BLANKS if not whole and rng.random() < 0.1 else TEXTS)
            if pictured and (whole or rng.random() < 0.7):
                made.photos[item.id] = pictured
        if wrong:
            self._spoil(made)
        made.ended_at = STARTED + timedelta(hours=rng.choice([0, 1, 500]))
        made.at = made.ended_at + timedelta(hours=rng.choice([0, 25, 26, 27, 95, 96, 97, 192, 193]))
        if rng.random() < 0.5:
            made.later = tuple(rng.sample(self.ids, rng.randrange(len(self.ids))))
        return made

    def _spoil(self, made: AnswerSet) -> None:
        rng = self.rng
        if rng.random() < 0.1:
            made.answers[rng.choice(UNKNOWN)] = rng.choice(ODD)
        if rng.random() < 0.1:
            made.comments[rng.choice(UNKNOWN)] = rng.choice(TEXTS)
        if rng.random() < 0.2:
            made.comments[rng.choice(self.ids)] = rng.choice(ODD_COMMENTS)

    def _values_of(self, item: Item, edges: list[Any]) -> Callable[[], Any]:
        """Return what draws a good answer; numbers lie at and beside the limits that the checklist draws."""
        rng = self.rng
        codes = [option.code for option in item.options]
        if item.type == "yes_no":
            return lambda: "yes" if rng.random() < 0.5 else "no"
        if item.type == "scale5":
            return lambda: rng.randint(1, 5)
        if item.type == "single":
            return lambda: rng.choice(codes)
        if item.type == "multi":
            return lambda: rng.sample(codes, rng.choice([0, 1, 1, 2, len(codes)]))
        if item.type in ("number", "duration_min"):
            return self._numbers(item, edges)
        if item.type in ("text", "narrative"):
            long = "经过：" + "进店后被引导入座。" * (item.min_chars // 9 + 1)
            fitting = [*(text for text in TEXTS if len(text.strip()) >= item.min_chars), long]
            return lambda: rng.choice(TEXTS) if rng.random() < 0.05 else rng.choice(fitting)
        if item.type == "photo":
            return lambda: rng.choice([None, ["photo-1.jpg", "photo-2.jpg"], ["a" * 64]])
        return self._fix if item.type == "auto_gps" else lambda: rng.choice(MOMENTS)

    def _numbers(self, item: Item, edges: list[Any]) -> Callable[[], Any]:
        rng = self.rng
        step = 0.5 if item.type == "duration_min" else 0.01
        low = -100 if item.unit == "percent" and item.type == "number" else 0
        found = {as_sent(value + near) for value in (0, 2, 90, *edges) for near in (0, step, -step)}
        if item.type == "duration_min":
            found = {as_sent(round(value * 2) / 2) for value in found}
        good = sorted(value for value in found if value >= low)
        return lambda: rng.choice(good)

    def _fix(self) -> dict[str, Any]:
        rng = self.rng
        away = rng.choice([0, 0, 0.0005, 0.0026, 0.0027, 0.01, 40])
        made: dict[str, Any] = {
            "lat": as_sent(round(DEALER[0] + away * rng.uniform(0.98, 1.02), 7)), "lon": DEALER[1],
            "accuracy_m": rng.choice([0, 8, 35.5]), "fixed_at": rng.choice(MOMENTS),
        }  # fmt: skip
        if rng.random() < 0.3:
            made["datum"] = rng.choice(["WGS-84", "GCJ-02", "BD-09"])
        return made


def as_sent(value: float) -> float:
    """Give a number as a phone sends it: 3.0 goes out as 3."""
    return int(value) if value == int(value) else value


def _edges(checklist: Checklist) -> dict[str, set[Any]]:
    """Find the numbers at which something changes, by item: ends of bands, values of conditions, adverse limits."""
    found: dict[str, set[Any]] = {item.id: set() for item in checklist.items}
    for item in checklist.items:
        found[item.id] |= {band.up_to for band in item.bands if band.up_to is not None}
        if item.integrity is not None:
            found[item.id] |= {value for value in item.integrity.values if not isinstance(value, str)}
        for one in _comparisons(item.show_if):
            values = one.value if isinstance(one.value, tuple) else (one.value,)
            found[one.item] |= {value for value in values if isinstance(value, int | float)}
    return found


def _comparisons(condition: Condition | None) -> Iterator[Comparison]:
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from _comparisons(part)
    elif condition is not None:
        yield condition
