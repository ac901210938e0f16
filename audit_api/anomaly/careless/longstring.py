"""Runs of one and the same answer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from audit_api.anomaly.careless.matrix import as_matrix, blocks
from audit_api.anomaly.parse import Floats, Integers


@dataclass(frozen=True, slots=True)
class Strings:
    """Hold, for each respondent, the longest run of equal answers and the mean length of runs (unit: items)."""

    longest: Integers
    average: Floats


def longstring(answers: ArrayLike) -> Strings:
    """Return the longest and the average run of equal neighbouring answers of each respondent.

    Formula: the row is cut wherever an answer differs from the one before; longest = length of the longest piece,
    average = items / pieces. An answer not given is a run of its own, so it also ends the runs beside it.
    Shapes: answers (rows, items) → two vectors (rows,). Raises ValueError for anything but a matrix with an item.
    Source: `longstring` of the R package `careless` (Yentes & Wilhelm), whose run lengths treat each NA as its own.
    """
    matrix = as_matrix(answers)
    rows, width = matrix.shape
    longest = np.ones(rows, dtype=np.int64)
    runs = np.ones(rows, dtype=np.int64)
    for part in blocks(rows, width):
        items = np.ascontiguousarray(matrix[part].T)
        best, many = longest[part], runs[part]
        run = np.ones(items.shape[1], dtype=np.int64)
        for before, now in itertools.pairwise(items):
            same = now == before  # NaN equals nothing, itself included
            run = run * same + 1
            np.maximum(best, run, out=best)
            many += ~same
    return Strings(longest, width / runs)
