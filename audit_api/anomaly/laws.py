"""The beta-binomial law of a count, tabulated for many dealers at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln
from scipy.stats import norm

from audit_api.anomaly.parse import Floats, Integers

LOWEST_Z, HIGHEST_Z = -6.0, 10.0


@dataclass(frozen=True, slots=True)
class CountLaw:
    """Hold a beta-binomial table per dealer: counts 0..size with their distribution and normal scores.

    `start[d]` is where dealer d's table begins in the flat arrays. The normal score of a count belongs to its
    mid-p, P(K > k) + P(K = k)/2, so that it is centred for discrete counts too.
    """

    size: Integers
    start: Integers
    cumulative: Floats
    score: Floats

    def scores(self, dealer: Integers, count: Integers) -> Floats:
        """Return the normal score of `count` for each dealer named."""
        result: Floats = self.score[self.start[dealer] + count]
        return result

    def draw(self, dealer: Integers, uniform: Floats) -> Floats:
        """Return normal scores of counts drawn by inversion at `uniform`."""
        keyed = self.cumulative + np.repeat(np.arange(len(self.size)), self.size + 1) * 2.0
        place = np.searchsorted(keyed, uniform + dealer * 2.0, side="left")
        last = self.start[dealer] + self.size[dealer]
        result: Floats = self.score[np.minimum(place, last)]
        return result


def beta_binomial(size: Integers, mean: Floats, rho: Floats) -> CountLaw:
    """Tabulate beta-binomial laws: size trials, success share mean, intra-class correlation rho (> 0)."""
    mean = np.clip(mean, 1e-6, 1 - 1e-6)
    total = (1 - rho) / rho
    a, b = mean * total, (1 - mean) * total
    start = np.concatenate([[0], np.cumsum(size + 1)[:-1]]).astype(np.int64)
    row = np.repeat(np.arange(len(size)), size + 1)
    k = np.arange(len(row)) - start[row]
    n = size[row]
    log_mass = (
        gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        + gammaln(k + a[row]) + gammaln(n - k + b[row]) - gammaln(n + a[row] + b[row])
        + gammaln(a[row] + b[row]) - gammaln(a[row]) - gammaln(b[row])
    )  # fmt: skip
    mass = np.exp(log_mass)
    running = np.cumsum(mass)
    before = running[start] - mass[start]
    cumulative = np.clip(running - before[row], 0.0, 1.0)
    # The upper tail is summed from its own end: 1 - cumulative would lose everything below 1e-16.
    backward = np.cumsum(mass[::-1])[::-1]
    after = np.append(backward, 0.0)[start + size + 1]
    upper = np.where(k == n, 0.0, np.append(backward[1:], 0.0) - after[row])
    upper = np.maximum(upper, 0.0)
    score = np.clip(norm.isf(np.clip(upper + 0.5 * mass, 1e-300, 1.0)), LOWEST_Z, HIGHEST_Z)
    return CountLaw(size=size, start=start, cumulative=cumulative, score=np.asarray(score))
