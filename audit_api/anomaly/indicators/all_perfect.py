"""All-perfect excess: more sheets with nothing but full marks than the dealer's own full marks imply.

Formula: a = logit of the share of all-perfect responses; x = logit of that share among all responses of the
network tilted until their top-box share is the dealer's own; r = a − Huber regression of a on x;
z = r/√(c·v + τ²), v the binomial variance of a logit, τ² with a floor; below 50 responses z is read against
honest dealers of that size, drawn from the tilted network. Unit: logit (shown as shares).
Minimum: 10 responses. Source: docs/detection.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.indicator import (
    CONSTANT,
    FEW_PEERS,
    FEW_RESPONSES,
    LEVEL,
    Explanation,
    Indicator,
    IndicatorResult,
    unassessable,
)
from audit_api.anomaly.parse import Floats, Truths
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import huber_fit, scaled_variance

INDICATOR = Indicator(
    code="all_perfect",
    group=LEVEL,
    unit="share",
    min_n=10,
    title_zh="整卷满分偏多",
    title_en="Excess of all-perfect responses",
    formula="z = (logit a − b₀ − b₁·logit a*) / √(c·v + τ²), a* = all-perfect share tilted to the own top-box share",
    source="detection.md",
    sentence_zh=(
        "{n}份答卷中有{observed:.0%}全部打满分；按该店自身满分率，同类店预期为{expected:.0%}（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} responses give full marks throughout; peers with the same share of full marks are "
        "expected at {expected:.0%} (chance of this many: {p})."
    ),
    explanations=(
        Explanation("L13", "分数普遍接近满分，差别本来就小", "A ceiling: marks near the top leave little variety"),
        Explanation("L14", "当地客户习惯整卷打同一分", "Customers here tend to give every item the same mark"),
        Explanation("L01", "服务确实出色，客户整体满意", "A really excellent dealer, pleasing customers throughout"),
    ),
)

FLOOR = 0.10**2
SMALL = (10, 13, 17, 22, 30, 50)
"""Limits of the sizes for which honest dealers are drawn; from 50 responses the normal law holds."""
DRAWS = 1_000
"""Honest dealers per size and level: 24,000 per class of sizes."""
QUANTILES = np.array([0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.9995])
GRID = np.linspace(1e-4, 1 - 1e-4, 4001)
MINIMUM_ANSWERED = 0.5
"""A response counts where at least half of its items are answered."""


def perfect_responses(inputs: Inputs) -> tuple[Truths, Truths, Floats, Floats]:
    """Return per response: counted, all-perfect, number of top marks, number of answers."""
    scaled = inputs.scaled()
    have = ~np.isnan(scaled)
    top = have & (scaled >= 1.0)
    answered, tops = have.sum(axis=1).astype(np.float64), top.sum(axis=1).astype(np.float64)
    counted = (answered > 0) & (answered >= MINIMUM_ANSWERED * scaled.shape[1])
    return counted, counted & (tops == answered), tops, answered


def tilted(share: Floats, own: Floats) -> Floats:
    """Return the all-perfect share of responses tilted to each top-box share in `own`.

    share: top share of every counted response of the network. Weights exp(λ·share) are chosen so that the
    weighted mean is `own`: the mildest change of the network's mixture that explains the dealer's level.
    """
    values, counts = np.unique(np.round(share, 9), return_counts=True)
    grid = np.concatenate([-np.geomspace(400, 0.01, 200), [0.0], np.geomspace(0.01, 400, 200)])
    log_weight = np.log(counts)[None, :] + grid[:, None] * (values - 1.0)[None, :]
    log_weight -= log_weight.max(axis=1, keepdims=True)
    weight = np.exp(log_weight)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ values
    miss = weight @ (values < 1.0).astype(np.float64)
    # Interpolated on logits, where both ends are nearly straight lines.
    x = logit(np.clip(mean, 1e-12, 1 - 1e-12))
    y = logit(np.clip(1 - miss, 1e-12, 1 - 1e-12))
    result: Floats = expit(np.interp(logit(own), x, y))
    return result


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare each dealer's share of all-perfect responses with what its own level implies."""
    count = len(inputs.dealers)
    counted, perfect, tops, answered = perfect_responses(inputs)
    dealer = inputs.responses.dealer[counted]
    n = np.bincount(dealer, minlength=count).astype(np.float64)
    k = np.bincount(dealer, perfect[counted], minlength=count)
    reason = np.full(count, "", dtype=object)
    reason[n < INDICATOR.min_n] = FEW_RESPONSES
    use = reason == ""
    blank = unassessable(count, "")
    trouble = ""
    if use.sum() < peers.design().shape[1] + 5:
        trouble = FEW_PEERS
    elif len(np.unique(tops[counted] / answered[counted])) < 2 or not 0 < k.sum() < n.sum():
        trouble = CONSTANT
    if trouble:
        reason[use] = trouble
        return IndicatorResult(blank.observed, blank.expected, n.astype(np.int64), blank.z, blank.p, reason)
    share = (np.bincount(dealer, tops[counted], minlength=count) + 0.5) / (
        np.bincount(dealer, answered[counted], minlength=count) + 1.0
    )
    a = logit((k + 0.5) / (n + 1.0))
    pool = tops[counted] / answered[counted]
    x = logit(np.clip(tilted(pool, share), 1e-9, 1 - 1e-9))
    design = np.column_stack([peers.design(), x])
    fit = _expect(a, design, n, use)
    expected = design @ fit.beta
    z = np.where(use, (a - expected) / np.sqrt(fit.variance(expected, n)), 0.0)
    honest = Honest.of(pool, float(np.mean(answered[counted])), fit, np.random.default_rng([seed, 7]))
    z = honest.correct(z, n, share, use)
    return IndicatorResult(
        observed=np.where(use, k / np.maximum(n, 1), np.nan),
        expected=np.where(use, expit(expected), np.nan),
        n=n.astype(np.int64),
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """Hold the regression (strata, then slope) and the two parts of its variance."""

    beta: Floats
    c: float
    tau: float

    def variance(self, expected: Floats, n: Floats) -> Floats:
        """Return the variance of a logit share around its expectation."""
        e = np.clip(expit(expected), 0.5 / (n + 1), 1 - 0.5 / (n + 1))
        result: Floats = self.c / ((n + 1) * e * (1 - e)) + self.tau
        return result


def _expect(a: Floats, design: Floats, n: Floats, use: Truths) -> Fit:
    """Alternate between the regression and its variance."""
    start = np.zeros(design.shape[1])
    start[-1] = 1.0
    fit = Fit(start, 1.0, 0.1)
    for _ in range(4):
        expected = design @ fit.beta
        beta = huber_fit(a[use], design[use], fit.variance(expected, n)[use])
        expected = design @ beta
        sampling = Fit(beta, 1.0, 0.0).variance(expected, n)
        fit = Fit(beta, *scaled_variance((a - expected)[use], sampling[use], floor=FLOOR))
    return fit


@dataclass(frozen=True, slots=True)
class Honest:
    """Draw honest dealers with few responses, for whom logits are far from normal.

    A normal law made small honest dealers several times too often improbable. Responses are drawn from the
    network, tilted to levels that dealers have; `values`/`counts` are its distinct top shares.
    """

    values: Floats
    counts: Floats
    curve: Floats
    items: float
    fit: Fit
    rng: np.random.Generator

    @staticmethod
    def of(pool: Floats, items: float, fit: Fit, rng: np.random.Generator) -> Honest:
        """Prepare the network's mixture of responses; items = answers per response."""
        values, counts = np.unique(np.round(pool, 9), return_counts=True)
        return Honest(values, counts.astype(np.float64), tilted(pool, GRID), items, fit, rng)

    def correct(self, z: Floats, n: Floats, share: Floats, use: Truths) -> Floats:
        """Replace z of dealers below 50 responses by its normal score among honest dealers of that size."""
        result = z.copy()
        levels = np.quantile(share[use], np.linspace(0.06, 0.94, 8))
        target = np.asarray(norm.ppf(QUANTILES))
        for low, high in pairwise(SMALL):
            members = np.flatnonzero(use & (n >= low) & (n < high))
            if not len(members):
                continue
            sizes = np.unique(np.linspace(low, high - 1, 3).astype(int))
            drawn = np.concatenate([self.draw(int(size), float(level)) for level in levels for size in sizes])
            # Counts are discrete, so quantiles tie: a hair apart they keep the order of interp.
            marks = np.maximum.accumulate(np.quantile(drawn, QUANTILES)) + np.arange(len(QUANTILES)) * 1e-9
            score = np.interp(z[members], marks, target)
            beyond = z[members] > marks[-1]
            score[beyond] = target[-1] * z[members][beyond] / max(float(marks[-1]), float(target[-1]))
            result[members] = score
        return result

    def draw(self, size: int, level: float) -> Floats:
        """Return z of honest dealers with `size` responses at the top-box share `level`."""
        weight = self.counts * np.exp(tilt_rate(self.values, self.counts, level) * (self.values - 1.0))
        limits = np.cumsum(weight / weight.sum())
        picked = np.searchsorted(limits, self.rng.random((DRAWS, size)))
        marks = self.values[np.minimum(picked, len(self.values) - 1)]
        given = size * self.items
        own = (marks.mean(axis=1) * given + 0.5) / (given + 1.0)
        x = logit(np.clip(np.interp(own, GRID, self.curve), 1e-9, 1 - 1e-9))
        centre = self.fit.beta[0] + self.fit.beta[-1] * x
        a = logit(((marks >= 1.0).sum(axis=1) + 0.5) / (size + 1.0))
        between = self.rng.normal(0.0, np.sqrt(self.fit.tau), DRAWS)
        result: Floats = (a + between - centre) / np.sqrt(self.fit.variance(centre, np.full(DRAWS, float(size))))
        return result


def tilt_rate(values: Floats, counts: Floats, level: float) -> float:
    """Return λ such that weights counts·exp(λ·value) have the mean `level`."""
    low, high = -400.0, 400.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        power = middle * values
        weight = counts * np.exp(power - power.max())
        if float(weight @ values) / float(weight.sum()) < level:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the ids of its all-perfect responses (at most 200) and their number."""
    perfect = perfect_responses(inputs)[1]
    found = {}
    for dealer in dealers:
        ids = [str(code) for code in inputs.responses.response_id[perfect & (inputs.responses.dealer == dealer)]]
        found[dealer] = {"responses": ids[:200], "response_count": len(ids)}
    return found
