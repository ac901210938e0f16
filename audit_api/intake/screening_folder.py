"""Write the inputs of a screening as the folder that screening from files reads.

JSON Lines, not CSV: customers' comments keep every character, and no spreadsheet takes one for a formula.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from audit_api.anomaly.batch import Inputs

ROW_ARRAYS = ("answers", "facts", "dealer")


def write_folder(out: Path, inputs: Inputs) -> None:
    """Write dealers, responses, scales and, where there are any, audits, events and staff.

    Reading them gives equal inputs.
    """
    out.mkdir(parents=True, exist_ok=True)
    codes = inputs.dealers.code
    dealers = {"dealer_id": codes} | {f.name: getattr(inputs.dealers, f.name) for f in fields(inputs.dealers)[1:]}
    _write(out / "dealers.jsonl", dealers)
    responses = _columns(inputs.responses) | {"dealer_id": codes[inputs.responses.dealer]}
    for i, column in enumerate(inputs.columns):
        responses[column.name] = inputs.responses.answers[:, i]
    for i, touchpoint in enumerate(inputs.fact_touchpoints):
        responses[f"fact_{touchpoint}"] = inputs.responses.facts[:, i]
    _write(out / "responses.jsonl", responses)
    if len(inputs.audits):
        _write(out / "audits.jsonl", _columns(inputs.audits) | {"dealer_id": codes[inputs.audits.dealer]})
    for name, table in (("events", inputs.events), ("staff", inputs.staff)):
        if len(table):
            _write(out / f"{name}.jsonl", {"dealer_id": codes[table.dealer]} | _columns(table))
    scales: dict[str, list[Any]] = {
        "column": [column.name for column in inputs.columns],
        "min": [column.minimum for column in inputs.columns],
        "max": [column.maximum for column in inputs.columns],
    }
    _write(out / "scales.jsonl", scales)


def _columns(table: Any) -> dict[str, Any]:
    return {field.name: getattr(table, field.name) for field in fields(table) if field.name not in ROW_ARRAYS}


def _write(path: Path, table: Mapping[str, Iterable[Any]]) -> None:
    names = list(table)
    with path.open("w", encoding="ascii", newline="\n") as file:
        for number, cells in enumerate(zip(*(_plain(column) for column in table.values()), strict=True)):
            # The first row names every column, empty ones included; the others leave out what is not known.
            row = {name: cell for name, cell in zip(names, cells, strict=True) if number == 0 or cell is not None}
            file.write(json.dumps(row) + "\n")


def _plain(column: Iterable[Any]) -> list[Any]:
    """Turn a column into JSON values; None where nothing is known."""
    values = np.asarray(column)
    if values.dtype.kind == "M":
        return [None if np.isnat(value) else str(value) for value in values]
    if values.dtype.kind == "f":
        return [None if np.isnan(value) else float(value) for value in values]
    return [value or None if isinstance(value, str) else value for value in values.tolist()]
