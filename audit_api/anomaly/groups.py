"""Evidence groups: add up what indicators say, and read p from resampled honest dealers.

Each indicator gives a small log-odds (`traces`); a group's statistic is the sum over its indicators, a dealer's
the sum over all. No textbook law is used: honest dealers are drawn with the network's own correlation between
indicators, and with the count laws, sample sizes and missing indicators of dealers of about the same size; p is
the rank among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr

from audit_api.anomaly.indicator import LEVEL, IndicatorResult
from audit_api.anomaly.laws import HIGHEST_Z, LOWEST_Z
from audit_api.anomaly.parse import Floats, Integers
from audit_api.anomaly.traces import log_odds

DEFAULT_WITHIN = 0.4
"""Correlation assumed inside a group where a network is too small to measure it (docs/detection.md)."""
MINIMUM_DEALERS = 60
SIZE_LIMITS = (20, 40, 100)
"""Honest dealers are drawn like those with about as many responses: below 20, 40, 100, and above."""
BODY, THINNEST = 0.95, 0.8
FIRST_LOOK, FIRST_LOOK_P = 8_000, 0.08
"""Dealers whose p, overall and of every group, is above this among so few draws need no more of them."""


def correlation(codes: Sequence[str], group_of: Mapping[str, str], results: Mapping[str, IndicatorResult]) -> Floats:
    """Estimate the correlation between indicators among ordinary dealers (|z| < 2.5), never below 0.

    Rank correlation, turned into that of normal scores; below 60 dealers .4 inside a group and 0 across.
    """
    R = np.eye(len(codes))
    for i, one in enumerate(codes):
        for j in range(i):
            other = codes[j]
            both = results[one].assessable & results[other].assessable
            both &= (np.abs(results[one].z) < 2.5) & (np.abs(results[other].z) < 2.5)
            r = DEFAULT_WITHIN if group_of[one] == group_of[other] else 0.0
            if both.sum() >= MINIMUM_DEALERS:
                x, y = results[one].z[both], results[other].z[both]
                if np.ptp(x) > 0 and np.ptp(y) > 0:
                    r = 2 * np.sin(np.pi / 6 * float(spearmanr(x, y).statistic))
            R[i, j] = R[j, i] = min(max(r, 0.0), 0.95)
    values, vectors = np.linalg.eigh(R)
    R = vectors @ np.diag(np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(R))
    result: Floats = R / np.outer(scale, scale)
    return result


def as_in_the_network(z: Floats, seen: Floats) -> Floats:
    """Give standard normal draws the shape that an indicator has among the dealers of this network.

    An indicator that takes the lesser of two figures, or counts what hardly any dealer has, stays far below a
    normal law; held against that law nobody would ever stand out. Up to the 95 % point the draws follow the
    dealers' own z, beyond it a normal tail of the spread above the median, never less than `THINNEST` nor more than
    1. Dealers that bend their survey can only raise these points, which is to the others' advantage.
    """
    if len(seen) < MINIMUM_DEALERS:
        return z
    body = np.quantile(seen, np.linspace(0.0, BODY, 96))
    edge, limit = float(norm.isf(1 - BODY)), float(body[-1])
    spread = min(1.0, max(THINNEST, (limit - float(np.median(seen))) / edge))
    inside = np.interp(np.asarray(norm.cdf(z)), np.linspace(0.0, BODY, 96), body)
    result: Floats = np.where(z <= edge, inside, limit + spread * (z - edge))
    return result


@dataclass(slots=True)
class Reference:
    """Draw honest dealers on demand, one set per size of dealer; patterns of missing indicators share it."""

    codes: tuple[str, ...]
    group_of: Mapping[str, str]
    results: Mapping[str, IndicatorResult]
    R: Floats
    responses: Integers
    draws: int
    seed: int
    _drawn: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    _made: dict[tuple[int, int, int], HonestDraws] = field(default_factory=dict)

    def size_class(self, dealer: int) -> int:
        """Return which class of sizes a dealer belongs to."""
        return int(np.searchsorted(SIZE_LIMITS, self.responses[dealer], side="right"))

    def judge(self, mask: tuple[bool, ...], size: int, said: Floats) -> tuple[dict[str, float], float, float]:
        """Return (p per group, p over all, log-odds over all) of one dealer's log-odds of its assessable indicators.

        A first look at few draws settles ordinary dealers; whoever stands out in it is read among all draws.
        """
        first = self.honest(mask, size, FIRST_LOOK).judge(said)
        if min(first[1], *first[0].values()) > FIRST_LOOK_P:
            return first
        return self.honest(mask, size, self.draws).judge(said)

    def honest(self, mask: tuple[bool, ...], size: int, draws: int) -> HonestDraws:
        """Return the first `draws` honest dealers for a pattern of assessable indicators and a size class."""
        key = (sum(1 << i for i, use in enumerate(mask) if use), size, draws)
        if key not in self._made:
            if size not in self._drawn:
                self._drawn[size] = self._draw(size, np.random.default_rng([self.seed, 23, size]))
            chosen = np.flatnonzero(mask)
            self._made[key] = HonestDraws.of(
                self._drawn[size][:draws, chosen], [self.group_of[self.codes[i]] for i in chosen]
            )
        return self._made[key]

    def _draw(self, size: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return draws × indicators log-odds of honest dealers of one size class."""
        z = rng.standard_normal((self.draws, len(self.codes))) @ np.linalg.cholesky(self.R).T
        np.clip(z, LOWEST_Z, HIGHEST_Z, out=z)
        alike = np.searchsorted(SIZE_LIMITS, self.responses, side="right") == size
        said = np.empty(z.shape, dtype=np.float32)
        for i, code in enumerate(self.codes):
            law, able = self.results[code].law, self.results[code].assessable
            dealers = np.flatnonzero(able & alike)
            if law is not None and len(dealers):
                who = dealers[np.arange(self.draws) % len(dealers)]
                z[:, i] = law.draw(who, np.asarray(norm.cdf(z[:, i])))
            elif self.group_of[code] != LEVEL:
                z[:, i] = as_in_the_network(z[:, i], self.results[code].z[able])
            said[:, i] = log_odds(code, z[:, i])
        return said


@dataclass(frozen=True, slots=True)
class HonestDraws:
    """Hold the sorted statistics of honest dealers: one per group, and the sum over groups."""

    groups: tuple[str, ...]
    members: Mapping[str, Integers]
    within: Mapping[str, Floats]
    across: Floats

    @staticmethod
    def of(said: NDArray[np.floating], groups: Sequence[str]) -> HonestDraws:
        """Add up draws × indicators log-odds within their groups, then across, and sort."""
        names = tuple(sorted(set(groups)))
        members = {name: np.flatnonzero([group == name for group in groups]) for name in names}
        within, total = {}, np.zeros(len(said))
        for name in names:
            statistic = said[:, members[name]].sum(axis=1, dtype=np.float64)
            within[name] = np.sort(statistic)
            total += statistic
        return HonestDraws(names, members, within, np.sort(total))

    def judge(self, said: Floats) -> tuple[dict[str, float], float, float]:
        """Return (p per group, p over all groups, log-odds over all groups) of one dealer's log-odds."""
        by_group = {name: _rank_p(self.within[name], float(said[self.members[name]].sum())) for name in self.groups}
        total = float(said.sum())
        return by_group, _rank_p(self.across, total), total


def _rank_p(ordered: Floats, statistic: float) -> float:
    """Return (1 + how many draws reach the statistic) / (1 + draws)."""
    # The draws are kept in single precision: an equal statistic must count as reached.
    reached = len(ordered) - int(np.searchsorted(ordered, statistic - 1e-5, side="left"))
    return min(1.0, (1.0 + reached) / (1.0 + len(ordered)))
