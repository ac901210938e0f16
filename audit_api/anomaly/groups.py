"""Evidence groups: add up what indicators say, and read p from resampled honest dealers.

Each indicator gives a small log-odds (`traces`); a group's statistic is the sum over its indicators, a dealer's
the sum over all. No textbook law is used: honest dealers are drawn with the network's own correlation between
indicators, and with the count laws, sample sizes and missing indicators of dealers of about the same size; p is
the rank among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import norm

from audit_api.anomaly.calibration import honest_share
from audit_api.anomaly.indicator import LEVEL, IndicatorResult
from audit_api.anomaly.laws import HIGHEST_Z, LOWEST_Z
from audit_api.anomaly.parse import Floats, Integers, Truths
from audit_api.anomaly.traces import log_odds

DEFAULT_WITHIN = 0.4
"""Correlation assumed inside a group where a network is too small to measure it (docs/detection.md)."""
MINIMUM_DEALERS = 60
SIZE_LIMITS = (20, 40, 100)
"""Honest dealers are drawn like those with about as many responses: below 20, 40, 100, and above."""
BODY = 0.95
FIRST_LOOK, FIRST_LOOK_P = 8_000, 0.08
"""Dealers whose p, overall and of every group, is above this among so few draws need no more of them."""
SORTED_AFTER, KEPT = 20, 100
"""Counting is quicker than sorting for so many questions; so many sums of draws are kept at a time."""


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
                    r = 2 * np.sin(np.pi / 6 * float(np.corrcoef(_ranks(x), _ranks(y))[0, 1]))
            R[i, j] = R[j, i] = min(max(r, 0.0), 0.95)
    values, vectors = np.linalg.eigh(R)
    R = vectors @ np.diag(np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(R))
    result: Floats = R / np.outer(scale, scale)
    return result


def _ranks(values: Floats) -> Floats:
    """Return ranks, equal values sharing their mean."""
    place, often = np.unique(values, return_inverse=True, return_counts=True)[1:]
    result: Floats = (np.cumsum(often) - (often - 1) / 2.0)[place]
    return result


def as_in_the_network(z: Floats, seen: Floats) -> Floats:
    """Give standard normal draws the shape that an indicator has among the dealers of this network.

    An indicator that takes the lesser of two figures, or counts what hardly any dealer has, stays far below a
    normal law; held against that law nobody would ever stand out. Up to the 95 % point the draws follow the
    ordinary dealers' z, beyond it a normal tail, for honest dealers that merely look unusual are there.
    """
    if len(seen) < MINIMUM_DEALERS:
        return z
    body = np.quantile(seen, np.linspace(0.0, BODY, 96))
    edge, limit = float(norm.isf(1 - BODY)), float(body[-1])
    # Between points that are evenly spaced no search is needed.
    place = np.minimum(ndtr(z) * ((len(body) - 1) / BODY), len(body) - 1.0)
    before = np.minimum(place.astype(np.int64), len(body) - 2)
    inside = body[before] + (place - before) * np.diff(body)[before]
    result: Floats = np.where(z <= edge, inside, limit + (z - edge))
    return result


def as_far_as_the_network(z: Floats, seen: Floats) -> Floats:
    """Draw values above 0 together until their 95 % point is that of the dealers; beyond, the tail stays normal.

    A floor under over-dispersion makes a law wider than what honest dealers show. Nothing is ever widened: a figure
    that reaches further than its law is calibrated before (`nulls`).
    """
    if len(seen) < MINIMUM_DEALERS:
        return z
    edge, limit = float(np.quantile(z, BODY)), max(float(np.quantile(seen, BODY)), 0.0)
    if limit >= edge:
        return z
    ratio = limit / edge
    result: Floats = np.where(z <= edge, np.where(z > 0, z * ratio, z), limit + (z - edge))
    return result


@dataclass(slots=True)
class Reference:
    """Draw honest dealers on demand, one set per size of dealer; patterns of missing indicators share it.

    aside: dealers that do not count as ordinary; width: per indicator, how far the ordinary ones reach (`traces`).
    """

    codes: tuple[str, ...]
    group_of: Mapping[str, str]
    results: Mapping[str, IndicatorResult]
    R: Floats
    responses: Integers
    draws: int
    seed: int
    aside: Truths
    width: Mapping[str, float]
    _drawn: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    _summed: dict[tuple[int, int, int], Drawn] = field(default_factory=dict)
    _made: dict[tuple[int, int, int], HonestDraws] = field(default_factory=dict)

    def size_class(self, dealer: int) -> int:
        """Return which class of sizes a dealer belongs to."""
        return int(np.searchsorted(SIZE_LIMITS, self.responses[dealer], side="right"))

    def judge(self, mask: tuple[bool, ...], size: int, said: Floats) -> tuple[dict[str, float], float, float]:
        """Return (p per group, p over all, log-odds over all) of one dealer's log-odds of its assessable indicators.

        p over all is the share of honest dealers that come so far (`calibration`), that of a group the draws' own. A
        first look at few draws settles ordinary dealers; whoever stands out in it is read among all draws.
        """
        by_group, p, total = self.honest(mask, size, FIRST_LOOK).judge(said)
        if min(p, *by_group.values()) <= FIRST_LOOK_P:
            by_group, p, total = self.honest(mask, size, self.draws).judge(said)
        return by_group, honest_share(p), total

    def honest(self, mask: tuple[bool, ...], size: int, draws: int) -> HonestDraws:
        """Return the first `draws` honest dealers for a pattern of assessable indicators and a size class."""
        key = (_bits(np.flatnonzero(mask)), size, draws)
        if key not in self._made:
            if size not in self._drawn:
                self._drawn[size] = self._draw(size, np.random.default_rng([self.seed, 23, size]))
            chosen = np.flatnonzero(mask)
            groups = [self.group_of[self.codes[i]] for i in chosen]
            members = _members(groups)
            within = {name: self._sum(chosen[places], size, draws) for name, places in members.items()}
            _bounded(self._made, key, HonestDraws(members, within, _over_groups(within)))
        return self._made[key]

    def _sum(self, chosen: Integers, size: int, draws: int) -> Drawn:
        """Return the summed log-odds of some indicators; patterns that differ elsewhere share them."""
        key = (_bits(chosen), size, draws)
        if key not in self._summed:
            said = self._drawn[size][chosen, :draws]
            _bounded(self._summed, key, Drawn(said.sum(axis=0, dtype=np.float64)))
        return self._summed[key]

    def _draw(self, size: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return indicators × draws log-odds of honest dealers of one size class."""
        mixed = np.linalg.cholesky(self.R).astype(np.float32)
        z = (mixed @ rng.standard_normal((len(self.codes), self.draws), dtype=np.float32)).astype(np.float64)
        np.clip(z, LOWEST_Z, HIGHEST_Z, out=z)
        alike = np.searchsorted(SIZE_LIMITS, self.responses, side="right") == size
        said = np.empty(z.shape, dtype=np.float32)
        for i, code in enumerate(self.codes):
            law, able = self.results[code].law, self.results[code].assessable
            dealers = np.flatnonzero(able & alike)
            if law is not None and len(dealers):
                # Everybody in turn; those of one dealer together, so that its table is at hand.
                turns = np.arange(-(-self.draws // len(dealers)) * len(dealers)).reshape(-1, len(dealers)).T.ravel()
                turns = turns[turns < self.draws]
                z[i, turns] = law.draw(dealers[turns % len(dealers)], ndtr(z[i, turns]))
                z[i] = as_far_as_the_network(z[i], self.results[code].z[able & ~self.aside])
            elif self.group_of[code] != LEVEL:
                z[i] = as_in_the_network(z[i], self.results[code].z[able & ~self.aside])
            else:
                z[i] = as_far_as_the_network(z[i], self.results[code].z[able & ~self.aside])
            said[i] = self.say(code, z[i])
        return said

    def say(self, code: str, z: Floats) -> Floats:
        """Return the log-odds of figures of one indicator in this network."""
        return log_odds(code, z, self.width[code])


def _bits(chosen: Integers) -> int:
    """Name a choice of indicators by a number."""
    return sum(1 << i for i in chosen.tolist())


def _members(groups: Sequence[str]) -> dict[str, Integers]:
    """Return per group, by name, the places of its indicators."""
    return {name: np.flatnonzero([group == name for group in groups]) for name in sorted(set(groups))}


def _bounded(kept: dict[Any, Any], key: object, made: object) -> None:
    """Keep what was made, at most so many of them: the first goes."""
    if len(kept) >= KEPT:
        del kept[next(iter(kept))]
    kept[key] = made


@dataclass(slots=True)
class Drawn:
    """Hold one statistic of drawn honest dealers; sorted once it is asked for often."""

    values: Floats
    _asked: int = 0
    _ordered: Floats | None = None

    def p(self, statistic: float) -> float:
        """Return (1 + how many draws reach the statistic) / (1 + draws)."""
        # The draws are kept in single precision: an equal statistic must count as reached.
        limit = statistic - 1e-5
        self._asked += 1
        if self._ordered is None and self._asked > SORTED_AFTER:
            self._ordered = np.sort(self.values)
        if self._ordered is None:
            reached = int(np.count_nonzero(self.values >= limit))
        else:
            reached = len(self._ordered) - int(np.searchsorted(self._ordered, limit, side="left"))
        return min(1.0, (1.0 + reached) / (1.0 + len(self.values)))


def _over_groups(within: Mapping[str, Drawn]) -> Drawn:
    """Add up the groups' statistics."""
    return Drawn(np.sum([drawn.values for drawn in within.values()], axis=0))


@dataclass(frozen=True, slots=True)
class HonestDraws:
    """Hold the statistics of honest dealers: one per group, and the sum over groups."""

    members: Mapping[str, Integers]
    within: Mapping[str, Drawn]
    across: Drawn

    @staticmethod
    def of(said: NDArray[np.floating], groups: Sequence[str]) -> HonestDraws:
        """Add up draws × indicators log-odds within their groups, then across."""
        members = _members(groups)
        within = {name: Drawn(said[:, places].sum(axis=1, dtype=np.float64)) for name, places in members.items()}
        return HonestDraws(members, within, _over_groups(within))

    def judge(self, said: Floats) -> tuple[dict[str, float], float, float]:
        """Return (p per group, p over all groups, log-odds over all groups) of one dealer's log-odds."""
        by_group = {name: drawn.p(float(said[self.members[name]].sum())) for name, drawn in self.within.items()}
        total = float(said.sum())
        return by_group, self.across.p(total), total
