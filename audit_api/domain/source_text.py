"""Turn YAML text into nodes that know their line, whatever the text contains.

The scalars are those of YAML 1.2 (``yes`` and ``no`` are words, only ``true`` and ``false`` are truth values), so
``pass_on: yes`` means what its author meant. JSON is read too, being a subset. Aliases, tags and several documents are
refused: no checklist needs them and aliases can blow up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_CHARACTERS = 800_000
MAX_DEPTH = 16
MAX_PROBLEMS = 200
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}\Z")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]{1,15}|[0-9]{1,15}(\.[0-9]{0,15})?)([eE][-+]?[0-9]{1,2})?\Z")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class FormatProblem:
    """One thing an author has to mend. ``line`` counts from 1; ``item`` is empty outside items."""

    file: str
    line: int
    item: str
    zh: str
    en: str

    def sentence(self, language: str) -> str:
        """Return ``file:line: item: message`` in zh or en."""
        place = f"{self.file}:{self.line}: " + (f"{self.item}: " if self.item else "")
        return place + (self.zh if language == "zh" else self.en)


class FormatError(ValueError):
    """A source that cannot be published, with everything found wrong in it."""

    def __init__(self, problems: tuple[FormatProblem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.sentence("en") for problem in problems))


@dataclass(slots=True)
class Report:
    """Collects problems of one file, up to a bound."""

    file: str
    problems: list[FormatProblem] = field(default_factory=list)

    def add(self, line: int, item: str, zh: str, en: str) -> None:
        """Note one problem."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(FormatProblem(self.file, line, item, zh, en))

    def raise_if_any(self) -> None:
        """Raise FormatError when something was noted, in the order of the file."""
        if self.problems:
            raise FormatError(tuple(sorted(self.problems, key=lambda problem: problem.line)))


@dataclass(slots=True)
class Node:
    """A scalar, a list of nodes or a mapping of nodes, with the line it starts on."""

    line: int
    value: Any
    key_lines: dict[str, int] = field(default_factory=dict)


def read_nodes(text: str, report: Report) -> Node | None:
    """Return the root node, or None after noting in ``report`` why the text cannot be read."""
    if len(text) > MAX_CHARACTERS:
        report.add(
            1, "", f"文件超过 {MAX_CHARACTERS} 个字符；请拆分", f"longer than {MAX_CHARACTERS} characters: split it"
        )
        return None
    found = _UNPRINTABLE.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        report.add(line, "", "含有不可见的控制字符；请删除", "holds an unprintable character: remove it")
        return None
    try:
        return _Builder(report).build(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = (error.problem or error.context or "cannot be read").strip()
        report.add(
            line,
            "",
            f"不是有效的 YAML（{what}）；请检查缩进、冒号与引号",
            f"is not valid YAML ({what}): check indentation, colons and quotes",
        )
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        report.add(
            1,
            "",
            f"无法读取（{type(error).__name__}）；请以 UTF-8 保存为 YAML",
            f"cannot be read ({type(error).__name__}): save it as YAML in UTF-8",
        )
    except _Refused:
        pass
    return None


class _Refused(Exception):
    """Reading stops; the reason is in the report."""


class _Builder:
    """Builds nodes from parser events with a bound on depth, so nothing recurses without end."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.root: Node | None = None
        self.open: list[tuple[Node, list[Node]]] = []  # a collection and, for a mapping, the key awaiting its value

    def build(self, text: str) -> Node | None:
        documents = 0
        for event in yaml.parse(text, Loader=_LOADER):
            mark: Any = event.start_mark
            line = mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(
                        line,
                        "一个文件只放一份文档；请删除“---”之后的部分",
                        "holds a second document: keep one, drop what follows '---'",
                    )
            elif getattr(event, "anchor", None):  # an alias names its anchor too
                self.refuse(
                    line,
                    "不支持锚点与别名（& 和 *）；请直接写出内容",
                    "anchors and aliases (& and *) are not supported: write the content out",
                )
            elif isinstance(event, yaml.ScalarEvent):
                self.untagged(event, line)
                plain = not event.style
                self.place(Node(line, _scalar(event.value) if plain else event.value), event.value)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self.untagged(event, line)
                self.enter(Node(line, {} if isinstance(event, yaml.MappingStartEvent) else []))
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self.open.pop()
        if self.root is None:
            self.refuse(1, "文件为空", "is empty")
        return self.root

    def refuse(self, line: int, zh: str, en: str) -> None:
        self.report.add(line, "", zh, en)
        raise _Refused

    def untagged(self, event: Any, line: int) -> None:
        if event.tag is not None:
            self.refuse(line, f"不支持标签 {event.tag}；请删除", f"the tag {event.tag} is not supported: remove it")

    def enter(self, node: Node) -> None:
        if len(self.open) >= MAX_DEPTH:
            self.refuse(node.line, f"嵌套超过 {MAX_DEPTH} 层", f"is nested deeper than {MAX_DEPTH} levels")
        self.place(node, None)
        self.open.append((node, []))

    def place(self, node: Node, written: str | None) -> None:
        if not self.open:
            self.root = node
            return
        holder, waiting = self.open[-1]
        if isinstance(holder.value, list):
            holder.value.append(node)
        elif waiting:
            key = waiting.pop().value
            holder.value[key] = node
        elif written is None:
            self.refuse(node.line, "键必须是文字", "a key must be a word")
        else:
            if written in holder.key_lines:
                self.report.add(
                    node.line,
                    "",
                    f"键“{written}”重复（首次在第 {holder.key_lines[written]} 行）；只保留一个",
                    f"the key '{written}' is repeated (first on line {holder.key_lines[written]}): keep one",
                )
            holder.key_lines.setdefault(str(written), node.line)
            waiting.append(Node(node.line, written))


def _scalar(text: str) -> Any:
    """Read a plain scalar as YAML 1.2 does; what is too long for a number stays a word."""
    if text in _WORDS:
        return None
    if text in _WORDS_BOOL:
        return _WORDS_BOOL[text]
    if _INTEGER.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return float(text)
    return text
