"""Write a simulated network as the folder that screening from files reads."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from audit_api.simulator.world import World


def write_folder(world: World, path: Path) -> None:
    """Write dealers.csv, responses.csv, audits.csv and truth.csv (the last is not read by a screening)."""
    path.mkdir(parents=True, exist_ok=True)
    _write(path / "dealers.csv", world.dealers)
    responses = {name: values for name, values in world.responses.items() if name not in ("contact", "device")}
    responses["contact_hash"] = [_hash("contact", value) for value in world.responses["contact"]]
    responses["device_hash"] = [_hash("device", value) for value in world.responses["device"]]
    for i, column in enumerate(world.columns()):
        responses[column] = [_mark(value) for value in world.answers[:, i]]
    _write(path / "responses.csv", responses)
    _write(path / "audits.csv", world.audits)
    _write(
        path / "truth.csv",
        {
            "dealer_id": [label.dealer_id for label in world.truth],
            "gamed": [int(label.gamed) for label in world.truth],
            "kind": [label.kind for label in world.truth],
        },
    )


def _hash(kind: str, value: int) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()[:24]


def _mark(value: float) -> int | str:
    return "" if math.isnan(value) else int(value)


def _write(path: Path, table: Mapping[str, Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        rows: Iterable[tuple[Any, ...]] = zip(*table.values(), strict=True)
        writer.writerows(rows)
