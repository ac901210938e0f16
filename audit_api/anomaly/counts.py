"""How often something happens at a dealer, against what is usual among its peers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, logit
from scipy.stats import norm

from audit_api.anomaly.indicator import FEW_PEERS, IndicatorResult
from audit_api.anomaly.laws import CountLaw, beta_binomial, scores_of
from audit_api.anomaly.parse import Floats, Integers, Texts, Truths
from audit_api.anomaly.peers import Peers

FLOOR = 0.01
"""Least intra-class correlation: honest dealers differ for reasons nobody measures."""
CEILING = 0.6
MOST_TRIALS = 300
"""A table holds at most this many trials: with FLOOR, more of them add next to nothing."""
UNUSUAL = 2.5
START_RHO, START_UNUSUAL = 0.05, 2.0
ROUNDS = 5
MINIMUM_DEALERS = 5


@dataclass(frozen=True, slots=True)
class CountFit:
    """Hold per dealer: count k of n trials, expected share, normal score z of the count; rho for all, and the law."""

    k: Integers
    n: Integers
    mean: Floats
    rho: float
    z: Floats
    law: CountLaw


def fit_counts(
    k: Integers, n: Integers, peers: Peers, use: Truths, *, offset: Floats | None = None, least: float = 1e-6
) -> CountFit:
    """Fit beta-binomial counts: logit mean = offset + a constant per stratum, one intra-class correlation.

    Dealers whose count lies above 2.5 normal scores leave the fit round by round, and those that `peers` sets aside
    never enter it: a gamed minority must not become its own standard. `least` is a floor under the mean.
    z is the normal score of the mid-p; 0 where not `use`. Source: docs/detection.md ("counts: beta-binomial,
    over-dispersion estimated on the central dealers", with a floor).
    """
    base = np.zeros(len(k)) if offset is None else np.clip(offset, -12.0, 12.0)
    shrink = np.minimum(1.0, MOST_TRIALS / np.maximum(n, 1))
    trials = np.where(use, np.round(n * shrink), 0).astype(np.int64)
    hits = np.minimum(np.where(use, np.round(k * shrink), 0).astype(np.int64), trials)
    # A small count must not be rounded away.
    hits = np.where(use & (k > 0) & (trials > 0), np.maximum(hits, 1), hits)
    able = use & (trials > 0)
    fitted = able & ~peers.aside()
    rho, kept = START_RHO, fitted.copy()
    for step in range(ROUNDS):
        mean = _means(hits, trials, base, peers, kept, rho)
        # The first round cannot know the spread: who is gamed would enter it.
        rho = _spread(hits, trials, mean, kept) if step else START_RHO
        mean = np.maximum(mean, least)  # not before: zeros under a raised mean would pass for spread
        z = np.where(able, scores_of(hits, trials, mean, np.full(len(k), rho)), 0.0)
        before, kept = kept, fitted & (z <= (UNUSUAL if step else START_UNUSUAL))
        if step and np.array_equal(before, kept):
            break
    law = beta_binomial(trials, mean, np.full(len(k), rho))
    z = np.where(able, law.scores(np.arange(len(k)), hits), 0.0)
    return CountFit(k=k, n=n, mean=mean, rho=rho, z=z, law=law)


def _means(  # noqa: PLR0917 - counts, their model, and who is in the fit
    k: Integers, n: Integers, base: Floats, peers: Peers, kept: Truths, rho: float
) -> Floats:
    """Return the expected share per dealer; a stratum of its own is drawn towards the network."""
    weight = np.where(kept, 1.0 / (1.0 + (n - 1) * rho), 0.0)
    whole = _constant(k, n, base, weight, prior=None)
    shift = np.full(len(k), whole)
    for number in np.unique(peers.group):
        if number:
            mine = peers.group == number
            shift[mine] = _constant(k, n, base, np.where(mine, weight, 0.0), prior=expit(base + whole))
    result: Floats = np.clip(expit(base + shift), 1e-6, 1 - 1e-6)
    return result


def _constant(k: Integers, n: Integers, base: Floats, weight: Floats, prior: Floats | None) -> float:
    """Solve for the constant that makes expected equal observed counts, with a pseudo-count of one half a count."""
    mine = weight > 0
    have, wanted = float(np.sum(weight * k)), base[mine]
    trials = (weight * n)[mine]
    if not mine.any() or trials.sum() <= 0:
        return 0.0
    usual = 0.5 if prior is None else float(np.sum(trials * prior[mine]) / trials.sum())
    extra = 1.0 if prior is None else 5.0
    # Newton's steps, halving the interval instead where one would leave it.
    weighed = trials + extra / len(trials)
    low, high, middle = -25.0, 25.0, 0.0
    for _ in range(50):
        shares = expit(wanted + middle)
        short = have + extra * usual - float(np.sum(weighed * shares))
        low, high = (middle, high) if short > 0 else (low, middle)
        slope = float(np.sum(weighed * shares * (1 - shares)))
        step = short / slope if slope > 0 else np.inf
        before, middle = middle, middle + step if low < middle + step < high else 0.5 * (low + high)
        if abs(middle - before) < 1e-12:
            break
    return middle


def _spread(k: Integers, n: Integers, mean: Floats, kept: Truths) -> float:
    """Return the most likely intra-class correlation of the kept dealers, never below the floor.

    ln(rho/floor) is taken off the log likelihood: nothing but zeros under a mean that only a pseudo-count keeps
    above 0 would pass for spread.
    """
    k, n, mean = k[kept], n[kept], mean[kept]
    grid = np.concatenate([[FLOOR], np.geomspace(FLOOR * 1.2, CEILING, 24)])
    if not len(k):
        return FLOOR
    return float(grid[int(np.argmax(_log_likelihood(k, n, mean, grid) - np.log(grid / FLOOR)))])


def _log_likelihood(k: Integers, n: Integers, mean: Floats, rho: Floats) -> Floats:
    """Return the log likelihood of the counts for each intra-class correlation."""
    total = ((1 - rho) / rho)[:, None]
    a, b = mean * total, (1 - mean) * total
    # Γ(x + k)/Γ(x) is 1 without a hit: most dealers' counts cost nothing.
    hit, missed = k > 0, n > k
    found = -np.sum(gammaln(n + total) - gammaln(total), axis=1)
    found += np.sum(gammaln(k[hit] + a[:, hit]) - gammaln(a[:, hit]), axis=1)
    found += np.sum(gammaln((n - k)[missed] + b[:, missed]) - gammaln(b[:, missed]), axis=1)
    return np.asarray(found, dtype=np.float64)


def count_result(fit: CountFit, reason: Texts) -> IndicatorResult:
    """Give a count as an indicator's result: observed and expected shares."""
    use = reason == ""
    return IndicatorResult(
        observed=np.where(use, fit.k / np.maximum(fit.n, 1), np.nan),
        expected=np.where(use, fit.mean, np.nan),
        n=fit.n.astype(np.int64),
        z=np.where(use, fit.z, 0.0),
        p=np.where(use, norm.sf(fit.z), np.nan),
        reason=reason,
        law=fit.law,
    )


def share_offset(share: Floats) -> Floats:
    """Turn an expected share into the offset of a fit."""
    result: Floats = np.asarray(logit(np.clip(share, 1e-5, 1 - 1e-5)))
    return result


def reasons(count: int, checks: tuple[tuple[Truths, str], ...]) -> Texts:
    """Say of every dealer why nothing can be said: the last check that applies; then whether peers are enough."""
    reason = np.full(count, "", dtype=object)
    for applies, word in checks:
        reason[applies] = word
    use = reason == ""
    if use.sum() < MINIMUM_DEALERS:
        reason[use] = FEW_PEERS
    return reason
