"""Give a simulated network's responses as rows of the survey import."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from audit_api.simulator.world import World

LOW, HIGH = -2.0, 1.0
"""Latent overall judgements mapped to the ends of an outcome scale."""


def survey_rows(
    world: World,
    *,
    questionnaire: str,
    version: int,
    drivers: Mapping[str, str],
    outcomes: Mapping[str, tuple[int, int]],
    constants: Mapping[str, str] | None = None,
    statements: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield one mapping per response in the columns of the survey import.

    drivers: answer column of the world (`q_<touchpoint>`) → item id; outcomes: item id → (lowest, highest);
    constants: item id → the answer every customer gives (a screening item, say); statements: fact_… and
    mentions_… columns of the world → item id answered yes, no or unsure. Contacts and devices are plain
    (invented) numbers: the import hashes them.
    """
    place = {column: i for i, column in enumerate(world.columns())}
    table = {name: _plain(values) for name, values in world.responses.items()}
    for row in range(len(table["response_id"])):
        values: dict[str, Any] = {
            "response_id": table["response_id"][row],
            "dealer": table["dealer_id"][row],
            "questionnaire": questionnaire,
            "version": version,
            "event_id": table["event_id"][row],
            "event_at": table["event_at"][row],
            "invited_at": table["invited_at"][row],
            "submitted_at": table["submitted_at"][row],
            "channel": "" if table["channel"][row] == "qr_code" else table["channel"][row],
            "contact": str(table["contact"][row]),
            "device": f"device-{table['device'][row]}",
            "adviser": table["adviser_hash"][row],
            "job_type": table["job_type"][row],
            "vehicle_class": table["vehicle_class"][row],
            "comment": table["text"][row],
        }
        for column, item in drivers.items():
            mark = world.answers[row, place[column]]
            values[item] = "" if math.isnan(mark) else int(mark)
        share = min(1.0, max(0.0, (world.overall[row] - LOW) / (HIGH - LOW)))
        for item, (low, high) in outcomes.items():
            values[item] = low + round(share * (high - low))
        for column, item in (statements or {}).items():
            said = table[column][row]
            values[item] = "unsure" if math.isnan(said) else "yes" if said else "no"
        values.update(constants or {})
        yield values


def _plain(values: Any) -> list[Any]:
    """Return Python values; times as ISO 8601."""
    column = np.asarray(values)
    return column.astype(str).tolist() if column.dtype.kind == "M" else column.tolist()
