"""The unexplained top share: what part of the responses would have to be near-perfect beyond the honest law.

Model: a dealer's response scores come from (1 − λ)·F(t) + λ·G. F(t) is the network's law of response scores tilted
by exp(t·score) to a level t; t is normal around the level the audits lead one to expect, with its uncertainty; G is
the same law tilted until 85 % of the responses are perfect. λ̂ maximises the likelihood averaged over t; the
interval holds all λ whose log-likelihood lies within 1.35 of it (90 %). Unit: share of responses.
Minimum: 10 responses and one planned visit. Source: docs/detection.md.

What it does not know: on five levels 60 % of honest responses may be perfect, so an excellent dealer and a bent
survey look alike but for the audits; λ is then weakly identified and the interval wide. It describes, it ranks and
flags nobody, and it must never be used for money.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.levels import Levels
from audit_api.anomaly.parse import Floats, Truths

SHARES = np.linspace(0.0, 0.95, 39)
LEVELS = np.linspace(-3.0, 3.0, 11)
"""Points of the standard normal at which the honest level is averaged."""
BINS = 20
NEAR_PERFECT = 0.85
WITHIN = 1.3527717
"""Half the 90 % point of a chi-squared law with one degree of freedom."""
GRID = np.linspace(-8.0, 12.0, 401)
COMMON_SHARE = 0.01
"""Least share of all sheets that give one score for it to be the one of full marks."""


@dataclass(frozen=True, slots=True)
class TopShare:
    """Hold per dealer λ̂ and its 90 % interval (NaN where not assessable), and twice the log-likelihood ratio."""

    share: Floats
    low: Floats
    high: Floats
    ratio: Floats


def unexplained_top_share(levels: Levels, aside: Truths) -> TopShare:
    """Estimate λ for every dealer with an expected level; the honest law is taken from dealers not set aside."""
    count, use = len(levels.n), levels.use
    blank = np.full(count, np.nan)
    ordinary = ~aside[levels.dealer]
    # Full marks are the highest score many sheets share; a full sheet with an item left out can lie above it.
    value, times = np.unique(np.round(levels.score, 9), return_counts=True)
    top = float(value[times >= max(1.0, COMMON_SHARE * len(levels.score))].max(initial=0.0))
    score = np.minimum(levels.score, top)
    below = score[ordinary & (score < top - 1e-9)]
    if not use.any() or len(below) < 10 * BINS or len(below) == ordinary.sum():
        return TopShare(blank, blank.copy(), blank.copy(), blank.copy())
    limits = np.append(np.unique(np.quantile(below, np.linspace(0.03, 0.97, BINS))), top - 1e-9)
    mean, law = _tilted(score[ordinary], limits)
    spread = np.gradient(mean, GRID)
    level = np.interp(np.where(use, levels.expected, 0.0), mean, GRID)
    width = np.sqrt(np.where(use, levels.unknown, 1.0)) / np.maximum(np.interp(level, GRID, spread), 0.02)
    points = np.clip(level[:, None] + np.minimum(width, 2.0)[:, None] * LEVELS, GRID[0], GRID[-1])
    honest = np.stack([np.interp(points, GRID, law[:, k]) for k in range(law.shape[1])], axis=-1)
    perfect = law[int(np.argmin(np.abs(law[:, -1] - NEAR_PERFECT)))]
    seen = np.zeros((count, law.shape[1]))
    np.add.at(seen, (levels.dealer, np.searchsorted(limits, score)), 1.0)
    prior = np.asarray(norm.pdf(LEVELS))
    prior /= prior.sum()
    found = np.empty((count, len(SHARES)))
    for i, share in enumerate(SHARES):
        said = np.einsum("dk,dtk->dt", seen, np.log((1 - share) * honest + share * perfect))
        most = said.max(axis=1)
        found[:, i] = most + np.log(np.exp(said - most[:, None]) @ prior)
    best = found.argmax(axis=1)
    inside = found >= found.max(axis=1, keepdims=True) - WITHIN
    low, high = inside.argmax(axis=1), len(SHARES) - 1 - inside[:, ::-1].argmax(axis=1)
    return TopShare(
        share=np.where(use, SHARES[best], np.nan),
        low=np.where(use, SHARES[low], np.nan),
        high=np.where(use, SHARES[high], np.nan),
        ratio=np.where(use, 2 * (found.max(axis=1) - found[:, 0]), np.nan),
    )


def _tilted(score: Floats, limits: Floats) -> tuple[Floats, Floats]:
    """Return per tilt of GRID the mean score and the shares of the bins (never quite 0)."""
    value, times = np.unique(np.round(score, 3), return_counts=True)
    power = np.log(times)[None, :] + GRID[:, None] * (value - value.max())[None, :]
    weight = np.exp(power - power.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    place = np.searchsorted(limits, value)
    law = np.column_stack([weight[:, place == k].sum(axis=1) for k in range(len(limits) + 1)])
    law = np.maximum(law, 1e-9)
    return weight @ value, law / law.sum(axis=1, keepdims=True)
