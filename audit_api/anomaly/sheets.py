"""What every indicator on marks asks of a response: how many items, how high, lowest and highest mark.

Computed once for a screening, a part of the rows at a time: a matrix of a million sheets is never copied whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.parse import Floats, Integers

PART = 50_000


@dataclass(frozen=True, slots=True)
class Sheets:
    """Hold per response: rated items answered, sum of their marks and of these less their item's mean (0..1 each).

    lowest and highest mark are inf and −inf where nothing was answered; full counts full marks. centre: the mean of
    each item.
    """

    centre: Floats
    answered: Integers
    total: Floats
    beyond: Floats
    lowest: Floats
    highest: Floats
    full: Integers

    def mean(self) -> Floats:
        """Return the mean mark of each response, 0 where nothing was answered."""
        result: Floats = self.total / np.maximum(self.answered, 1)
        return result


def sheets(inputs: Inputs) -> Sheets:
    """Return the sums of all responses; they are kept with the inputs."""
    return inputs.once("sheets", lambda: _sheets(inputs))


def _sheets(inputs: Inputs) -> Sheets:
    rows, items = len(inputs.responses), len(inputs.drivers())
    seen, centre = np.zeros(items, dtype=np.int64), np.zeros(items)
    for start in range(0, rows, PART):
        marks = inputs.scaled(slice(start, start + PART))
        have = ~np.isnan(marks)
        seen += have.sum(axis=0)
        centre += np.where(have, marks, 0.0).sum(axis=0)
    centre /= np.maximum(seen, 1)
    answered, full = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64)
    total, beyond, lowest, highest = (np.zeros(rows) for _ in range(4))
    for start in range(0, rows, PART):
        part = slice(start, start + PART)
        marks = inputs.scaled(part)
        have = ~np.isnan(marks)
        answered[part] = have.sum(axis=1)
        total[part] = np.where(have, marks, 0.0).sum(axis=1)
        beyond[part] = np.where(have, marks - centre, 0.0).sum(axis=1)
        lowest[part] = np.where(have, marks, np.inf).min(axis=1, initial=np.inf)
        highest[part] = np.where(have, marks, -np.inf).max(axis=1, initial=-np.inf)
        full[part] = (have & (marks >= 1.0)).sum(axis=1)
    return Sheets(
        centre=centre, answered=answered, total=total, beyond=beyond, lowest=lowest, highest=highest, full=full
    )
