"""Turn one raw column (text or native values) into a numpy column, or say which row could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from audit_api.anomaly.refusals import InputsRefusedError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Texts = NDArray[np.object_]
Moments = NDArray[np.datetime64]
Truths = NDArray[np.bool_]

MAX_TEXT = 20_000
PART = 100_000


def _as_text(values: Iterable[Any], table: str, column: str) -> pl.Series:
    if isinstance(values, pl.Series) and values.dtype == pl.String:
        series = values
        if (broken := series.str.contains("\x00", literal=True)).any():
            row = _first(broken.fill_null(False))
            raise InputsRefusedError(
                table, "a character that is not text", "Remove NUL and broken characters", row=row, column=column
            )
    else:
        cells: list[str | None] = []
        for row, value in enumerate(values):
            text = None if value is None or (isinstance(value, float) and np.isnan(value)) else str(value)
            if text is not None and ("\x00" in text or not _encodable(text)):
                raise InputsRefusedError(
                    table,
                    "a character that is not text",
                    "Remove NUL and broken characters",
                    row=row,
                    column=column,
                )
            cells.append(text)
        series = pl.Series(column, cells, dtype=pl.String)
    return series.str.strip_chars().fill_null("")


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _first(mask: pl.Series | Truths) -> int:
    return int(np.flatnonzero(np.asarray(mask))[0])


def texts(values: Iterable[Any], table: str, column: str, *, required: bool = False) -> Texts:
    """Return an object array of stripped strings, "" where nothing is known."""
    return shared(words(values, table, column, required=required))


def words(values: Iterable[Any], table: str, column: str, *, required: bool = False) -> pl.Series:
    """Return a column of stripped strings, "" where nothing is known."""
    series = _as_text(values, table, column)
    if required and (series == "").any():
        raise InputsRefusedError(
            table,
            "the cell is empty",
            "Fill it in or remove the row",
            row=_first(series == ""),
            column=column,
        )
    long = series.str.len_chars() > MAX_TEXT
    if long.any():
        raise InputsRefusedError(
            table, f"more than {MAX_TEXT} characters", "Shorten the text", row=_first(long), column=column
        )
    return series


def shared(series: pl.Series) -> Texts:
    """Turn a text column into objects, one for each different text: most columns hold few.

    A part at a time, so that no second copy of a large column stands in memory.
    """
    result: Texts = np.empty(len(series), dtype=object)
    seen: dict[str, str] = {}
    for start in range(0, len(series), PART):
        encoded = series.slice(start, PART).to_arrow().dictionary_encode()
        words: Texts = np.empty(len(encoded.dictionary), dtype=object)
        words[:] = encoded.dictionary.to_pylist()
        if 2 * len(words) < len(encoded):
            words[:] = [seen.setdefault(word, word) for word in words]
        result[start : start + PART] = words[encoded.indices.to_numpy(zero_copy_only=False)]
    return result


def expanded(encoded: pa.DictionaryArray) -> Texts:
    """Turn an Arrow dictionary column into objects that its rows share."""
    words: Texts = np.empty(len(encoded.dictionary), dtype=object)
    words[:] = encoded.dictionary.to_pylist()
    result: Texts = words[encoded.indices.to_numpy(zero_copy_only=False)]
    return result


def numbers(
    values: Iterable[Any],
    table: str,
    column: str,
    *,
    minimum: float = -np.inf,
    maximum: float = np.inf,
    whole: bool = False,
    required: bool = False,
) -> Floats:
    """Return a float array with NaN where nothing is known; text that is not a finite number is refused."""
    raw: list[Any] | pl.Series | Floats = values if isinstance(values, pl.Series | np.ndarray) else list(values)
    try:
        if isinstance(raw, pl.Series) and raw.dtype == pl.String:
            raise TypeError
        if isinstance(raw, np.ndarray) and raw.dtype.kind == "f":
            result = raw.astype(np.float64)
        else:
            result = np.array([np.nan if v is None else _native(v) for v in raw], dtype=np.float64)
        empty: Truths = np.isnan(result)
        bad: Truths = np.isinf(result)
        shown: Any = raw
    except (TypeError, ValueError):
        shown = _as_text(raw, table, column)
        result = shown.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().astype(np.float64)
        empty = np.asarray(shown == "", dtype=bool)
        bad = ~np.isfinite(result) & ~empty
    if bad.any():
        row = _first(bad)
        raise InputsRefusedError(
            table,
            f"{str(shown[row])[:40]!r} is not a number",
            "Use digits with a decimal point, and an empty cell where nothing is known",
            row=row,
            column=column,
        )
    if required and empty.any():
        raise InputsRefusedError(
            table, "the cell is empty", "Fill it in or remove the row", row=_first(empty), column=column
        )
    with np.errstate(invalid="ignore"):
        outside: Truths = (result < minimum) | (result > maximum)
        if whole:
            outside |= ~empty & (result != np.round(result))
    if outside.any():
        row = _first(outside)
        kind = "a whole number" if whole else "a number"
        raise InputsRefusedError(
            table,
            f"{result[row]:g} is outside what is possible here",
            f"Expected {kind} from {minimum:g} to {maximum:g}",
            row=row,
            column=column,
        )
    return result


def _native(value: object) -> float:
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return float(value)
    raise TypeError


def choices(
    values: Iterable[Any], table: str, column: str, allowed: tuple[str, ...], *, default: str | None = None
) -> Texts:
    """Return strings from `allowed`; an empty cell becomes `default`, or is refused where there is none."""
    result = texts(values, table, column, required=default is None)
    if default is not None:
        result[result == ""] = default
    wrong = ~np.isin(result.astype(str), allowed)
    if wrong.any():
        row = _first(wrong)
        raise InputsRefusedError(
            table,
            f"{str(result[row])[:40]!r} is not known here",
            f"Use one of: {', '.join(allowed)}",
            row=row,
            column=column,
        )
    return result


def moments(values: Iterable[Any], table: str, column: str) -> Moments:
    """Return wall-clock times (datetime64[s], NaT unknown).

    The clock on the dealer's wall is kept and an offset is dropped: office hours are local. A caller that
    holds UTC converts to the dealer's time zone first.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return values.astype("datetime64[s]")
    raw: list[Any] = values.to_list() if isinstance(values, pl.Series) else list(values)
    result = np.full(len(raw), np.datetime64("NaT"), dtype="datetime64[s]")
    for row, value in enumerate(raw):
        if value is None or value == "":
            continue
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
            result[row] = np.datetime64(moment.replace(tzinfo=None), "s")
        except ValueError:
            raise InputsRefusedError(
                table,
                f"{str(value)[:40]!r} is not a time",
                "Use ISO 8601, such as 2026-03-31T14:05:00",
                row=row,
                column=column,
            ) from None
    return result
