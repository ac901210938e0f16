"""Screening from files: a folder of CSV or JSONL in, a folder of CSV and JSON out."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from audit_api.anomaly import tables
from audit_api.anomaly.batch import Column, Inputs
from audit_api.anomaly.outcome import Screening
from audit_api.anomaly.refusals import InputsRefusedError

OUTCOMES = frozenset({"overall", "recommend", "repurchase", "return"})
MAX_FILE_BYTES = 2 * 1024**3
ENCODINGS = ("utf-8-sig", "gb18030")
OPTIONAL_FILES = {
    "audits": "the comparison of survey and audit is off",
    "events": "the indicators of the sample frame that need single events are off",
    "staff": "the comparison with the staff directory is off",
}
KNOWN_RESPONSE_COLUMNS = frozenset(
    {"response_id", "dealer_id", "duration_s", *tables.RESPONSE_TEXTS, *tables.RESPONSE_TIMES, *tables.RESPONSE_FLAGS}
)

SCREENING_COLUMNS = (
    "dealer_id", "score", "flag", "grade", "p", "q", "assessable", "unexplained_top_share", "groups",
    "top_indicators",
)  # fmt: skip
INDICATOR_COLUMNS = ("dealer_id", "indicator", "observed", "expected", "n", "z", "p", "assessable", "reason")


class FolderRefusedError(ValueError):
    """Say which file, line and column of a folder cannot be used, and what to do."""


def read_folder(path: Path, scale: tuple[float, float] = (1, 5)) -> Inputs:
    """Read dealers, responses and (where present) audits, scales, events and staff of one questionnaire.

    Each table is `<name>.csv` or `<name>.jsonl`, UTF-8 (with or without BOM) or GB18030. `scale` is the lowest
    and highest answer where scales.csv says nothing. Raises FolderRefusedError.
    """
    path = Path(path)
    if not path.is_dir():
        raise FolderRefusedError(f"{path} is not a folder. Give the folder that holds dealers.csv and responses.csv.")
    files = {name: _find(path, name) for name in ("dealers", "responses", "audits", "scales", "events", "staff")}
    for name in ("dealers", "responses"):
        if files[name] is None:
            raise FolderRefusedError(f"{name}.csv is missing in {path}. Add it (or {name}.jsonl).")
    raw = {name: _read(file) if file else {} for name, file in files.items()}
    responses = raw["responses"]
    columns = _columns(responses, scale, raw["scales"], files["scales"])
    answers = {column.name: responses[column.name] for column in columns}
    facts = {name.removeprefix("fact_"): responses[name] for name in responses if name.startswith("fact_")}
    rest = {name: values for name, values in responses.items() if name in KNOWN_RESPONSE_COLUMNS}
    try:
        return tables.build(
            dealers=raw["dealers"],
            responses=rest,
            audits=raw["audits"],
            columns=columns,
            answers=answers,
            facts=facts,
            events=raw["events"],
            staff=raw["staff"],
        )
    except InputsRefusedError as refusal:
        raise FolderRefusedError(_located(refusal, files.get(refusal.table))) from refusal


def notices(path: Path) -> list[str]:
    """Say in sentences what in the folder is missing or not used: what that switches off."""
    path = Path(path)
    said = []
    for name, off in OPTIONAL_FILES.items():
        file = _find(path, name)
        if file is None:
            said.append(f"{name}.csv is missing: {off}.")
        elif file.suffix == ".csv" and "\n" not in _text(file).strip():
            said.append(f"{file.name} has no row: {off}.")
    file = _find(path, "responses")
    if file is not None:
        unknown = [
            name for name in _read(file)
            if name not in KNOWN_RESPONSE_COLUMNS and not name.startswith(("q_", "fact_"))
        ]  # fmt: skip
        if unknown:
            said.append(f"{file.name}: columns not used: {', '.join(unknown)}.")
    return said


def _find(path: Path, name: str) -> Path | None:
    found = [path / f"{name}{ending}" for ending in (".csv", ".jsonl") if (path / f"{name}{ending}").is_file()]
    if len(found) > 1:
        raise FolderRefusedError(f"{found[0].name} and {found[1].name} are both there. Keep one of them.")
    return found[0] if found else None


def _text(file: Path) -> str:
    if file.stat().st_size > MAX_FILE_BYTES:
        raise FolderRefusedError(f"{file.name} is larger than 2 GiB. Split it by wave or questionnaire.")
    data = file.read_bytes()
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise FolderRefusedError(f"{file.name} is neither UTF-8 nor GB18030 text. Save it as CSV in UTF-8.")


def _read(file: Path) -> dict[str, pl.Series]:
    """Return the columns of a file as text, "" where empty."""
    text = _text(file)
    if not text.strip():
        raise FolderRefusedError(f"{file.name} is empty. It needs a first line with the column names.")
    return _read_jsonl(file, text) if file.suffix == ".jsonl" else _read_csv(file, text)


def _read_csv(file: Path, text: str) -> dict[str, pl.Series]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = [name.strip() for name in next(reader)]
        _check_header(file, header)
        rows: list[list[str]] = []
        for row in reader:
            if not any(row):
                continue  # an empty line at the end of a file is no record
            if len(row) != len(header):
                raise FolderRefusedError(
                    f"{file.name}, line {reader.line_num}: {len(row)} cells where the first line names {len(header)} "
                    "columns. Check for a missing or extra comma, or quote the text that contains one."
                )
            rows.append(row)
    except csv.Error as error:
        raise FolderRefusedError(
            f"{file.name}, line {reader.line_num}: {error}. Check the quotation marks in this line."
        ) from error
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    return {name: pl.Series(name, column, dtype=pl.String) for name, column in zip(header, cells, strict=True)}


def _check_header(file: Path, header: Sequence[str]) -> None:
    seen: set[str] = set()
    for number, name in enumerate(header, start=1):
        if not name:
            raise FolderRefusedError(f"{file.name}, line 1: column {number} has no name. Name it or remove it.")
        if name in seen:
            raise FolderRefusedError(f"{file.name}, line 1: column {name} appears twice. Keep one of them.")
        seen.add(name)


def _read_jsonl(file: Path, text: str) -> dict[str, pl.Series]:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FolderRefusedError(f"{file.name}, line {number}: not JSON ({error}). One object per line.") from error
        if not isinstance(row, dict) or any(isinstance(value, dict | list) for value in row.values()):
            raise FolderRefusedError(f"{file.name}, line {number}: not a flat object. Give one object of plain values.")
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: pl.Series(name, [_plain(row.get(name)) for row in rows], dtype=pl.String) for name in names}


def _plain(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _columns(
    responses: Mapping[str, pl.Series], scale: tuple[float, float], scales: Mapping[str, pl.Series], file: Path | None
) -> list[Column]:
    """Make the survey columns from the names of the response columns and the scales."""
    own = _scales(scales, file) if file else {}
    unknown = [name for name in own if name not in responses]
    if unknown and file:
        raise FolderRefusedError(f"{file.name}: {unknown[0]} is no column of the responses. Correct the name.")
    columns = []
    for name in responses:
        if name.startswith("q_"):
            touchpoint = name.removeprefix("q_").split("__")[0]
            low, high = own.get(name, scale)
            columns.append(Column(name, touchpoint, low, high, is_outcome=touchpoint in OUTCOMES))
    return columns


def _scales(scales: Mapping[str, pl.Series], file: Path) -> dict[str, tuple[float, float]]:
    for name in ("column", "min", "max"):
        if name not in scales:
            raise FolderRefusedError(f"{file.name}: the column {name} is missing. It needs column, min, max.")
    result = {}
    for number, (name, low, high) in enumerate(zip(scales["column"], scales["min"], scales["max"], strict=True), 2):
        try:
            ends = float(low), float(high)
        except ValueError:
            ends = math.nan, math.nan
        if not ends[0] < ends[1]:
            raise FolderRefusedError(f"{file.name}, line {number}: {low} to {high} is no scale. Give min below max.")
        result[name.strip()] = ends
    return result


def _located(refusal: InputsRefusedError, file: Path | None) -> str:
    """Turn a refused row into a line of the file (the first line holds the names)."""
    place = file.name if file else f"{refusal.table}.csv"
    if refusal.row is not None:
        place += f", line {refusal.row + (2 if file is None or file.suffix == '.csv' else 1)}"
    if refusal.column:
        place += f", column {refusal.column}"
    return f"{place}: {refusal.reason}. {refusal.remedy}."


def write_screening(out: Path, screening: Screening) -> None:
    """Write screening.csv, indicators.csv and run.json; the same screening gives the same bytes."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    _write(
        out / "screening.csv",
        SCREENING_COLUMNS,
        [
            [
                dealer.dealer_id, _number(dealer.score), int(dealer.flag), dealer.grade, _number(dealer.p),
                _number(dealer.q), int(dealer.assessable), _number(dealer.unexplained_top_share),
                ";".join(dealer.groups), ";".join(dealer.top_indicators),
            ]
            for dealer in screening.dealers
        ],
    )  # fmt: skip
    _write(
        out / "indicators.csv",
        INDICATOR_COLUMNS,
        [
            [
                row.dealer_id, row.indicator, _number(row.observed), _number(row.expected), row.n, _number(row.z),
                _number(row.p), int(row.reason == ""), row.reason,
            ]
            for row in screening.indicators
        ],
    )  # fmt: skip
    record = json.dumps(screening.run, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    (out / "run.json").write_text(record + "\n", encoding="utf-8", newline="\n")


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([[_safe(cell) for cell in row] for row in rows])


def _safe(cell: object) -> object:
    """Keep a spreadsheet from reading a dealer's name as a formula."""
    return "'" + cell if isinstance(cell, str) and cell[:1] in ("=", "+", "@", "\t", "\r") else cell


def _number(value: float | None) -> str:
    """Write a figure so that it reads back as the same one to the last bit, "" where there is none."""
    return "" if value is None else repr(float(value))
