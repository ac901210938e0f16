"""XLSX workbooks: the first sheet, read as a stream, as text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl

from audit_api.intake.records import MAX_ROWS, Record, refused

XLSX = "xlsx"
MAX_PARTS = 2_000
# Sheets are streamed, shared strings are held in memory.
MAX_BYTES, MAX_SHARED_BYTES = 500_000_000, 100_000_000
# Real sheets shrink 5 to 30 times; small files may shrink more.
MAX_RATIO, RATIO_FROM_BYTES = 150, 20_000_000
EXACT_INTEGERS = 2**53


def check_size(path: Path) -> None:
    """Refuse what is no workbook and what would unfold beyond the bounds; raises Problem(IMPORT_REFUSED)."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise refused(
            "工作簿已损坏或不完整，请重新导出或传输",
            f"The workbook is damaged or incomplete ({error}); export or transfer it again",
        ) from error
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise refused("这是压缩文件，不是 XLSX 工作簿", "This is an archive, not an XLSX workbook")
    # zipfile never unfolds a part beyond the size it declares, so declared sizes may be trusted here.
    total = sum(part.file_size for part in parts)
    shared = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
    ratio = total / max(1, sum(part.compress_size for part in parts))
    too_dense = total > RATIO_FROM_BYTES and ratio > MAX_RATIO
    if len(parts) > MAX_PARTS or total > MAX_BYTES or shared > MAX_SHARED_BYTES or too_dense:
        raise refused(
            "工作簿展开后过大，请另存为 CSV", "The workbook is too large when unfolded; save the sheet as CSV instead"
        )


def records(path: Path) -> Iterator[Record]:
    """Read the first sheet's records; formulas give the value the spreadsheet last computed."""
    # Opened here, because openpyxl refuses names that do not end in .xlsx.
    with path.open("rb") as file:
        try:
            workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except Exception as error:  # openpyxl answers damaged parts with errors of many kinds
            reason = type(error).__name__
            raise refused(
                f"工作簿无法打开（{reason}），请在电子表格软件中打开后另存为 .xlsx 或 CSV",
                f"The workbook cannot be opened ({reason}); open it in a spreadsheet and save it as .xlsx or CSV",
            ) from error
        if not workbook.worksheets:
            raise refused("工作簿没有工作表", "The workbook has no sheet")
        yield from _sheet_records(workbook.worksheets[0])


def _sheet_records(sheet: Any) -> Iterator[Record]:
    sheet.reset_dimensions()  # what the file says of its extent is often wrong
    rows = iter(sheet.iter_rows())
    for number in range(1, MAX_ROWS + 3):  # two more, for the header and so that the reader can say that there is more
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception as error:  # likewise, while the sheet is streamed
            reason = type(error).__name__
            yield Record(number, (), f"工作表自此行起已损坏：{reason}", f"The sheet is damaged from here on: {reason}")
            return
        yield _record(number, row)


def _record(number: int, row: tuple[Any, ...]) -> Record:
    texts = []
    for place, cell in enumerate(row):
        if getattr(cell, "data_type", "") == "e":
            zh, en = f"公式结果是错误 {cell.value}", f"A formula gives the error {cell.value}"
            return Record(number, (), zh, en, place, str(cell.value))
        texts.append(text_of(cell.value, getattr(cell, "number_format", "") if _at_midnight(cell.value) else ""))
    while texts and not texts[-1]:
        texts.pop()
    return Record(number, tuple(texts))


def text_of(value: Any, number_format: str = "") -> str:
    """Give a cell's value as canonical text: ISO 8601 dates, integers without decimals, true and false.

    A date and time at midnight whose format shows no hours is a date.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_INTEGERS:
        return str(int(value))
    if isinstance(value, datetime):
        only_date = _at_midnight(value) and not _shows_hours(number_format)
        return value.date().isoformat() if only_date else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if value is None else str(value).strip()


def _at_midnight(value: Any) -> bool:
    return isinstance(value, datetime) and value.time() == time.min


def _shows_hours(number_format: str) -> bool:
    return "h" in number_format.lower()
