"""Write a simulated network as the folder that screening from files reads."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit_api.simulator.world import World

IDENTITIES = {"contact": "contact_hash", "device": "device_hash"}
NO_PLACE = frozenset({"revised"})
"""Columns for which the format of the folder has no place."""


def write_folder(world: World, path: Path) -> None:
    """Write dealers, responses, audits, scales, events and staff, and truth.csv (not read by a screening)."""
    path.mkdir(parents=True, exist_ok=True)
    _write(path / "dealers.csv", world.dealers)
    responses = hashed({name: values for name, values in world.responses.items() if name not in NO_PLACE})
    for i, column in enumerate(world.columns()):
        responses[column] = world.answers[:, i]
    _write(path / "responses.csv", responses)
    _write(path / "audits.csv", world.audits)
    if "q_recommend" in world.responses:
        _write(path / "scales.csv", {"column": ["q_recommend"], "min": [0], "max": [10]})
    if world.events:
        _write(path / "events.csv", hashed(world.events))
        _write(path / "staff.csv", hashed(world.staff))
    _write(
        path / "truth.csv",
        {
            "dealer_id": [label.dealer_id for label in world.truth],
            "gamed": [int(label.gamed) for label in world.truth],
            "kind": [label.kind for label in world.truth],
            "code": [label.code for label in world.truth],
        },
    )


def hashed(table: Mapping[str, Any]) -> dict[str, Any]:
    """Replace plain numbers by opaque names, as a source does before it hands them over; 0 becomes ""."""
    return {
        IDENTITIES.get(name, name): opaque(values, name) if name in IDENTITIES else values
        for name, values in table.items()
    }


def opaque(numbers: Sequence[int] | NDArray[np.int64], kind: str) -> NDArray[np.object_]:
    """Return sixteen hexadecimal digits per number, different for different numbers and for contacts and devices.

    The mixing is that of Steele, Lea & Flood (SplitMix64), one to one on 64 bits; it hides nothing, since there
    is nothing to hide: the numbers are invented.
    """
    plain = np.asarray(numbers, dtype=np.int64)
    mixed = plain.astype(np.uint64) + np.uint64(sum(kind.encode()) * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    digits = np.frombuffer(mixed.astype(">u8").tobytes().hex().encode(), dtype="S16")
    return np.where(plain == 0, "", digits.astype("U16")).astype(object)


def _cells(values: Sequence[Any]) -> list[Any]:
    """Return cells as text wants them: ISO times, whole numbers without a point, nothing for NaN."""
    column = np.asarray(values)
    if column.dtype.kind == "M":
        return column.astype("datetime64[s]").astype(str).tolist()
    if column.dtype.kind == "f":
        return ["" if isnan(value) else int(value) if value.is_integer() else value for value in column.tolist()]
    return column.tolist()


def _write(path: Path, table: Mapping[str, Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        rows: Iterable[tuple[Any, ...]] = zip(*(_cells(values) for values in table.values()), strict=True)
        writer.writerows(rows)
