"""The same figures as in a chart, as a table for those who read rather than look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Table = tuple[list[str], list[list[str]]]

HEADS = {
    "funnel": (("", "答卷份数", "水平"), ("", "Responses", "Level")),
    "scatter": (("", "审核（超出通常）", "满意度水平"), ("", "Audit (beyond usual)", "Survey level")),
    "distribution": (("平均分占满分", "本店", "其他店"), ("Mean mark, share of full", "This dealer", "Others")),
    "timeline": (("周／日期", "事项", "水平／结果"), ("Week or day", "What", "Level or result")),
    "reuse": (("标识", "次数", "答卷", "日期", "水平"), ("Identity", "Times", "Response", "On", "Level")),
}


def chart_table(name: str, data: Any, language: str) -> Table:
    """Return the heads and rows of a chart's table."""
    zh = language == "zh"
    rows: Mapping[str, Callable[[Any, bool], Iterable[list[Any]]]] = {
        "funnel": _points,
        "scatter": _points,
        "distribution": _bins,
        "timeline": _timeline,
        "reuse": _reuse,
    }
    return list(HEADS[name][not zh]), [[str(cell) for cell in row] for row in rows[name](data, zh)]


def _points(data: Mapping[str, Any], zh: bool) -> Iterable[list[Any]]:
    if data.get("dealer"):
        yield ["本店" if zh else "This dealer", _number(data["dealer"][0]), f"{data['dealer'][1]:+.2f}"]
    for line in data.get("limits", ()):
        words = ("通常范围", "外侧范围") if zh else ("usual range", "outer range")
        for i, told in enumerate(words, 1):
            yield [told, line["n"], f"{line[f'low{i}']:+.2f} … {line[f'high{i}']:+.2f}"]
    for x, y in data.get("dealers", ()):
        yield ["其他店" if zh else "Other", _number(x), f"{y:+.2f}"]


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:+.3f}"


def _bins(data: Iterable[Mapping[str, Any]], zh: bool) -> Iterable[list[Any]]:
    for row in data:
        full = row["from"] >= 1
        span = ("全满分" if zh else "full marks") if full else f"{row['from']:.0%}–{row['to']:.0%}"
        yield [span, f"{row['dealer']:.1%}", f"{row['others']:.1%}"]


def _timeline(data: Mapping[str, Any], zh: bool) -> Iterable[list[Any]]:
    for week in data.get("weeks", ()):
        count = week["responses"]
        yield [week["week"], f"{count} 份答卷" if zh else f"{count} responses", f"{week['level']:+.2f}"]
    kinds = {"mystery": ("暗访", "covert visit"), "announced": ("明访", "announced visit")}
    for visit in data.get("visits", ()):
        yield [visit["on"], kinds[visit["kind"]][not zh], f"{visit['beyond_usual']:+.1%}"]


def _reuse(data: Iterable[Mapping[str, Any]], zh: bool) -> Iterable[list[Any]]:
    for group in data:
        for response in group["responses"]:
            yield [identity(group["identity"], zh), group["count"], response["response"], response["on"],
                   f"{response['level']:+.2f}"]  # fmt: skip


def identity(name: str, zh: bool) -> str:
    """Name an identity that stands for a hash: contact 3, device 1."""
    return name.replace("contact", "联系方式").replace("device", "设备") if zh else name
