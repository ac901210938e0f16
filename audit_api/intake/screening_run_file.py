"""The record of a run beside its exported inputs: screening the folder takes its parameters from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_api.intake.screening_files import FolderRefusedError

if TYPE_CHECKING:
    from audit_api.anomaly.grades import Parameters

RUN_FILE = "run.json"
MAX_BYTES = 4 * 1024**2


def write_run_file(folder: Path, record: Mapping[str, Any]) -> None:
    """Write the record of a run into the folder of its inputs."""
    text = json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    (folder / RUN_FILE).write_text(text + "\n", encoding="utf-8", newline="\n")


def parameters_of(folder: Path, chosen: Mapping[str, Any], otherwise: Mapping[str, Any]) -> Parameters:
    """Return the parameters to screen a folder with: those chosen, else the exported run's, else `otherwise`.

    Raises FolderRefusedError for a run.json that cannot be one.
    """
    from audit_api.anomaly.grades import Parameters  # noqa: PLC0415 - NumPy and SciPy, for this command only

    kept = _kept(Path(folder) / RUN_FILE)
    try:
        return Parameters(**{**otherwise, **_known(kept, Parameters()), **chosen})
    except (TypeError, ValueError) as error:
        raise FolderRefusedError(f"{RUN_FILE}: {error}. Export the run again, or remove the file.") from error


def _kept(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError("larger than 4 MiB")
        record = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FolderRefusedError(
            f"{RUN_FILE} cannot be read: {error}. Export the run again, or remove the file."
        ) from error
    parameters = record.get("parameters") if isinstance(record, dict) else None
    if not isinstance(parameters, dict):
        raise FolderRefusedError(f"{RUN_FILE} names no parameters. Export the run again, or remove the file.")
    return parameters


def _known(kept: Mapping[str, Any], defaults: Parameters) -> dict[str, Any]:
    """Take the parameters this version knows; each has to be of the kind it is."""
    taken = {}
    for field in fields(defaults):
        if field.name not in kept:
            continue
        value, kind = kept[field.name], type(getattr(defaults, field.name))
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise FolderRefusedError(f"{RUN_FILE}: {field.name} is not a {kind.__name__}. Export the run again.")
        taken[field.name] = value
    return taken
