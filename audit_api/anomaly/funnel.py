"""A funnel for outlets: limits that widen with few answers and never close beyond what honest outlets differ by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import norm, t

from audit_api.anomaly.parse import Floats

LIMITS = (0.90, 0.95, 0.998)
"""The control limits drawn: the shares of honest outlets between them."""

WINSOR = 0.10
"""Share of honest outlets at each end whose distance counts no further than that end."""

FEWEST = 5
"""Outlets a funnel needs: with fewer, their spread says next to nothing about the next one."""

LEAST_FREEDOM = 3.0
"""Least degrees of freedom: below, Satterthwaite's approximation says more about itself than about the outlet."""

HIGHEST_Z = 12.0


@dataclass(frozen=True, slots=True)
class Funnel:
    """Hold what was learnt from the outlets fitted.

    centre, centre_variance: their common level and that estimate's variance. between_variance: τ², what outlets
    differ by beyond sampling, never below the floor asked for. between_error: the variance of that estimate.
    outlets: how many were fitted. Units: the levels' own, squared and to the fourth.
    """

    centre: float
    centre_variance: float
    between_variance: float
    between_error: float
    outlets: int

    def spread(self, sampling_variance: ArrayLike) -> tuple[Floats, Floats]:
        """Return (standard deviation, degrees of freedom) of a new honest outlet's level about the centre.

        Formula: √(s² + τ² + var(centre)), and Satterthwaite's 2(s² + τ²)²/var(τ²): the less of the spread is
        sampling, the more it hangs on the outlets that τ² was learnt from. Shapes: (outlets,) → two like it.
        """
        total = np.asarray(sampling_variance, dtype=np.float64) + self.between_variance
        freedom = 2.0 * total**2 / max(self.between_error, 1e-300)
        return np.sqrt(total + self.centre_variance), np.maximum(freedom, LEAST_FREEDOM)

    def limits(self, sampling_variance: ArrayLike, coverage: float = LIMITS[0]) -> tuple[Floats, Floats]:
        """Return (lower, upper): where a new honest outlet's level falls with probability `coverage`.

        Formula: centre ± t quantile · standard deviation, both from `spread`. Shapes: (outlets,) → two like it.
        Raises ValueError unless 0 < coverage < 1.
        """
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must lie between 0 and 1, not {coverage}")
        deviation, freedom = self.spread(sampling_variance)
        half = t.ppf(0.5 + coverage / 2, freedom) * deviation
        return self.centre - half, self.centre + half

    def z(self, level: ArrayLike, sampling_variance: ArrayLike) -> Floats:
        """Return each outlet's normal score: the t probability of its level, read on the normal scale.

        |z| > 1.645 is outside the 90 % limits, and so on. An outlet that was fitted itself pulls the centre and τ²
        its way, by at most the winsorised end in k. NaN where the level is; clipped at ±12. Shapes: (outlets,).
        """
        deviation, freedom = self.spread(sampling_variance)
        apart = np.asarray(level, dtype=np.float64) - self.centre
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.where(apart == 0, 0.0, apart / deviation)
        # Each side reads its own tail: 1 − p would lose everything below 1e-16.
        size = norm.isf(np.maximum(t.sf(np.abs(distance), freedom), 1e-300))
        result: Floats = np.clip(np.sign(distance) * size, -HIGHEST_Z, HIGHEST_Z)
        return result


def fit_funnel(level: ArrayLike, sampling_variance: ArrayLike, *, floor: float = 0.0, winsor: float = WINSOR) -> Funnel:
    """Return the funnel of outlets with levels y and sampling variances s².

    Formula, both solved together, with z = (y − μ)/√(s² + τ²) and c the normal quantile of 1 − winsor: μ from
    Σ clip(z, ±c)/√(s² + τ²) = 0, and τ² from mean min(z², c²) = (k − 1)/k of what a normal z has there, k outlets.
    An outlet beyond an end thus counts as if it stood at the end, and τ² keeps its true size for honest outlets
    (winsorising alone would shrink it). The variances of μ and τ² are those of M-estimates (delta method).
    Additive, not multiplicative: an outlet with many answers is not held to less than honest outlets differ by.

    Shapes: two vectors (outlets,); outlets with a NaN in either are left out. `floor`: least τ², in squared units of
    the level; give one wherever outlets with many answers are judged. Raises ValueError for fewer than five outlets,
    unlike shapes, infinities, a negative variance or floor, or winsor outside 0..0.25.
    Source: additive random effects for over-dispersed funnels (Spiegelhalter 2005, as summarised in
    docs/detection.md).
    """
    if not (np.isfinite(floor) and floor >= 0 and 0 <= winsor <= 0.25):
        raise ValueError("the floor must not be negative, and winsor must lie within 0 and 0.25")
    y, variance = _usable(level, sampling_variance)
    law = _Winsorised.at(winsor)
    count = len(y)
    target = law.square * (count - 1) / count
    # Equal levels without sampling error have no scale of their own: a crumb keeps the division possible.
    crumb = max(1e-12 * float(np.ptp(y)) ** 2, 1e-100)
    low, high = max(floor, crumb), max(4 * float(np.ptp(y)) ** 2, 2 * floor, 2 * crumb)

    def excess(between: float) -> float:
        centre = _centre(y, variance + between, law.end)
        z = (y - centre) / np.sqrt(variance + between)
        return float(np.mean(np.minimum(z**2, law.end**2))) - target

    between = low if excess(low) <= 0 else float(brentq(excess, low, high, xtol=1e-300, rtol=1e-10))
    precision = 1.0 / (variance + between)
    sway = (law.fourth - law.square**2) / (law.slope * float(np.mean(precision))) ** 2
    return Funnel(
        centre=_centre(y, variance + between, law.end),
        centre_variance=law.square / law.inside**2 / float(np.sum(precision)),
        between_variance=floor if between <= crumb else between,
        between_error=sway / (count - 1),
        outlets=count,
    )


@dataclass(frozen=True, slots=True)
class _Winsorised:
    """Hold what a normal z has when cut at ±end: E min(z², e²), E min(z⁴, e⁴), P(|z| < e) and E z² inside."""

    end: float
    square: float
    fourth: float
    inside: float
    slope: float

    @classmethod
    def at(cls, winsor: float) -> _Winsorised:
        end = float(norm.isf(winsor)) if winsor > 0 else 40.0  # beyond any double's normal tail
        inside, edge = 1 - 2 * winsor, 2 * end * float(norm.pdf(end))
        slope = inside - edge
        return cls(
            end=end,
            square=slope + end**2 * 2 * winsor,
            fourth=3 * inside - edge * (end**2 + 3) + end**4 * 2 * winsor,
            inside=inside,
            slope=slope,
        )


def _usable(level: ArrayLike, sampling_variance: ArrayLike) -> tuple[Floats, Floats]:
    y, variance = np.asarray(level, dtype=np.float64), np.asarray(sampling_variance, dtype=np.float64)
    if y.ndim != 1 or y.shape != variance.shape:
        raise ValueError(f"levels and variances must be two vectors of one length, not {y.shape} and {variance.shape}")
    if np.isinf(y).any() or np.isinf(variance).any() or (variance < 0).any():
        raise ValueError("levels must be finite, sampling variances finite and not negative")
    seen = ~(np.isnan(y) | np.isnan(variance))
    if seen.sum() < FEWEST:
        raise ValueError(f"a funnel needs at least {FEWEST} outlets, not {int(seen.sum())}")
    return y[seen], variance[seen]


def _centre(y: Floats, total: Floats, end: float) -> float:
    """Return μ with Σ clip((y − μ)/√total, ±end)/√total = 0: the sum is a falling line with a bend per outlet end."""
    deviation = np.sqrt(total)
    bend = np.concatenate([y - end * deviation, y + end * deviation])
    order = np.argsort(bend, kind="stable")
    bend = bend[order]
    slope = np.cumsum(np.concatenate([-1 / total, 1 / total])[order])
    highest = end * float(np.sum(1 / deviation))
    value = highest + np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(bend))])
    # Where as many pull up as down and none stands between, the line lies flat on 0: the middle of that stretch.
    crumb = 1e-12 * highest
    left, right = int(np.argmax(value <= crumb)), len(value) - 1 - int(np.argmax(value[::-1] >= -crumb))
    share = 0.5 if left <= right else float(value[right] / (value[right] - value[left]))
    return float(np.clip(bend[right] + share * (bend[left] - bend[right]), y.min(), y.max()))
