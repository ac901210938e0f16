"""The beta-binomial law of a count, tabulated for many dealers at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtri

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
    start, mass = _masses(size, mean, rho, size)
    cumulative = np.clip(_running(mass, start), 0.0, 1.0)
    # The upper tail is summed from its own end: 1 - cumulative would lose everything below 1e-16.
    end = start + size
    backward = _running(mass[::-1], (len(mass) - 1 - end)[::-1])[::-1]
    upper = np.maximum(np.append(backward[1:], 0.0), 0.0)
    upper[end] = 0.0
    score = np.clip(-ndtri(np.clip(upper + 0.5 * mass, 1e-300, 1.0)), LOWEST_Z, HIGHEST_Z)
    return CountLaw(size=size, start=start, cumulative=cumulative, score=score)


def scores_of(count: Integers, size: Integers, mean: Floats, rho: Floats) -> Floats:
    """Return the normal score of one count each, without a table: 1 less the lower tail, so exact to 1e-16 only."""
    start, mass = _masses(size, mean, rho, count)
    upper = 1.0 - np.add.reduceat(mass, start) + 0.5 * mass[start + count]
    result: Floats = np.clip(-ndtri(np.clip(upper, 1e-300, 1.0)), LOWEST_Z, HIGHEST_Z)
    return result


def _masses(size: Integers, mean: Floats, rho: Floats, last: Integers) -> tuple[Integers, Floats]:
    """Return where each law begins, and the probabilities of 0..last of each."""
    mean = np.clip(mean, 1e-6, 1 - 1e-6)
    total = (1 - rho) / rho
    a, b = mean * total, (1 - mean) * total
    start = np.concatenate([[0], np.cumsum(last + 1)[:-1]]).astype(np.int64)
    length = last + 1
    k = np.arange(int(length.sum())) - np.repeat(start, length)
    left = np.repeat(size + 1, length) - k
    # P(K = k)/P(K = k − 1) is a plain ratio: one logarithm a count instead of nine gamma functions.
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.log(left * (np.repeat(a - 1, length) + k) / (k * (np.repeat(b - 1, length) + left)))
    step[start] = gammaln(size + b) - gammaln(b) + gammaln(a + b) - gammaln(size + a + b)
    return start, np.exp(_running(step, start))


def _running(values: Floats, start: Integers) -> Floats:
    """Return running sums that begin anew at each `start`."""
    first = values.copy()
    # Each table but the first begins by taking off the sum of the one before it.
    whole = np.add.reduceat(values, start)
    first[start[1:]] -= whole[:-1]
    result: Floats = np.cumsum(first)
    return result
