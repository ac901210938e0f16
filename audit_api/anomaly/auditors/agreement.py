"""Krippendorff's alpha: how far several observers agree beyond chance, whatever is missing.

Formula: 1 − D_o/D_e from the matrix of coincidences; the metric is nominal (0 or 1), ordinal (by ranks) or interval
(squared difference). Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011); its worked example is a
test here.
"""

from __future__ import annotations

import numpy as np

from audit_api.anomaly.parse import Floats, Integers

NOMINAL, ORDINAL, INTERVAL = "nominal", "ordinal", "interval"


def krippendorff_alpha(unit: Integers, value: Floats, metric: str) -> float:
    """Return alpha of values (one row per observer and unit, units numbered); NaN where nothing can be compared.

    Units with one value are left out. 1: full agreement, 0: as by chance; NaN also where all values are the same.
    """
    each, levels = coincidences(unit, value)
    return float(alpha_of(each.sum(0), levels, metric)) if len(each) else float("nan")


def coincidences(unit: Integers, value: Floats) -> tuple[Floats, Floats]:
    """Return per unit with two values or more its matrix of coincidences (units, levels, levels), and the levels."""
    many = np.bincount(unit, minlength=int(unit.max(initial=-1)) + 1)
    paired = many[unit] >= 2
    unit, value = unit[paired], value[paired]
    if not len(unit):
        return np.zeros((0, 0, 0)), np.zeros(0)
    levels, code = np.unique(value, return_inverse=True)
    counts = np.zeros((int(unit.max()) + 1, len(levels)))
    np.add.at(counts, (unit, code), 1.0)
    counts = counts[counts.sum(1) >= 2]
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(levels))
    return pairs / (counts.sum(1) - 1.0)[:, None, None], levels


def alpha_of(matrix: Floats, levels: Floats, metric: str) -> Floats:
    """Return alpha of matrices of coincidences (…, levels, levels)."""
    total = matrix.sum(-1)
    n = total.sum(-1)
    delta = _distances(levels, total, metric)
    by_chance = total[..., :, None] * total[..., None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = (by_chance * delta).sum((-2, -1)) / (n - 1)
        return np.where(expected > 0, 1.0 - (matrix * delta).sum((-2, -1)) / expected, np.nan)


def _distances(levels: Floats, total: Floats, metric: str) -> Floats:
    if metric == NOMINAL:
        return 1.0 - np.eye(len(levels))
    # Ranks: the middle of the places a level takes; their differences are Krippendorff's sums.
    scale = np.cumsum(total, -1) - total / 2 if metric == ORDINAL else np.broadcast_to(levels, total.shape)
    result: Floats = (scale[..., :, None] - scale[..., None, :]) ** 2
    return result
