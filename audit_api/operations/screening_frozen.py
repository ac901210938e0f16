"""What a run was made of, kept so that it can be run again: inputs as Parquet blobs, and the code that read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from audit_api import __version__
from audit_api.domain.directory import Actor
from audit_api.evidence.store import BlobMissingError, BlobStore, GridFSStore
from audit_api.models.base import Row, current_database, to_milliseconds
from audit_api.operations.screening_inputs import refused, visits_from

if TYPE_CHECKING:  # a web process reads runs without paying for the arithmetic
    from audit_api.anomaly.auditors.inputs import Inputs as AuditorInputs
    from audit_api.anomaly.batch import Inputs

Parameters = TypeVar("Parameters")
Read = Callable[[Mapping[str, BinaryIO], str], Any]


def own_store() -> BlobStore:
    """Give the store that lies in the connected database."""
    return GridFSStore(current_database())


def freeze_inputs(inputs: Inputs | AuditorInputs, store: BlobStore) -> list[Row]:
    """Keep each table of the inputs as a Parquet blob; returns table, SHA-256, bytes and rows of each.

    The blobs are written before any run names them; the same inputs are the same blobs.
    """
    from audit_api.intake.screening_parquet import write_tables  # noqa: PLC0415 - Arrow, for this step only

    kept = []
    for name, data in write_tables(inputs).items():
        sha256 = hashlib.sha256(data).hexdigest()
        store.put(sha256, BytesIO(data))
        kept.append({"table": name, "sha256": sha256, "bytes": len(data), "rows": _rows(getattr(inputs, name))})
    return kept


def frozen_inputs(run: Row, store: BlobStore) -> Inputs:
    """Read the inputs a run was made of; raises SCREENING_REFUSED where they are missing or not what was frozen."""
    from audit_api.intake.screening_parquet import read_tables  # noqa: PLC0415 - as above

    inputs: Inputs = _thawed(run, store, read_tables)
    return inputs


def frozen_auditor_inputs(run: Row, store: BlobStore) -> AuditorInputs:
    """Read the inputs a screening of auditors was made of; raises SCREENING_REFUSED as `frozen_inputs` does."""
    from audit_api.intake.screening_parquet import read_auditor_tables  # noqa: PLC0415 - as above

    inputs: AuditorInputs = _thawed(run, store, read_auditor_tables)
    return inputs


def name_run(of: str, inputs_sha256: str, parameters: Mapping[str, Any]) -> str:
    """Name a run by what it is made of, so that the same again has the same name."""
    made_of = json.dumps([inputs_sha256, parameters, __version__, code_sha256()], sort_keys=True)
    return f"{of}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"


def run_record(name: str, wave: Row, made: Mapping[str, Any], frozen: list[Row], *, actor: Actor, at: datetime) -> Row:
    """Give what is kept of every run: the wave, by whom and when, which visits counted, what was made by which code."""
    return {
        "_id": name,
        "wave": wave["_id"],
        "programme": wave["programme"],
        "brand": wave["brand"],
        "started_at": to_milliseconds(at),
        "by": actor.id,
        "scope": {"visits_from": visits_from(wave), "visits_until": wave["ends_at"]},
        "run": made,
        "code_sha256": code_sha256(),
        "frozen": frozen,
    }


def parameters_of(run: Row, kind: type[Parameters]) -> Parameters:
    """Give the parameters a run was made with, those that this version still knows."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type] # a dataclass
    return kind(**{name: value for name, value in run["run"]["parameters"].items() if name in known})


def _rows(table: Any) -> int:
    return len(getattr(table, fields(table)[0].name))


def _thawed(run: Row, store: BlobStore, read: Read) -> Any:
    from audit_api.intake.screening_parquet import FrozenInputsError  # noqa: PLC0415 - as above

    if not run.get("frozen"):
        raise refused("该次筛查未保存输入数据", "This run was made before inputs were frozen")
    try:
        tables = {kept["table"]: store.open(kept["sha256"]) for kept in run["frozen"]}
        return read(tables, run["run"]["inputs_sha256"])
    except BlobMissingError as missing:
        raise refused(f"冻结的输入数据缺失：{missing}", f"A frozen table is missing: {missing}") from missing
    except FrozenInputsError as error:
        raise refused(f"冻结的输入数据不符：{error}", f"The frozen inputs are not what was frozen: {error}") from error


@cache
def code_sha256() -> str:
    """Hash the code that turns inputs into figures: every file of `anomaly`, by name and content."""
    folder = Path(__file__).parents[1] / "anomaly"
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        # Line endings may differ between a checkout and a package.
        content = file.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{file.relative_to(folder).as_posix()}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
