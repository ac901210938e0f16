"""Compare each auditor with the others: means against a spread of their own, counts against a beta-binomial law."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import betabinom, t

from audit_api.anomaly.auditors.indicator import FEW_AUDITORS, FEW_VISITS, Result
from audit_api.anomaly.parse import Floats, Integers, Texts, Truths

FEWEST_PEERS = 5
CAP = 2.0
CAPPED_MEAN = 0.9205
"""E[min(Z², 4)] of a standard normal Z: a residual counts for at most four, so one odd colleague changes little."""
EFFICIENCY = 0.85
"""Of such a capped variance against the ordinary one, in degrees of freedom."""
SMALLEST_P = 1e-12


def mean_result(
    value: Floats, auditor: Integers, count: int, *, min_n: int, floor: float, few: str = FEW_VISITS
) -> Result:
    """Compare auditors' means of a figure per visit (NaN left out); higher is more unusual.

    Formula: z = (mean − centre)/√(s²/n + τ² + s_c²), centre and τ² (the spread between honest auditors, at least
    floor²) from the *other* auditors with residuals capped at 2, s² the median of the auditors' variances; p from
    Student's t with .85·(peers − 1) degrees of freedom.
    """
    known = ~np.isnan(value)
    who, what = auditor[known], value[known]
    n = np.bincount(who, minlength=count)
    mean = np.bincount(who, what, minlength=count) / np.maximum(n, 1)
    square = np.bincount(who, (what - mean[who]) ** 2, minlength=count) / np.maximum(n - 1, 1)
    enough = n >= min_n
    within = float(np.median(square[enough])) if enough.any() else 0.0
    return estimate_result(mean, within / np.maximum(n, 1), n, enough, floor=floor, few=few)


def estimate_result(
    estimate: Floats, variance: Floats, n: Integers, enough: Truths, *, floor: float, few: str
) -> Result:
    """Compare one estimate per auditor, with its variance, with those of the others; see mean_result."""
    count = len(estimate)
    reason = _reasons(enough, few)
    observed, expected, p = np.full(count, np.nan), np.full(count, np.nan), np.full(count, np.nan)
    for a, peers in _each_with_peers(enough, reason):
        centre, spread, doubt = _centre(estimate[peers], variance[peers], floor)
        z = (estimate[a] - centre) / np.sqrt(variance[a] + spread + doubt)
        observed[a], expected[a] = estimate[a], centre
        p[a] = max(float(t.sf(z, EFFICIENCY * (peers.sum() - 1))), SMALLEST_P)
    return Result(observed, expected, n.astype(np.int64), p, reason)


def _reasons(enough: Truths, few: str) -> Texts:
    reason = np.full(len(enough), "", dtype=object)
    reason[~enough] = few
    return reason


def _each_with_peers(enough: Truths, reason: Texts) -> Iterator[tuple[np.intp, Truths]]:
    """Yield each auditor with enough and the others who have; where these are too few, that is the reason instead."""
    for a in np.flatnonzero(enough):
        peers = enough.copy()
        peers[a] = False
        if peers.sum() < FEWEST_PEERS:
            reason[a] = FEW_AUDITORS
        else:
            yield a, peers


def _centre(estimate: Floats, variance: Floats, floor: float) -> tuple[float, float, float]:
    """Return centre, variance between auditors (≥ floor²) and the centre's own variance."""
    centre, spread = float(np.median(estimate)), floor**2
    for _ in range(20):
        spread = _spread((estimate - centre) ** 2, variance, floor**2)
        total = variance + spread
        size = np.abs(estimate - centre) / np.sqrt(total)
        weight = np.minimum(1.0, 1.345 / np.maximum(size, 1e-12)) / total
        moved, centre = centre, float(np.sum(weight * estimate) / np.sum(weight))
        if abs(moved - centre) < 1e-10:
            break
    return centre, spread, float(1.0 / np.sum(1.0 / (variance + spread)))


def _spread(square: Floats, variance: Floats, low: float) -> float:
    wanted = CAPPED_MEAN * (len(square) - 1)

    def total(spread: float) -> float:
        return float(np.minimum(square / (variance + spread + 1e-300), CAP**2).sum())

    if total(low) <= wanted:
        return low
    high = low + float(square.max()) + 1e-12
    while total(high) > wanted:
        high *= 2
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if total(middle) > wanted else (low, middle)
    return high


def count_result(
    k: Integers, n: Integers, *, min_n: int, floor: float, rho: float, few: str, expected: Floats | None = None
) -> Result:
    """Compare counts k of n per auditor with a beta-binomial law whose mean is the share among the others.

    floor: smallest mean, for what happens to an honest auditor now and then; rho: smallest intra-class correlation,
    honest auditors differ; a larger one seen among the others without their top sixth is used. `expected`: shares
    from elsewhere (by item, say) in place of the others' share.
    """
    count = len(k)
    enough = n >= min_n
    reason = _reasons(enough, few)
    observed, mean, p = np.full(count, np.nan), np.full(count, np.nan), np.full(count, np.nan)
    for a, peers in _each_with_peers(enough, reason):
        share = float(k[peers].sum() / n[peers].sum()) if expected is None else float(expected[a])
        mean[a] = min(max(share, floor), 0.95)
        size = (1.0 - (r := max(rho, _correlation(k[peers], n[peers])))) / r
        p[a] = max(float(betabinom.sf(k[a] - 1, n[a], mean[a] * size, (1 - mean[a]) * size)), SMALLEST_P)
        observed[a] = k[a] / n[a]
    return Result(observed, mean, n.astype(np.int64), p, reason)


def _correlation(k: Integers, n: Integers) -> float:
    """Return the intra-class correlation of counts by moments, without the sixth with the highest shares."""
    kept = np.argsort(k / n, kind="stable")[: len(k) - max(1, len(k) // 6)]
    k, n = k[kept], n[kept]
    share = k.sum() / n.sum()
    if not 0 < share < 1:
        return 0.0
    binomial = float(np.sum(n * share * (1 - share)))
    excess = float(np.sum((k - n * share) ** 2)) - binomial
    return float(np.clip(excess / max(float(np.sum(n * (n - 1) * share * (1 - share))), 1e-12), 0.0, 0.5))
