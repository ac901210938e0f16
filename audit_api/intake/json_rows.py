"""JSON and JSON Lines: objects become records of text under the union of their keys, a piece of the file at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from audit_api.intake.records import MAX_COLUMNS, Record, refused
from audit_api.intake.workbooks import text_of

JSON, JSON_LINES = "json", "jsonl"
LONGEST_OBJECT = 1_000_000
LARGEST_DOCUMENT_BYTES = 64_000_000
PIECE = 1 << 18
NESTED = "answers"
"""A response or a visit may hold its answers in an object of this name, as over HTTP."""
NESTED_COMMENTS = "comments"
"""A visit may hold its comments in an object of this name, by item."""
NOTHING_TICKED = "[]"
_BETWEEN = re.compile(r"[\s,]*")
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")
Cells = dict[str, str]


class _UnreadableError(ValueError):
    """An object cannot become a row."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def form_of(path: Path, encoding: str) -> str:
    """Tell JSON Lines from one JSON document by the first line."""
    with _opened(path, encoding) as file:
        line = file.readline(LONGEST_OBJECT).strip()
    if not line.startswith("{"):
        return JSON
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        # A document spread over lines does not end a line with a brace; a broken first line does.
        return JSON_LINES if line.endswith("}") else JSON
    return JSON if _holds_a_list(found) else JSON_LINES


def columns_of(path: Path, encoding: str, form: str) -> tuple[str, ...]:
    """Read the file once for the names in it, in the order they come; raises Problem(IMPORT_REFUSED)."""
    names: dict[str, None] = {}
    for _, cells in _objects(path, encoding, form):
        if not isinstance(cells, _UnreadableError):
            names.update(dict.fromkeys(cells))
            if len(names) > MAX_COLUMNS:
                raise refused(f"字段名超过 {MAX_COLUMNS} 个", f"There are more than {MAX_COLUMNS} names of fields")
    if not names:
        raise refused("没有可读取的 JSON 对象", "It holds no JSON object that can be read")
    return tuple(names)


def records(path: Path, encoding: str, form: str, columns: tuple[str, ...]) -> Iterator[Record]:
    """Read the records: numbered by line in JSON Lines, by place (from 1) in a JSON list."""
    for number, cells in _objects(path, encoding, form):
        if isinstance(cells, _UnreadableError):
            yield Record(number, (), cells.zh, cells.en)
        else:
            yield Record(number, tuple(cells.get(name, "") for name in columns))


def _objects(path: Path, encoding: str, form: str) -> Iterator[tuple[int, Cells | _UnreadableError]]:
    with _opened(path, encoding) as file:
        yield from _of_lines(file) if form == JSON_LINES else _of_document(file, path)


def _of_lines(file: TextIO) -> Iterator[tuple[int, Cells | _UnreadableError]]:
    number = 0
    while line := file.readline(LONGEST_OBJECT + 1):
        number += 1
        if len(line) > LONGEST_OBJECT:
            while line and not line.endswith("\n"):
                line = file.readline(LONGEST_OBJECT)
            yield number, _UnreadableError("这一行过长", "The line is too long")
        elif line.strip():
            yield number, _read(line)


def _of_document(file: TextIO, path: Path) -> Iterator[tuple[int, Cells | _UnreadableError]]:
    start = file.read(PIECE).lstrip()
    if start.startswith("["):
        yield from _of_list(start[1:], file)
        return
    if path.stat().st_size > LARGEST_DOCUMENT_BYTES:
        raise refused(
            "单个 JSON 文档过大，请改用 JSON Lines（每行一个对象）",
            "One JSON document of this size is not read; write JSON Lines, one object a line",
        )
    try:
        found = json.loads(start + file.read(), object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        place = f"第 {error.lineno} 行第 {error.colno} 个字符处" if isinstance(error, json.JSONDecodeError) else error
        raise refused(f"JSON 有误：{place}", f"The JSON is broken: {error}") from None
    lists = [value for _, value in found if isinstance(value, list) and any(isinstance(v, _Pairs) for v in value)]
    for number, one in enumerate(lists[0] if lists else [found], start=1):
        yield number, _converted(one)


def _of_list(text: str, file: TextIO) -> Iterator[tuple[int, Cells | _UnreadableError]]:
    """Split a list into its elements without holding more than one and a piece."""
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs, parse_constant=_no_constant)
    number, place = 1, 0
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr] # it matches the empty text
        if len(text) - place < PIECE and (more := file.read(PIECE)):
            text, place = text[place:] + more, 0
            continue
        if place >= len(text) or text[place] == "]":
            if place >= len(text):
                yield (
                    number,
                    _UnreadableError("列表没有结束，文件可能不完整", "The list does not end: is the file cut off?"),
                )
            return
        try:
            found, place = decoder.raw_decode(text, place)
            made: Cells | _UnreadableError = _converted(found)
        except (ValueError, RecursionError) as error:
            if len(text) - place < LONGEST_OBJECT and (more := file.read(LONGEST_OBJECT)):
                text, place = text[place:] + more, 0
                continue
            made = _broken(error)
            following = _NEXT_OBJECT.search(text, place)
            if not following:
                zh, en = f"{made.zh}；之后的内容无法读取", f"{made.en}; the rest cannot be read"
                yield number, _UnreadableError(zh, en)
                return
            place = following.end()
        yield number, made
        number += 1


class _Pairs(list[tuple[str, Any]]):
    """An object with its keys as they stand, repeated ones too."""


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _read(line: str) -> Cells | _UnreadableError:
    try:
        return _converted(json.loads(line, object_pairs_hook=_Pairs, parse_constant=_no_constant))
    except (ValueError, RecursionError) as error:
        return _broken(error)


def _broken(error: Exception) -> _UnreadableError:
    if isinstance(error, json.JSONDecodeError):  # its position counts within what was read of the file
        zh, en = "括号、引号、冒号或逗号有误", error.msg.removesuffix(" at").removesuffix(" starting")
    elif isinstance(error, RecursionError):
        zh, en = "嵌套过深", "it is nested too deeply"
    else:
        zh = en = str(error)
    return _UnreadableError(f"不是有效的 JSON：{zh}", f"This is not valid JSON: {en}")


def _converted(found: Any) -> Cells | _UnreadableError:
    if not isinstance(found, _Pairs):
        return _UnreadableError("不是对象（{…}）", "This is not an object ({…})")
    cells: Cells = {}
    for name, value in _flat(found):
        if name in cells:
            return _UnreadableError(f"字段“{name[:60]}”重复", f"The field '{name[:60]}' is named twice")
        if isinstance(value, list):
            return _UnreadableError(
                f"字段“{name[:60]}”须为单个值", f"The field '{name[:60]}' must hold one value, not a list or an object"
            )
        cells[name.strip()] = text_of(value)
    if not "".join([*cells, *cells.values()]).isprintable() and _unusable(cells):
        return _UnreadableError("含有无法保存的字符", "It holds a character that cannot be kept")
    return cells


def _flat(found: _Pairs) -> Iterator[tuple[str, Any]]:
    for name, value in found:
        if name == NESTED and isinstance(value, _Pairs):
            yield from ((item, _joined(answer)) for item, answer in value)
        elif name == NESTED_COMMENTS and isinstance(value, _Pairs):
            yield from ((f"{item} comment", text) for item, text in value)
        else:
            yield name, value


def _joined(answer: Any) -> Any:
    """Write several choices as a spreadsheet has them."""
    if not isinstance(answer, list) or isinstance(answer, _Pairs) or not all(isinstance(one, str) for one in answer):
        return answer
    return ";".join(answer) or NOTHING_TICKED


def _unusable(cells: Cells) -> bool:
    text = "".join([*cells, *cells.values()])
    return "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text)


def _holds_a_list(found: Any) -> bool:
    return isinstance(found, dict) and any(
        isinstance(value, list) and value and all(isinstance(v, dict) for v in value) for value in found.values()
    )


def _opened(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, newline="\n")
