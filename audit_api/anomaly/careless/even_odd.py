"""Agreement between the two halves of each group of items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from audit_api.anomaly.careless.matrix import as_matrix, blocks, row_correlation, row_mean
from audit_api.anomaly.parse import Floats


def even_odd(answers: ArrayLike, factors: Sequence[int]) -> Floats:
    """Return the even-odd inconsistency of each respondent: −1 consistent, +1 contradicting oneself.

    Formula: within each factor (the next `factors[k]` columns) the means of the items at even and at odd positions,
    missing ones left out; r = Pearson's correlation of the two means over the factors; the value is −max(−1,
    2r/(1 + r)), Spearman-Brown with the sign changed so that higher is more careless. NaN where a half is constant
    over the factors or fewer than two factors have both halves.
    Shapes: answers (rows, items) → (rows,); columns beyond the factors are not read. Unit: none.
    Raises ValueError for fewer than two factors, an empty one, or more items in them than columns.
    Source: `evenodd` of the R package `careless` since 1.2.0 (Yentes & Wilhelm).
    """
    matrix = as_matrix(answers)
    if len(factors) < 2 or min(factors) < 1:
        raise ValueError("even-odd needs at least two factors with at least one item each")
    if sum(factors) > matrix.shape[1]:
        raise ValueError(f"the factors have {sum(factors)} items, the answers only {matrix.shape[1]}")
    ends = np.cumsum(factors)
    result = np.empty(len(matrix))
    for part in blocks(*matrix.shape):
        block = matrix[part]
        halves = [
            np.stack([row_mean(block[:, start:end:2]) for start, end in zip(ends - factors + first, ends, strict=True)])
            for first in (0, 1)
        ]
        r = row_correlation(halves[0].T, halves[1].T)
        with np.errstate(divide="ignore"):  # r = −1 has the limit −∞, floored below
            brown = 2 * r / (1 + r)
        result[part] = 0.0 - np.where(brown < -1, -1.0, brown)
    return result
