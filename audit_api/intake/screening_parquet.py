"""Freeze the inputs of a screening as Parquet, one file a table, and read them back to the bit.

The rows are written in their canonical order, so reading needs no parsing and no sorting; the hash over the
canonical rows, which the run names, tells whether what was read is what was frozen. Column descriptions stand in
the metadata of the table of responses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

if TYPE_CHECKING:
    from audit_api.anomaly.auditors.inputs import Inputs as AuditorInputs
    from audit_api.anomaly.batch import Inputs

DESCRIBED = b"audit_api"
TABLE = "responses"
"""The table whose metadata describe the columns of answers and facts."""


class FrozenInputsError(ValueError):
    """What was read is not what was frozen, or cannot be read by this version."""


def write_tables(inputs: Inputs | AuditorInputs) -> dict[str, bytes]:
    """Return each table of the inputs as the bytes of a Parquet file, by its name."""
    written = {}
    for part in fields(inputs):
        table = getattr(inputs, part.name)
        if is_dataclass(table):
            written[part.name] = _write(table, _described(inputs) if part.name == TABLE else None)
    return written


def read_tables(tables: Mapping[str, BinaryIO], inputs_sha256: str) -> Inputs:
    """Read the frozen tables of a screening of dealers; raises FrozenInputsError unless they hash to what it names.

    A table this version knows and the frozen inputs lack is empty; one it does not know is refused.
    """
    from audit_api.anomaly import batch  # noqa: PLC0415 - most commands need no arithmetic

    known = {
        "dealers": batch.Dealers, "responses": batch.Responses, "audits": batch.Audits, "events": batch.Events,
        "staff": batch.Staff,
    }  # fmt: skip
    made, described = _made(tables, known)
    if not described or "dealers" not in made or "audits" not in made:
        raise FrozenInputsError("dealers, responses or audits are missing")
    columns = tuple(batch.Column(**column) for column in described["columns"])
    inputs = batch.Inputs(columns=columns, fact_touchpoints=tuple(described["fact_touchpoints"]), **made)
    _require_hash(inputs, inputs_sha256)
    return inputs


def read_auditor_tables(tables: Mapping[str, BinaryIO], inputs_sha256: str) -> AuditorInputs:
    """Read the frozen tables of a screening of auditors; raises FrozenInputsError as `read_tables` does."""
    from audit_api.anomaly.auditors import inputs as auditors  # noqa: PLC0415 - most commands need no arithmetic

    known = {
        "visits": auditors.Visits, "answers": auditors.Answers, "photos": auditors.Photos, "fixes": auditors.Fixes,
    }  # fmt: skip
    made, _ = _made(tables, known)
    if missing := sorted(set(known) - set(made)):
        raise FrozenInputsError(f"table {missing[0]} is missing")
    inputs = auditors.numbered(**made)
    _require_hash(inputs, inputs_sha256)
    return inputs


def _described(inputs: Any) -> dict[bytes, bytes]:
    described = {
        "columns": [asdict(column) for column in inputs.columns],
        "fact_touchpoints": list(inputs.fact_touchpoints),
    }
    return {DESCRIBED: json.dumps(described).encode()}


def _made(tables: Mapping[str, BinaryIO], known: Mapping[str, type[Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read each table as what it is known to be; also what the metadata describe."""
    if unknown := sorted(set(tables) - set(known)):
        raise FrozenInputsError(f"table {unknown[0]} is not known to this version")
    made: dict[str, Any] = {}
    described: dict[str, Any] = {}
    for name, stream in tables.items():
        try:
            table = pq.read_table(pa.BufferReader(stream.read()))
        except (pa.ArrowException, OSError) as error:
            raise FrozenInputsError(f"table {name} cannot be read: {error}") from error
        if name == TABLE:
            described = json.loads((table.schema.metadata or {}).get(DESCRIBED, b"{}"))
        made[name] = known[name](**_read(name, table, [field.name for field in fields(known[name])]))
    return made, described


def _require_hash(inputs: Inputs | AuditorInputs, inputs_sha256: str) -> None:
    if (found := inputs.content_hash()) != inputs_sha256:
        raise FrozenInputsError(f"the rows hash to {found}, the run names {inputs_sha256}")


def _write(table: Any, metadata: dict[bytes, bytes] | None) -> bytes:
    columns: dict[str, Any] = {}
    for field in fields(table):
        values = getattr(table, field.name)
        if values.ndim == 2:
            # One Parquet column for each of the matrix, and none for a matrix without columns.
            columns |= {f"{field.name}.{i}": values[:, i] for i in range(values.shape[1])}
        else:
            columns[field.name] = values
    made = pa.table({name: _arrow(values) for name, values in columns.items()}).replace_schema_metadata(metadata)
    out = BytesIO()
    pq.write_table(made, out, compression="zstd")
    return out.getvalue()


def _arrow(values: NDArray[Any]) -> pa.Array:
    return pa.array(values, type=pa.large_string()) if values.dtype == object else pa.array(values)


def _read(name: str, table: pa.Table, wanted: list[str]) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    for field in wanted:
        if field in table.column_names:
            found[field] = _numpy(table.column(field))
        elif field in ("answers", "facts"):
            parts = [column for column in table.column_names if column.startswith(f"{field}.")]
            matrix = np.empty((len(table), len(parts)))
            for i in range(len(parts)):
                matrix[:, i] = _numpy(table.column(f"{field}.{i}"))
            found[field] = matrix
        else:
            raise FrozenInputsError(f"table {name} has no column {field}")
    return found


def _numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    from audit_api.anomaly.parse import expanded  # noqa: PLC0415 - most commands need no arithmetic

    whole = column.combine_chunks()
    if pa.types.is_large_string(whole.type) or pa.types.is_string(whole.type):
        return expanded(whole.dictionary_encode())
    result: NDArray[Any] = whole.to_numpy(zero_copy_only=False)
    # Parquet keeps milliseconds; the moments of a screening are seconds.
    return result.astype("datetime64[s]") if result.dtype.kind == "M" else result
