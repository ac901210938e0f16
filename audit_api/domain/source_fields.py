"""Typed access to the keys of a mapping node; everything wrong goes to the report, nothing is raised.

A reading method returns a harmless stand-in after noting a problem, so that one pass finds all problems.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from audit_api.domain.checklists import Text
from audit_api.domain.source_text import Node, Report

_CHINESE = re.compile("[㐀-䶿一-鿿]")
_KINDS = {
    str: ("文字", "text"),
    bool: ("true 或 false", "true or false"),
    int: ("整数", "a whole number"),
    float: ("数字", "a number"),
    list: ("列表", "a list"),
    dict: ("映射（键: 值）", "a mapping (key: value)"),
    type(None): ("空值", "nothing"),
}


def kind_of(value: Any) -> tuple[str, str]:
    """Name the kind of a value in zh and en."""
    return _KINDS[type(value)]


class Fields:
    """The keys of one mapping, read one by one; ``done`` then reports the keys nobody read."""

    def __init__(self, node: Node | None, report: Report, item: str = "", name: str = "") -> None:
        self.report = report
        self.item = item
        self.name = name
        self.line = node.line if node else 1
        self.nodes: dict[str, Node] = {}
        self.key_lines: dict[str, int] = {}
        self.asked: dict[str, None] = {}
        self.broken = False
        if node is not None and isinstance(node.value, dict):
            self.nodes, self.key_lines = node.value, node.key_lines
        elif node is not None:
            zh, en = kind_of(node.value)
            self.broken = True
            self.wrong(
                "",
                f"{name}应为映射（键: 值），而不是{zh}",
                f"{name or 'this'} must be a mapping (key: value), not {en}",
            )

    def wrong(self, key: str, zh: str, en: str) -> None:
        """Note a problem on the line of a key."""
        self.report.add(self.key_lines.get(key, self.line), self.item, zh, en)

    def path(self, key: str) -> str:
        """Give the name of a key as the author would find it."""
        return f"{self.name}.{key}" if self.name else key

    def has(self, key: str) -> bool:
        """Tell whether a key is there with a value."""
        self.asked[key] = None
        node = self.nodes.get(key)
        return node is not None and node.value is not None

    def node(self, key: str, required: bool = True) -> Node | None:
        """Return the node of a key, noting a missing one if it is required."""
        if self.has(key):
            return self.nodes[key]
        if required and not self.broken:
            self.wrong(key, f"缺少“{self.path(key)}”；请补上", f"'{self.path(key)}' is missing: add it")
        return None

    def _expected(self, key: str, value: Any, wanted: tuple[str, str]) -> None:
        zh, en = kind_of(value)
        hint = (
            ("；请加引号", ": put it in quotes")
            if wanted[1] == "text" and en not in ("a list", "nothing")
            else ("", "")
        )
        self.wrong(
            key,
            f"“{self.path(key)}”应为{wanted[0]}，而不是{zh}{hint[0]}",
            f"'{self.path(key)}' must be {wanted[1]}, not {en}{hint[1]}",
        )

    def word(self, key: str, *, pattern: str = "", required: bool = True, longest: int = 200, shape: str = "") -> str:
        """Read a short text, optionally of a fixed shape."""
        node = self.node(key, required)
        if node is None:
            return ""
        value = node.value
        if not isinstance(value, str):
            self._expected(key, value, _KINDS[str])
            return ""
        if not value.strip() or len(value) > longest:
            self.wrong(
                key,
                f"“{self.path(key)}”应为 1 至 {longest} 个字符",
                f"'{self.path(key)}' must have 1 to {longest} characters",
            )
            return ""
        if pattern and not re.fullmatch(pattern, value):
            self.wrong(
                key,
                f"“{self.path(key)}”的写法“{value[:60]}”不对；应如 {shape}",
                f"'{self.path(key)}' is written '{value[:60]}': write it like {shape}",
            )
            return ""
        return value

    def choice(self, key: str, allowed: Iterable[str], *, required: bool = True, default: str = "") -> str:
        """Read one of a few words."""
        value = self.word(key, required=required)
        choices = tuple(allowed)
        if not value:
            return default
        if value not in choices:
            self.wrong(
                key,
                f"“{self.path(key)}”不能是“{value[:60]}”；可选：{'、'.join(choices)}",
                f"'{self.path(key)}' cannot be '{value[:60]}': choose {', '.join(choices)}{_like(value, choices)}",
            )
            return default
        return value

    def flag(self, key: str, *, required: bool = True, default: bool = False) -> bool:
        """Read true or false."""
        node = self.node(key, required)
        if node is None:
            return default
        if not isinstance(node.value, bool):
            self._expected(key, node.value, _KINDS[bool])
            return default
        return node.value

    def number(
        self, key: str, low: float, high: float, *, whole: bool = False, required: bool = True, default: float = 0
    ) -> float:
        """Read a number within bounds."""
        node = self.node(key, required)
        if node is None:
            return default
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            self._expected(key, value, _KINDS[int if whole else float])
            return default
        if not low <= value <= high:
            self.wrong(
                key,
                f"“{self.path(key)}”应在 {low:g} 与 {high:g} 之间，而不是 {value:g}",
                f"'{self.path(key)}' must lie between {low:g} and {high:g}, not {value:g}",
            )
            return default
        return float(value) if isinstance(value, float) else value

    def whole(self, key: str, low: int, high: int, *, required: bool = True, default: int = 0) -> int:
        """Read a whole number within bounds."""
        return int(self.number(key, low, high, whole=True, required=required, default=default))

    def bilingual(self, key: str, *, required: bool = True, longest: int = 2000) -> Text:
        """Read a text in Chinese and English."""
        node = self.node(key, required)
        if node is None:
            return Text("", "")
        inner = Fields(node, self.report, self.item, self.path(key))
        text = inner.text_here(longest)
        inner.done()
        return text

    def text_here(self, longest: int = 2000) -> Text:
        """Read ``zh`` and ``en`` of this very mapping and see that each is in its language."""
        zh, en = (self.word("zh", longest=longest), self.word("en", longest=longest))
        if zh and not _CHINESE.search(zh):
            self.wrong(
                "zh", f"“{self.path('zh')}”里没有中文；请翻译", f"'{self.path('zh')}' holds no Chinese: translate it"
            )
        if en and _CHINESE.search(en):
            self.wrong(
                "en", f"“{self.path('en')}”里有中文；请译成英文", f"'{self.path('en')}' holds Chinese: translate it"
            )
        return Text(zh, en)

    def inner(self, key: str, *, required: bool = True) -> Fields | None:
        """Return the mapping under a key."""
        node = self.node(key, required)
        return Fields(node, self.report, self.item, self.path(key)) if node else None

    def listed(self, key: str, most: int, *, least: int = 1, required: bool = True) -> list[Node]:
        """Return the nodes of a list of bounded length."""
        node = self.node(key, required)
        if node is None:
            return []
        if not isinstance(node.value, list):
            self._expected(key, node.value, _KINDS[list])
            return []
        found: list[Node] = node.value
        if not least <= len(found) <= most:
            self.wrong(
                key,
                f"“{self.path(key)}”应有 {least} 至 {most} 项，现有 {len(found)} 项",
                f"'{self.path(key)}' must have {least} to {most} entries, it has {len(found)}",
            )
        return found[:most]

    def words(self, key: str, most: int, *, least: int = 1, required: bool = True) -> tuple[str, ...]:
        """Read a list of words."""
        found = []
        for node in self.listed(key, most, least=least, required=required):
            if isinstance(node.value, str) and node.value.strip():
                found.append(node.value)
            else:
                self.report.add(
                    node.line, self.item, f"“{self.path(key)}”里只能是文字", f"'{self.path(key)}' may hold only text"
                )
        if len(set(found)) != len(found):
            self.wrong(key, f"“{self.path(key)}”里有重复", f"'{self.path(key)}' holds an entry twice: remove one")
        return tuple(found)

    def done(self) -> None:
        """Report the keys that mean nothing here."""
        for key in self.nodes:
            if key not in self.asked:
                self.wrong(
                    key,
                    f"未知的键“{self.path(key)[:80]}”；请删除或改正拼写",
                    f"unknown key '{self.path(key)[:80]}'{_like(key, self.asked) or ': remove it'}",
                )


def each(nodes: Sequence[Node], report: Report, item: str, name: str) -> Iterator[Fields]:
    """Yield the mappings of a list."""
    for number, node in enumerate(nodes, start=1):
        yield Fields(node, report, item, f"{name}[{number}]")


def _like(word: str, choices: Iterable[str]) -> str:
    close = difflib.get_close_matches(word[:60], list(choices), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
