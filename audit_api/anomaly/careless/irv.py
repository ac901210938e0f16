"""Intra-individual response variability."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from audit_api.anomaly.careless.matrix import as_matrix, blocks, row_deviation
from audit_api.anomaly.parse import Floats


def irv(answers: ArrayLike) -> Floats:
    """Return the standard deviation of each respondent's own answers.

    Formula: √(Σ(x − x̄)² / (n − 1)) over the answers given; NaN under two answers. Unit: scale points.
    Shapes: answers (rows, items) → (rows,). Raises ValueError for anything but a matrix with an item.
    Source: `irv` of the R package `careless` (Yentes & Wilhelm).
    """
    matrix = as_matrix(answers)
    result = np.empty(len(matrix))
    for part in blocks(*matrix.shape):
        result[part] = row_deviation(matrix[part])
    return result


def irv_split(answers: ArrayLike, parts: int) -> Floats:
    """Return the same deviation within each of `parts` stretches of the questionnaire.

    The stretches are equal intervals of the item positions 1..items, closed on the right, as R's `cut` makes them:
    nine items in two parts are items 1–5 and 6–9. NaN where a stretch has under two answers.
    Shapes: answers (rows, items) → (rows, parts). Unit: scale points. Raises ValueError for parts < 2.
    Source: `irv` with `split = TRUE` of the R package `careless` (Yentes & Wilhelm).
    """
    matrix = as_matrix(answers)
    if parts < 2:
        raise ValueError(f"a split needs at least two parts, not {parts}")
    width = matrix.shape[1]
    position = np.arange(1, width + 1, dtype=np.float64)
    inner = 1.0 + np.arange(1, parts) * ((width - 1) / parts)
    stretch = np.searchsorted(inner, position, side="left")
    result = np.full((len(matrix), parts), np.nan)
    for k in range(parts):
        if (stretch == k).any():
            result[:, k] = irv(matrix[:, stretch == k])
    return result
