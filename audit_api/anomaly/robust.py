"""Robust fits that a minority of unusual dealers cannot bend."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audit_api.anomaly.parse import Floats

HUBER = 1.345
MEDIAN_CHI2 = 0.454936423119573
"""Median of a chi-squared law with one degree of freedom."""


def huber_fit(y: Floats, X: Floats, variance: Floats, *, rounds: int = 30) -> Floats:
    """Return coefficients of the Huber regression of y on X, rows weighted by 1/variance."""
    base = 1.0 / variance
    weight: Floats = base.copy()
    beta: Floats = np.zeros(X.shape[1])
    for _ in range(rounds):
        root = np.sqrt(weight)
        new: Floats = np.asarray(np.linalg.lstsq(X * root[:, None], y * root, rcond=None)[0], dtype=np.float64)
        moved = float(np.max(np.abs(new - beta)))
        beta = new
        size = np.abs(y - X @ beta) * np.sqrt(base)
        scale = max(float(np.median(size)) / 0.6744897501960817, 1e-12)
        weight = base * np.minimum(1.0, HUBER * scale / np.maximum(size, 1e-12))
        if moved < 1e-10:
            break
    return beta


def additive_variance(residual: Floats, variance: Floats, *, floor: float, ceiling: float = 100.0) -> float:
    """Return τ² such that residual²/(variance + τ²) has the median of χ²₁; never below `floor`.

    Source: additive random effects for over-dispersed funnels (Spiegelhalter 2005, as summarised in
    docs/detection.md), here by a median so that a minority of unusual dealers cannot inflate it.
    """
    return _solve(lambda t: float(np.median(residual**2 / (variance + t))), floor, ceiling)


def _solve(median: Callable[[float], float], low: float, high: float) -> float:
    if median(low) <= MEDIAN_CHI2:
        return low
    for _ in range(80):
        middle = 0.5 * (low + high)
        if median(middle) > MEDIAN_CHI2:
            low = middle
        else:
            high = middle
    return high
