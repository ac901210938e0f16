"""Check answers against the types of their items, before anything is stored or scored."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit_api.domain.checklists import NOT_APPLICABLE, WORDED_TYPES, Checklist, Item

LONGEST_TEXT = 1_000
LONGEST_NARRATIVE = 20_000
LONGEST_COMMENT = 4_000
MOST_PHOTOS = 50
MOST_PROBLEMS = 200
MOST_MINUTES = 100_000
DATUMS = ("WGS-84", "GCJ-02", "BD-09")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_PHOTO_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")

Fault = tuple[str, str, str]
"""Code, zh, en."""


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """One thing wrong with one answer; ``code`` is stable, the texts say what to do."""

    item: str
    code: str
    zh: str
    en: str

    def as_document(self) -> dict[str, Any]:
        """Return the problem for a problem document: the message in both languages."""
        return {"item": self.item, "code": self.code, "message": {"zh": self.zh, "en": self.en}}


def check_answers(
    checklist: Checklist, answers: Mapping[str, Any], comments: Mapping[str, Any] | None = None
) -> list[AnswerProblem]:
    """Return what is wrong with the answers and comments, empty when nothing is.

    Values by type: yes_no ``"yes"``/``"no"``; scale5 an integer 1..5; single a code; multi a list of codes; number and
    duration_min a finite number (minutes in steps of 0.5); text and narrative a string; photo a list of photo names or
    None; auto_gps ``{lat, lon, accuracy_m, fixed_at, datum?}``; auto_time an ISO 8601 time with offset. ``"na"`` where
    the item allows it; None is unanswered. Whether a required answer is missing is ``check_submission``'s matter.
    """
    checks = checklist.kept(_checks)
    found = []
    for item_id, value in answers.items():
        check = checks.get(item_id)
        fault = _UNKNOWN if check is None else (check(value) if value is not None else None)
        if fault is not None:
            found.append(AnswerProblem(_named(item_id), *fault))
            if len(found) >= MOST_PROBLEMS:
                return found
    for item_id, comment in (comments or {}).items():
        fault = _UNKNOWN if item_id not in checks else _worded(comment, LONGEST_COMMENT)
        if fault is not None and comment is not None:
            found.append(AnswerProblem(_named(item_id), *fault))
            if len(found) >= MOST_PROBLEMS:
                return found
    return found


_UNKNOWN: Fault = (
    "unknown_item",
    "本检查表没有此题；请按所用版本作答",
    "this checklist version has no such item: answer the version named",
)
_NO_NA: Fault = ("na_not_allowed", "本题不能选不适用；请作答", "this item does not offer N/A: answer it")


def _named(item_id: Any) -> str:
    return _UNPRINTABLE.sub("?", str(item_id))[:60]


def _checks(checklist: Checklist) -> Mapping[str, Callable[[Any], Fault | None]]:
    return {item.id: _with_na(item, _CHECKS[item.type](item)) for item in checklist.items}


def _with_na(item: Item, check: Callable[[Any], Fault | None]) -> Callable[[Any], Fault | None]:
    if item.allow_na:
        return lambda value: None if value == NOT_APPLICABLE else check(value)
    if item.type in WORDED_TYPES:
        return check
    return lambda value: _NO_NA if value == NOT_APPLICABLE else check(value)


def _wrong_type(zh: str, en: str) -> Fault:
    return ("wrong_type", f"答案应为{zh}", f"the answer must be {en}")


def _closed(codes: tuple[str, ...]) -> Callable[[Any], Fault | None]:
    known = frozenset(codes)
    unknown: Fault = (
        "unknown_option",
        f"没有这个选项；可选：{'、'.join(codes)}",
        f"no such option: choose {', '.join(codes)}",
    )
    wrong = _wrong_type("选项编号（文字）", "an option code (text)")

    def check(value: Any) -> Fault | None:
        if not isinstance(value, str):
            return wrong
        return None if value in known else unknown

    return check


def _multi(item: Item) -> Callable[[Any], Fault | None]:
    one = _closed(tuple(option.code for option in item.options))

    def check(value: Any) -> Fault | None:
        if not isinstance(value, list | tuple):
            return _wrong_type("选项编号的列表", "a list of option codes")
        for code in value[:100]:
            fault = one(code)
            if fault is not None:
                return fault
        if len(set(value[:100])) != len(value):
            return ("repeated", "同一选项出现两次；每个只选一次", "an option is ticked twice: name each once")
        return None

    return check


def _scale(_item: Item) -> Callable[[Any], Fault | None]:
    def check(value: Any) -> Fault | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return _wrong_type("1 至 5 的整数", "a whole number from 1 to 5")
        if 1 <= value <= 5:
            return None
        return ("out_of_range", "答案应在 1 至 5 之间", "the answer must lie between 1 and 5")

    return check


def bounds(item: Item) -> tuple[float, float]:
    """Return the lowest and highest value a number item accepts; only a percentage can be negative."""
    if item.type == "duration_min":
        return 0, MOST_MINUTES
    return (-100, 10_000) if item.unit == "percent" else (0, 1_000_000)


def _number(item: Item) -> Callable[[Any], Fault | None]:
    low, high = bounds(item)
    halves = item.type == "duration_min"

    def check(value: Any) -> Fault | None:
        return _finite(value, low, high) or _half(value)

    def _half(value: Any) -> Fault | None:
        if halves and value * 2 != int(value * 2):
            return ("bad_step", "分钟数以 0.5 为单位", "minutes go in steps of 0.5")
        return None

    return check


def _finite(value: Any, low: float, high: float, name: str = "") -> Fault | None:
    zh, en = (f"{name} ", name) if name else ("答案", "the answer")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ("wrong_type", f"{zh}应为数字", f"{en} must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        return ("out_of_range", f"{zh}应为有限的数字", f"{en} must be a finite number")
    if not low <= value <= high:
        return ("out_of_range", f"{zh}应在 {low} 与 {high} 之间", f"{en} must lie between {low} and {high}")
    return None


def _text(item: Item) -> Callable[[Any], Fault | None]:
    longest = LONGEST_NARRATIVE if item.type == "narrative" else LONGEST_TEXT
    return lambda value: _worded(value, longest)


def _worded(value: Any, longest: int) -> Fault | None:
    if not isinstance(value, str):
        return _wrong_type("文字", "text")
    if len(value) > longest:
        return (
            "too_long",
            f"最多 {longest} 个字符，现有 {len(value)} 个",
            f"at most {longest} characters, there are {len(value)}",
        )
    if _UNPRINTABLE.search(value):
        return ("unprintable", "含有不可见的控制字符；请删除", "holds an unprintable character: remove it")
    return None


def _photos(_item: Item) -> Callable[[Any], Fault | None]:
    def check(value: Any) -> Fault | None:
        if not isinstance(value, list | tuple) or not all(
            isinstance(name, str) and _PHOTO_NAME.match(name) for name in value[:100]
        ):
            return _wrong_type("照片编号的列表", "a list of photo names")
        if len(value) > MOST_PHOTOS:
            return ("too_long", f"最多 {MOST_PHOTOS} 张照片", f"at most {MOST_PHOTOS} photos")
        return None

    return check


def _gps(_item: Item) -> Callable[[Any], Fault | None]:
    wrong = _wrong_type(" {lat, lon, accuracy_m, fixed_at, datum?}", "{lat, lon, accuracy_m, fixed_at, datum?}")

    def check(value: Any) -> Fault | None:
        if not isinstance(value, Mapping) or not {"lat", "lon", "accuracy_m", "fixed_at"} <= set(value):
            return wrong
        if set(value) - {"lat", "lon", "accuracy_m", "fixed_at", "datum"} or value.get("datum", "WGS-84") not in DATUMS:
            return wrong
        return (
            _finite(value["lat"], -90, 90, "lat")
            or _finite(value["lon"], -180, 180, "lon")
            or _finite(value["accuracy_m"], 0, 1_000_000, "accuracy_m")
            or _moment(value["fixed_at"], "fixed_at")
        )

    return check


def _moment(value: Any, name: str = "") -> Fault | None:
    """Accept an ISO 8601 time with offset between 2000 and 2100: far years overflow once turned into UTC."""
    zh, en = (name, name) if name else ("答案", "the answer")
    wrong: Fault = ("wrong_type", f"{zh}应为带时区的 ISO 8601 时间", f"{en} must be an ISO 8601 time with its offset")
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str) and len(value) <= 40:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return wrong
    else:
        return wrong
    if moment.tzinfo is None:
        return wrong
    if not 2000 <= moment.year < 2100:
        return ("out_of_range", f"{zh}应在 2000 至 2099 年之间", f"{en} must lie in the years 2000 to 2099")
    return None if moment.astimezone(UTC) else wrong


_CHECKS: Mapping[str, Callable[[Item], Callable[[Any], Fault | None]]] = {
    "yes_no": lambda item: _closed(("yes", "no")),
    "scale5": _scale,
    "single": lambda item: _closed(tuple(option.code for option in item.options)),
    "multi": _multi,
    "number": _number,
    "duration_min": _number,
    "text": _text,
    "narrative": _text,
    "photo": _photos,
    "auto_gps": _gps,
    "auto_time": lambda item: _moment,
}
