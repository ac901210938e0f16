"""Double visits: two auditors at one dealer within days of each other, and how far they agree item by item."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.agreement import NOMINAL, ORDINAL, alpha_of, coincidences
from audit_api.anomaly.auditors.inputs import Inputs, coded
from audit_api.anomaly.parse import Floats, Integers

DOUBLE_DAYS = 10
"""Planned visits to one dealer lie at least ten days apart: nearer ones, by two auditors, are doubled on purpose."""
FEWEST_UNITS = 5
BOOTSTRAPS = 500
SCALE = "scale5"
"""The kind of item whose marks have an order beyond yes and no."""


def double_visits(inputs: Inputs, days: int = DOUBLE_DAYS) -> Integers:
    """Number pairs of visits to one dealer with one checklist by different auditors; −1 for a visit without."""
    order = np.lexsort([inputs.visits.started_at, inputs.checklist, inputs.dealer])
    unit = np.full(len(order), -1, dtype=np.int64)
    apart = np.timedelta64(days, "D")
    number = 0
    for before, after in itertools.pairwise(order.tolist()):
        same = inputs.dealer[before] == inputs.dealer[after] and inputs.checklist[before] == inputs.checklist[after]
        near = inputs.visits.started_at[after] - inputs.visits.started_at[before] <= apart
        if same and near and inputs.auditor[before] != inputs.auditor[after] and unit[before] < 0:
            unit[[before, after]] = number
            number += 1
    return unit


def agreement(inputs: Inputs, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return per item: checklist, item, metric, units, alpha with a 95 % interval over units drawn again.

    Only items on which five double visits or more have two answers; alpha is None where everybody said the same.
    """
    unit_of = double_visits(inputs)
    answers = inputs.answers
    rows = np.flatnonzero((unit_of[answers.visit] >= 0) & (answers.value != ""))
    names = np.char.add(
        np.char.add(inputs.visits.checklist[answers.visit[rows]].astype(str), "\x1f"), answers.item[rows].astype(str)
    )
    found = []
    for name in np.unique(names):
        mine = rows[names == name]
        mine = mine[~np.isnan(answers.mark[mine])]
        unit = unit_of[answers.visit[mine]]
        if len(mine) < 2 * FEWEST_UNITS:
            continue
        ordered = bool((answers.kind[mine] == SCALE).any())
        value = answers.mark[mine] if ordered else coded(answers.value[mine]).astype(np.float64)
        metric = ORDINAL if ordered else NOMINAL
        each, levels = coincidences(unit, value)
        if len(each) < FEWEST_UNITS:
            continue
        alpha = float(alpha_of(each.sum(0), levels, metric))
        checklist, item = str(name).split("\x1f")
        found.append(
            {
                "checklist": checklist,
                "item": item,
                "metric": metric,
                "units": len(each),
                "alpha": None if np.isnan(alpha) else alpha,
                "interval": _interval(each, levels, metric, rng),
            }
        )
    return found


def _interval(each: Floats, levels: Floats, metric: str, rng: np.random.Generator) -> list[float] | None:
    weight = rng.multinomial(len(each), np.full(len(each), 1 / len(each)), BOOTSTRAPS).astype(np.float64)
    drawn = alpha_of(np.tensordot(weight, each, 1), levels, metric)
    known = drawn[~np.isnan(drawn)]
    return [float(x) for x in np.quantile(known, [0.025, 0.975])] if len(known) >= BOOTSTRAPS // 2 else None
