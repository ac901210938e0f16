"""Evidence groups: combine indicators within and across groups, and read p from resampled honest dealers.

Within a group: Cauchy combination of one-sided p, truncated at .9 (Liu & Xie 2019, as summarised in
docs/detection.md). Across groups: Fisher's sum over the groups that can be assessed. Neither textbook law is
used: honest dealers are drawn with the network's own correlation between indicators and each dealer's own
count laws and missing indicators, and both steps read p by rank among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm, spearmanr

from audit_api.anomaly.indicator import IndicatorResult
from audit_api.anomaly.parse import Floats, Integers

TRUNCATION = 0.9
DEFAULT_WITHIN = 0.4
"""Correlation assumed inside a group where a network is too small to measure it (docs/detection.md)."""
MINIMUM_DEALERS = 60
SIZE_LIMITS = (16, 40)
"""Count laws are drawn from dealers with about as many sheets: below 16, up to 40, above."""


def cauchy(p: Floats) -> Floats:
    """Return the Cauchy statistic of the columns of p, each truncated at .9; higher = more unusual."""
    kept = np.clip(p, 1e-300, TRUNCATION)
    # tan((½ − p)π) = 1/tan(pπ), which keeps its digits for small p.
    result: Floats = np.mean(1.0 / np.tan(kept * np.pi), axis=1)
    return result


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


@dataclass(slots=True)
class Reference:
    """Draw honest dealers on demand, one set per pattern of assessable indicators and size of the count law."""

    codes: tuple[str, ...]
    group_of: Mapping[str, str]
    results: Mapping[str, IndicatorResult]
    R: Floats
    draws: int
    seed: int
    _made: dict[tuple[int, int], HonestDraws] = field(default_factory=dict)

    def size_class(self, dealer: int) -> int:
        """Return which size of count law a dealer belongs to (0 where no indicator counts)."""
        for code in self.codes:
            law = self.results[code].law
            if law is not None:
                return int(np.searchsorted(SIZE_LIMITS, law.size[dealer], side="right"))
        return 0

    def honest(self, mask: tuple[bool, ...], size: int) -> HonestDraws:
        """Return the honest draws for a pattern of assessable indicators and a size class."""
        bits = sum(1 << i for i, use in enumerate(mask) if use)
        key = (bits, size)
        if key not in self._made:
            rng = np.random.default_rng([self.seed, 23, bits, size])
            self._made[key] = self._draw(mask, size, rng)
        return self._made[key]

    def _draw(self, mask: tuple[bool, ...], size: int, rng: np.random.Generator) -> HonestDraws:
        chosen = [i for i, use in enumerate(mask) if use]
        latent = rng.standard_normal((self.draws, len(self.codes))) @ np.linalg.cholesky(self.R).T
        z = latent[:, chosen]
        for column, i in enumerate(chosen):
            law = self.results[self.codes[i]].law
            if law is None:
                continue
            able = self.results[self.codes[i]].assessable
            alike = np.searchsorted(SIZE_LIMITS, law.size, side="right") == size
            dealers = np.flatnonzero(able & alike)
            if not len(dealers):
                dealers = np.flatnonzero(able)
            who = dealers[np.arange(self.draws) % len(dealers)]
            z[:, column] = law.draw(who, np.asarray(norm.cdf(z[:, column])))
        groups = [self.group_of[self.codes[i]] for i in chosen]
        return HonestDraws.of(np.asarray(norm.sf(z)), groups)


@dataclass(frozen=True, slots=True)
class HonestDraws:
    """Hold the sorted statistics of honest dealers: one per group, and the sum over groups."""

    groups: tuple[str, ...]
    members: Mapping[str, Integers]
    within: Mapping[str, Floats]
    across: Floats

    @staticmethod
    def of(p: Floats, groups: Sequence[str]) -> HonestDraws:
        """Rank draws × indicators one-sided p within their groups, then across."""
        names = tuple(sorted(set(groups)))
        members = {name: np.flatnonzero([group == name for group in groups]) for name in names}
        within, total = {}, np.zeros(len(p))
        for name in names:
            statistic = cauchy(p[:, members[name]])
            within[name] = np.sort(statistic)
            total += -2 * np.log(_rank_p(within[name], statistic))
        return HonestDraws(names, members, within, np.sort(total))

    def judge(self, p: Floats) -> tuple[dict[str, float], float, float]:
        """Return (p per group, p over all groups, smooth p) of one dealer's one-sided p per indicator.

        The smooth p goes on beyond the last draw, by the tails the two statistics have (Pareto of index 1,
        exponential of rate ½); it only orders dealers, it is never reported as a probability.
        """
        by_group: dict[str, float] = {}
        total = 0.0
        for name in self.groups:
            statistic = cauchy(p[None, self.members[name]])
            by_group[name] = float(_rank_p(self.within[name], statistic)[0])
            total += -2 * np.log(_smooth(self.within[name], float(statistic[0]), pareto=True))
        return by_group, float(_rank_p(self.across, np.array([total]))[0]), _smooth(self.across, total, pareto=False)


def _rank_p(ordered: Floats, statistic: Floats) -> Floats:
    """Return (1 + how many draws reach the statistic) / (1 + draws)."""
    reached = len(ordered) - np.searchsorted(ordered, statistic - 1e-12, side="left")
    result: Floats = np.minimum(1.0, (1.0 + reached) / (1.0 + len(ordered)))
    return result


def _smooth(ordered: Floats, statistic: float, *, pareto: bool) -> float:
    """Return p by rank, continued beyond the hundredth-highest draw."""
    last = max(len(ordered) - 100, 0)
    limit = float(ordered[last])
    if statistic <= limit or (pareto and limit <= 0):
        return float(_rank_p(ordered, np.array([statistic]))[0])
    share = (len(ordered) - last) / len(ordered)
    return max(share * (limit / statistic if pareto else float(np.exp(-(statistic - limit) / 2))), 1e-300)
