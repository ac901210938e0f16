"""CSV in the encodings and dialects that spreadsheets write."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from audit_api.intake.records import Record, refused

# UTF-8 first: text in another encoding is hardly ever valid UTF-8. GB18030 holds GBK and GB 2312.
ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",;\t"
CHUNK_BYTES = 1 << 20
HEADER_CHARACTERS = 1 << 17


def encoding_of(path: Path) -> str:
    """Tell the encoding by reading the whole file once, a chunk at a time.

    Raises Problem(IMPORT_REFUSED) when none fits or the text holds NUL characters.
    """
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates: tuple[str, ...] = ("utf-16",)
    else:
        candidates = ENCODINGS[:1] if start.startswith(codecs.BOM_UTF8) else ENCODINGS
        if start.lstrip()[:1] == b"<" or start.startswith(b"%PDF"):
            raise refused("这不是 CSV、XLSX 或 JSON 文件", "This is neither a CSV nor an XLSX nor a JSON file")
    line = 0
    for encoding in candidates:
        line = _undecodable_line(path, encoding)
        if not line:
            return encoding
    raise refused(
        f"第 {line} 行无法识别字符编码，请另存为 UTF-8",
        f"The encoding of line {line} is not recognised; save the file as UTF-8",
    )


def _undecodable_line(path: Path, encoding: str) -> int:
    """Give the first line that does not decode, 0 where all do; raises Problem(IMPORT_REFUSED) at a NUL."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return lines + error.object[: error.start].count(b"\n")
            if "\x00" in text:
                line = lines + text[: text.index("\x00")].count("\n")
                raise refused(
                    f"第 {line} 行含有 NUL 字符，这不是文本文件",
                    f"Line {line} holds a NUL character; this is not a text file",
                )
            if not chunk:
                return 0
            lines += text.count("\n")


def delimiter_of(path: Path, encoding: str) -> str:
    """Choose the delimiter that splits the header into most cells; comma where none does."""
    with opened(path, encoding) as file:
        header = file.readline(HEADER_CHARACTERS)
    return max(DELIMITERS, key=lambda d: len(next(csv.reader([header], delimiter=d), [])))


def records(path: Path, encoding: str, delimiter: str) -> Iterator[Record]:
    """Read the records, cells trimmed; a record that breaks the rules of CSV comes with its reason."""
    with opened(path, encoding) as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        number = 1
        while (record := next_record(reader, number, reader.line_num + 1)) is not None:
            yield record
            number += 1


def next_record(reader: Iterator[list[str]], number: int, line: int) -> Record | None:
    """Read one record with its number, which begins on `line`; None at the end."""
    try:
        return Record(number, tuple(map(str.strip, next(reader))))
    except StopIteration:
        return None
    except csv.Error as error:
        return Record(number, (), *_reason(str(error), line))


def _reason(message: str, line: int) -> tuple[str, str]:
    if "unexpected end" in message:
        return (
            f"第 {line} 行起有未闭合的引号，之后的内容无法读取",
            f"A quote opened in or after line {line} is never closed; the rest cannot be read",
        )
    if "field larger" in message:
        return (
            f"第 {line} 行起有过长的单元格（引号未闭合？）",
            f"A cell from line {line} on is too long (a quote left open?)",
        )
    if "expected after" in message:
        return (
            f"第 {line} 行的引号使用有误：右引号后须紧接分隔符；文本内的引号须写两遍",
            f"Line {line} uses quotes wrongly: a closing quote must end the cell; write a quote inside a text twice",
        )
    return f"第 {line} 行无法读取：{message}", f"Line {line} cannot be read: {message}"


def opened(path: Path, encoding: str) -> TextIO:
    """Open a file with its line ends as they are."""
    return path.open(encoding=encoding, newline="")
