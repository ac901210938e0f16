"""Foreign CSV, XLSX and JSON files become rows of text with the numbers a spreadsheet shows.

The kind of file is told by its content, never by its name. What makes a whole file unreadable is refused
before the first row; what spoils one row comes with that row, so that the good ones can go in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit_api.domain.rows import RowError, shown
from audit_api.intake import delimited, json_rows, workbooks
from audit_api.intake.records import MAX_COLUMNS, MAX_ROWS, Record, TextColumns, refused

__all__ = ["Row", "Table", "check_columns", "read_table"]

FORMS = (json_rows.JSON, json_rows.JSON_LINES)
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: number as a spreadsheet shows it, text by column ("" where empty).

    Where `error` is set the row cannot be read and `values` is empty.
    """

    number: int
    values: dict[str, str]
    error: RowError | None = None


@dataclass(frozen=True)
class Table:
    """A file whose header is sound; iterating reads it from the start each time, row by row.

    `encoding` says how it was read (utf-8, gb18030, utf-16 or xlsx), `delimiter` separates cells; of JSON it names
    the form: json or jsonl.
    """

    path: Path
    columns: tuple[str, ...]
    encoding: str
    delimiter: str

    def __iter__(self) -> Iterator[Row]:
        for number, cells in self.cells():
            if isinstance(cells, RowError):
                yield Row(number, {}, cells)
            else:
                yield Row(number, dict(zip(self.columns, cells, strict=True)))

    def cells(self) -> Iterator[tuple[int, tuple[str, ...] | RowError]]:
        """Read the rows as number and cells in the order of the columns, or the reason why one cannot be read."""
        if self.delimiter in FORMS:
            records = json_rows.records(self.path, self.encoding, self.delimiter, self.columns)
        else:
            records = _records(self.path, self.encoding, self.delimiter)
            next(records, None)
        for record in records:
            if record.number > MAX_ROWS + 1:
                yield _too_many(record.number)
                return
            if (row := self._row(record)) is not None:
                yield row

    def parts(self) -> Iterator[TextColumns | tuple[int, tuple[str, ...] | RowError]]:
        """Read the rows of a CSV as columns, thousands at a time, as far as it is written plainly; else row by row."""
        if self.delimiter in FORMS or self.encoding == workbooks.XLSX:
            yield from self.cells()
            return
        from audit_api.intake.plain_columns import pieces  # noqa: PLC0415 - Arrow only where a file is read

        for part in pieces(self.path, self.encoding, self.delimiter, self.columns):
            if isinstance(part, Record):
                if part.number > MAX_ROWS + 1:
                    yield _too_many(part.number)
                    return
                if (row := self._row(part)) is not None:
                    yield row
            elif part.first + len(part) > MAX_ROWS + 2:
                yield from (row for row in part.rows() if row[0] <= MAX_ROWS + 1)
                yield _too_many(max(part.first, MAX_ROWS + 2))
                return
            else:
                yield part

    def _row(self, record: Record) -> tuple[int, tuple[str, ...] | RowError] | None:
        """Give a record its cells, None for a blank one."""
        if len(record.cells) == len(self.columns) and not record.zh and any(record.cells):  # nearly every row
            return record.number, record.cells
        return (record.number, _cells(record, self.columns)) if record.zh or any(record.cells) else None


def _too_many(number: int) -> tuple[int, RowError]:
    zh = f"文件超过 {MAX_ROWS} 行，其余未读取"
    en = f"The file has over {MAX_ROWS} rows; the rest is not read"
    return number, RowError(number, "", "", zh, en)


def read_table(path: Path) -> Table:
    """Open a CSV (comma, semicolon or tab), XLSX (first sheet), JSON (a list of objects) or JSON Lines file.

    Text is UTF-8, GB18030, or UTF-16 with its mark.
    Raises Problem(IMPORT_REFUSED) for an empty file, another kind of file, an unknown encoding, NUL characters, a
    workbook out of bounds, a header with empty or repeated names.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise refused("文件是空的", "The file is empty")
    if start.startswith(OLE):
        raise refused(
            "这是旧版 .xls 或加密的工作簿，请另存为不加密的 .xlsx 或 CSV",
            "This is an old .xls or a password-protected workbook; save it as plain .xlsx or CSV",
        )
    if start.startswith(ZIP):
        encoding, delimiter = workbooks.XLSX, ""
        workbooks.check_size(path)
    else:
        encoding = delimited.encoding_of(path)
        if _begins_json(path, encoding):
            form = json_rows.form_of(path, encoding)
            return Table(path, json_rows.columns_of(path, encoding, form), encoding, form)
        delimiter = delimited.delimiter_of(path, encoding)
    header = next(_records(path, encoding, delimiter), None)
    return Table(path, _columns(header), encoding, delimiter)


def check_columns(columns: Iterable[str], *, required: Collection[str], optional: Collection[str]) -> None:
    """Refuse missing and unknown columns by name; raises Problem(IMPORT_REFUSED).

    An unknown column is refused rather than dropped: it may be a known one misspelt.
    """
    present = set(columns)
    missing = [c for c in required if c not in present]
    unknown = sorted(present.difference(required, optional))
    if not missing and not unknown:
        return
    zh, en = [], []
    if missing:
        zh.append(f"缺少列：{'、'.join(missing)}")
        en.append(f"columns missing: {', '.join(missing)}")
    if unknown:
        names = [shown(name) for name in unknown[:20]]
        zh.append(f"未知列：{'、'.join(names)}")
        en.append(f"columns unknown: {', '.join(names)}")
    known = ", ".join([*required, *optional][:60])
    raise refused(f"{'；'.join(zh)}。可用的列：{known}", f"{'; '.join(en)}. Known columns: {known}")


def _begins_json(path: Path, encoding: str) -> bool:
    with path.open(encoding=encoding) as file:
        return file.read(512).lstrip()[:1] in ("{", "[")


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[Record]:
    if encoding == workbooks.XLSX:
        return workbooks.records(path)
    return delimited.records(path, encoding, delimiter)


def _columns(header: Record | None) -> tuple[str, ...]:
    if header is not None and header.zh:
        raise refused(f"表头无法读取：{header.zh}", f"The header cannot be read: {header.en}")
    names = [] if header is None else list(header.cells)
    while names and not names[-1]:
        names.pop()
    if not names:
        raise refused("第一行必须是列名", "The first row must hold the names of the columns")
    if len(names) > MAX_COLUMNS:
        raise refused(f"列数超过 {MAX_COLUMNS}", f"There are more than {MAX_COLUMNS} columns")
    if "" in names:
        place = names.index("") + 1
        raise refused(f"第 {place} 列没有列名", f"Column {place} has no name")
    if repeated := [shown(name) for name, times in Counter(names).items() if times > 1]:
        raise refused(f"列名重复：{'、'.join(repeated[:20])}", f"Columns are named twice: {', '.join(repeated[:20])}")
    return tuple(names)


def _cells(record: Record, columns: tuple[str, ...]) -> tuple[str, ...] | RowError:
    number, cells, width = record.number, record.cells, len(columns)
    if record.zh:
        column = columns[record.place] if 0 <= record.place < width else ""
        return RowError(number, column, record.value, record.zh, record.en)
    if len(cells) == width:
        return cells
    extra = next((cell for cell in cells[width:] if cell), None)
    if extra is not None:
        zh = f"单元格比表头多（表头 {width} 列）；含分隔符的文本须加引号"
        en = f"There are more cells than the header's {width}; a text with a delimiter needs quotes"
        return RowError(number, "", extra, zh, en)
    # Spreadsheets leave out empty cells at the end of a row.
    return (*cells[:width], *[""] * (width - len(cells)))
