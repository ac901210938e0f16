"""What the indices share: the matrix as it comes in, blocks of rows, moments over complete pairs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from audit_api.anomaly.parse import Floats

BLOCK_CELLS = 2_000_000
"""Cells worked on at a time: about 16 MB a temporary, whatever the number of respondents."""

ROUNDING = 1e-12
"""A sum of squares below this share of its own terms is a constant seen through rounding."""


def as_matrix(answers: ArrayLike) -> Floats:
    """Return the answers as floats, rows × items; raise ValueError unless there are two dimensions and an item."""
    matrix: Floats = np.asarray(answers, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise ValueError(f"answers must be respondents × items with at least one item, not {matrix.shape}")
    if np.isinf(matrix).any():
        raise ValueError("answers must be finite or NaN (not answered)")
    return matrix


def blocks(rows: int, width: int) -> Iterator[slice]:
    """Yield slices over `rows` rows of `width` temporary cells each, so that memory stays bounded."""
    step = max(1, BLOCK_CELLS // max(1, width))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def row_deviation(matrix: Floats) -> Floats:
    """Return each row's standard deviation over its answers (n − 1 below); NaN under two answers. Shape: (rows,)."""
    seen = ~np.isnan(matrix)
    count = seen.sum(axis=1)
    filled = np.where(seen, matrix, 0.0)
    mean = filled.sum(axis=1) / np.maximum(count, 1)
    apart = np.where(seen, filled - mean[:, None], 0.0)
    square = np.einsum("ij,ij->i", apart, apart)
    result: Floats = np.where(count > 1, np.sqrt(square / np.maximum(count - 1, 1)), np.nan)
    return result


def row_mean(matrix: Floats) -> Floats:
    """Return each row's mean over its answers; NaN where there are none. Shape: (rows,)."""
    seen = ~np.isnan(matrix)
    count = seen.sum(axis=1)
    total = np.where(seen, matrix, 0.0).sum(axis=1)
    result: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return result


def row_correlation(a: Floats, b: Floats) -> Floats:
    """Return Pearson's r between a and b within each row, over pairs where both are present. Shape: (rows,).

    NaN where either side is constant, or fewer than two pairs are left.
    """
    seen = ~(np.isnan(a) | np.isnan(b))
    count = np.maximum(seen.sum(axis=1), 1)
    sides = []
    constant = np.zeros(len(a), dtype=bool)
    for side in (a, b):
        filled = np.where(seen, side, 0.0)
        # Constant is decided on the values themselves: after subtracting a mean it would be a matter of rounding.
        constant |= np.where(seen, side, -np.inf).max(axis=1) <= np.where(seen, side, np.inf).min(axis=1)
        sides.append(np.where(seen, filled - (filled.sum(axis=1) / count)[:, None], 0.0))
    x, y = sides
    across = np.einsum("ij,ij->i", x, y)
    spread = np.sqrt(np.einsum("ij,ij->i", x, x)) * np.sqrt(np.einsum("ij,ij->i", y, y))
    usable = ~constant & (spread > 0)
    result: Floats = np.full(len(a), np.nan)
    result[usable] = np.clip(across[usable] / spread[usable], -1.0, 1.0)
    return result


def pair_moments(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (n, cross, square): moments of each two items over the respondents who answered both.

    Each has shape (items, items). n: respondents. cross[i, j]: Σ(xi − mean)(xj − mean). square[i, j]: Σ(xi − mean)²
    over those who also answered j; exactly 0 where item i is constant among them.
    """
    width = matrix.shape[1]
    # From each item's lowest answer, whole-number scales sum without rounding.
    low = np.fmin.reduce(matrix, axis=0) if len(matrix) else np.zeros(width)
    low = np.where(np.isnan(low), 0.0, low)
    n, total, product, power = (np.zeros((width, width)) for _ in range(4))
    for part in blocks(len(matrix), width):
        seen = (~np.isnan(matrix[part])).astype(np.float64)
        value = np.where(seen > 0, matrix[part] - low, 0.0)
        n += seen.T @ seen
        total += value.T @ seen
        product += value.T @ value
        power += (value**2).T @ seen
    count = np.maximum(n, 1.0)
    cross = product - total * total.T / count
    square = power - total**2 / count
    square[square <= ROUNDING * power] = 0.0
    return n, cross, square
