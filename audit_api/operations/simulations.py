"""Try a policy of screening on invented networks whose truth is known, before it goes live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from audit_api.anomaly import batch
from audit_api.anomaly.batch import Column, Inputs
from audit_api.anomaly.grades import Parameters
from audit_api.anomaly.parse import Integers
from audit_api.anomaly.screening import screen
from audit_api.simulator.folder import hashed
from audit_api.simulator.power import Judgement, Study, Tallies, power_study
from audit_api.simulator.world import World

OUTCOMES: Mapping[str, tuple[float, float] | None] = {"q_overall": None, "q_recommend": (0.0, 10.0)}
UNKNOWN: Mapping[str, Any] = {"Texts": "", "Floats": np.nan, "Moments": np.datetime64("NaT", "s")}
DTYPES: Mapping[str, Any] = {
    "Texts": object, "Floats": np.float64, "Moments": np.dtype("datetime64[s]"), "Integers": np.int64
}  # fmt: skip
CANONICAL = {
    "Responses": ("response_id",),
    "Audits": ("dealer", "visit", "kind", "touchpoint", "criterion"),
    "Events": ("dealer", "event_id"),
    "Staff": ("dealer", "contact_hash"),
}
"""How the rows of each table of a screening are sorted."""

Columns = dict[str, Any]


def try_policy(study: Study, parameters: Parameters, progress: Callable[[str], None] = lambda line: None) -> Tallies:
    """Screen the study's networks with these parameters and count what became of whom; reproducible by its seed.

    Every wave is an action run: its events do not overlap with another wave's.
    """
    used = replace(parameters, action=True, ensemble=False)

    def judge(world: World) -> dict[str, Judgement]:
        return {
            dealer.dealer_id: Judgement(dealer.grade, dealer.responses)
            for dealer in screen(inputs_of(world), used, dossiers=False).dealers
        }

    return power_study(study, judge, progress)


def inputs_of(world: World) -> Inputs:
    """Return what a screening reads from the world's folder, straight from the columns: nothing is parsed."""
    responses = _arrays(world.responses)
    columns = _columns(world)
    place = {name: i for i, name in enumerate(world.columns())}
    responses["answers"] = np.column_stack(
        [world.answers[:, place[c.name]] if c.name in place else responses[c.name] for c in columns]
    )
    facts = sorted(name.removeprefix("fact_") for name in responses if name.startswith("fact_"))
    responses["facts"] = np.column_stack(
        [np.empty((len(world.answers), 0)), *(responses[f"fact_{fact}"].astype(np.float64) for fact in facts)]
    )
    dealers = _arrays(world.dealers)
    order = np.argsort(dealers["dealer_id"].astype(str), kind="stable")
    dealers = {name: values[order] for name, values in dealers.items()} | {"code": dealers["dealer_id"][order]}
    position = {code: i for i, code in enumerate(dealers["code"])}
    return Inputs(
        dealers=_table(batch.Dealers, dealers),
        responses=_table(batch.Responses, _placed(responses, position)),
        audits=_table(batch.Audits, _placed(_arrays(world.audits), position)),
        columns=columns,
        fact_touchpoints=tuple(facts),
        events=_table(batch.Events, _placed(_arrays(world.events), position)) if world.events else batch.Events.none(),
        staff=_table(batch.Staff, _placed(_arrays(world.staff), position)) if world.staff else batch.Staff.none(),
    )


def _columns(world: World) -> tuple[Column, ...]:
    usual = (1.0, float(world.spec.levels))
    rated: dict[str, tuple[float, float]] = dict.fromkeys(world.columns(), usual)
    outcomes = {name: ends or usual for name, ends in OUTCOMES.items() if name in world.responses}
    return tuple(
        Column(name, name[2:].split("__")[0], low, high, is_outcome=name in outcomes)
        for name, (low, high) in sorted((rated | outcomes).items())
    )


def _arrays(table: Mapping[str, Any]) -> Columns:
    return {name: np.asarray(values) for name, values in hashed(table).items()}


def _placed(table: Columns, position: Mapping[str, int]) -> Columns:
    """Add the position of each row's dealer."""
    owner = table.get("dealer_id", np.empty(0, dtype=object))
    return table | {"dealer": np.fromiter((position[code] for code in owner), np.int64, len(owner))}


def _table(kind: Any, table: Columns) -> Any:
    """Build one table of a screening: columns that are missing are unknown, rows come in canonical order."""
    rows = len(table["dealer"]) if "dealer" in table else len(table["code"])
    values: Columns = {}
    for field in fields(kind):
        column = table.get(field.name)
        kept = column is not None and len(column) == rows
        values[field.name] = (
            np.asarray(column).astype(DTYPES[str(field.type)])
            if kept
            else np.full(rows, UNKNOWN.get(str(field.type), 0), dtype=DTYPES[str(field.type)])
        )
    order = _order([values[name] for name in CANONICAL.get(kind.__name__, ())])
    if order is not None:
        values = {name: column[order] for name, column in values.items()}
    return kind(**values)


def _order(keys: list[Any]) -> Integers | None:
    """Return the sorting order of rows by keys, the first the most important; None where they are in order."""
    if not keys or not len(keys[0]):
        return None
    ranks: list[Any] = [
        np.unique(key.astype(str), return_inverse=True)[1] if key.dtype == object else key for key in keys
    ]
    order = np.lexsort(ranks[::-1])
    return None if np.array_equal(order, np.arange(len(order))) else order.astype(np.int64)
