"""The empirical null: what an indicator does among ordinary dealers of this very network."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.indicator import IndicatorResult
from audit_api.anomaly.laws import HIGHEST_Z, LOWEST_Z
from audit_api.anomaly.parse import Truths

MINIMUM_DEALERS = 30
QUARTILES = 1.3489795003921634
"""Distance between the quartiles of a standard normal."""


def empirical_null(result: IndicatorResult, aside: Truths | None = None) -> tuple[float, float]:
    """Return (centre, scale) of the central half of the assessable dealers' z; the scale is never below 1.

    aside: dealers that do not count as ordinary.
    Source: Efron's empirical null, as described in docs/detection.md. Below 30 dealers the null stays (0, 1).
    """
    z = result.z[result.assessable if aside is None else result.assessable & ~aside]
    if len(z) < MINIMUM_DEALERS:
        return 0.0, 1.0
    low, centre, high = np.quantile(z, [0.25, 0.5, 0.75])
    return float(centre), max(1.0, float(high - low) / QUARTILES)


def calibrate(result: IndicatorResult, aside: Truths | None = None) -> tuple[IndicatorResult, tuple[float, float]]:
    """Centre and scale z by the empirical null, clip to [-6, 10], and read one-sided p.

    Not assessable stays z = 0 and p = NaN. A centre below 0 is not moved up: that would make ordinary dealers
    look unusual.
    """
    centre, scale = empirical_null(result, aside)
    known = result.assessable
    z = np.where(known, np.clip((result.z - max(centre, 0.0)) / scale, LOWEST_Z, HIGHEST_Z), 0.0)
    p = np.where(known, norm.sf(z), np.nan)
    return result.with_z(z, np.asarray(p, dtype=np.float64)), (centre, scale)
