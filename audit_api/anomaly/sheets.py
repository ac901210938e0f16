"""What every indicator on marks asks of a response: how many items, how high, lowest and highest mark.

Computed once for a screening, a part of the rows at a time: a matrix of a million sheets is never copied whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_api.anomaly.batch import Inputs, kept
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


@kept
def sheets(inputs: Inputs) -> Sheets:
    """Return the sums of all responses; they are kept with the inputs."""
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


@kept
def marks_by_dealer(inputs: Inputs) -> tuple[Integers, Floats]:
    """Return dealers × items: how often each item was marked, and the sum of its marks."""
    dealer, count, items = inputs.responses.dealer, len(inputs.dealers), len(inputs.drivers())
    number, total = np.zeros((count, items), dtype=np.int64), np.zeros((count, items))
    for start in range(0, len(dealer), PART):
        part = slice(start, start + PART)
        for i, column in enumerate(inputs.scaled(part).T):
            have = ~np.isnan(column)
            number[:, i] += np.bincount(dealer[part][have], minlength=count)
            total[:, i] += np.bincount(dealer[part][have], column[have], minlength=count)
    return number, total
