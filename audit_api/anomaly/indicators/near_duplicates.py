"""Near-duplicates: uneven sheets that nearly repeat another sheet of the same dealer.

Formula: among responses that are not straight-lined, the share with another one of the dealer at a Hamming
distance of at most 1; expected = the same share when every sheet is replaced by a sheet of about the same mean
from other dealers of the stratum (equally many, so the chance of meeting is the same). Null: beta-binomial with
the spread seen in those draws, with a floor. Unit: share. Minimum: 15 responses, 8 of them uneven.
Source: docs/detection.md; a null of the same size instead of a fixed cut-off after Simmons et al. 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.indicator import (
    COPYING,
    FEW_PEERS,
    FEW_RESPONSES,
    FEW_UNEVEN,
    Explanation,
    Indicator,
    IndicatorResult,
    unassessable,
)
from audit_api.anomaly.laws import beta_binomial
from audit_api.anomaly.parse import Floats, Integers, Texts, Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="near_duplicates",
    group=COPYING,
    unit="share",
    min_n=15,
    title_zh="答卷雷同",
    title_en="Near-duplicate sheets",
    formula="share of uneven sheets with a neighbour at Hamming ≤ 1; beta-binomial, expected from matched draws",
    source="detection.md; null of the same size after Simmons et al. 2016",
    sentence_zh=(
        "{n}份非整卷同分的答卷中，{observed:.0%}与本店另一份答卷至多相差一题；从其他店抽取同等数量、"
        "同等水平的答卷，预期为{expected:.0%}（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "Of {n} sheets with uneven marks, {observed:.0%} differ from another sheet of this dealer in one item at "
        "most; equally many sheets of the same level from other dealers give {expected:.0%} (chance of this many: {p})."
    ),
    explanations=(
        Explanation("L14", "当地客户习惯相同的打分方式", "Customers here share a habit of marking"),
        Explanation("L15", "同一车型或同一短板使评价相似", "One model or one known weakness makes customers agree"),
        Explanation("L05", "车队或集团客户由同一人填写多份", "A fleet where one person answers for several cars"),
    ),
)

MINIMUM_UNEVEN = 8
DRAWS = 64
WINDOW = 50
"""A sheet is replaced by one of the 50 nearest by mean on either side, in the stratum."""
FLOOR = 0.01
"""Least intra-class correlation of the beta-binomial: honest dealers differ in how alike their customers are."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """Hold the uneven sheets of a network: row in the batch, dealer, mean, and keys of their patterns.

    Two sheets are neighbours exactly when they share a key: a key is a sheet with one column left out.
    `first`/`key` list, per sheet, the keys that at least two sheets of the network have.
    """

    row: Integers
    dealer: Integers
    mean: Floats
    first: Integers
    key: Integers

    def __len__(self) -> int:
        return len(self.row)


def uneven_sheets(inputs: Inputs) -> Sheets:
    """Find the sheets that are at least half answered and do not give one mark throughout."""
    drivers = inputs.drivers()
    marks = inputs.responses.answers[:, drivers]
    scaled = inputs.scaled()
    have = ~np.isnan(scaled)
    answered = have.sum(axis=1)
    low = np.where(have, scaled, np.inf).min(axis=1, initial=np.inf)
    high = np.where(have, scaled, -np.inf).max(axis=1, initial=-np.inf)
    row = np.flatnonzero((answered >= 0.5 * len(drivers)) & (answered > 1) & (high > low))
    mean = np.round(np.where(have, scaled, 0.0).sum(axis=1)[row] / np.maximum(answered[row], 1), 9)
    first, key = _keys(marks[row])
    return Sheets(row=row, dealer=inputs.responses.dealer[row], mean=mean, first=first, key=key)


def _keys(marks: Floats) -> tuple[Integers, Integers]:
    """Number every pattern with one column left out, dropping numbers that only one sheet has."""
    rows, items = marks.shape
    rng = np.random.default_rng(20260101)  # the multipliers of a hash, not of a statistic
    odd = np.asarray(rng.integers(1, 2**62, items), dtype=np.uint64) | np.uint64(1)
    tag = np.asarray(rng.integers(1, 2**62, items), dtype=np.uint64)
    codes = np.zeros((rows, items), dtype=np.uint64)
    for i in range(items):
        codes[:, i] = np.unique(np.where(np.isnan(marks[:, i]), -np.inf, marks[:, i]), return_inverse=True)[1]
    codes += np.uint64(1)
    parts = _mix(codes, odd)
    left_out = parts.sum(axis=1, keepdims=True, dtype=np.uint64) - parts + tag
    flat, count = np.unique(left_out.ravel(), return_inverse=True, return_counts=True)[1:]
    shared = count[flat] > 1
    number = np.cumsum(count > 1) - 1
    owner = np.repeat(np.arange(rows), items)[shared]
    first = np.searchsorted(owner, np.arange(rows + 1))
    return first.astype(np.int64), number[flat[shared]].astype(np.int64)


def _mix(codes: NDArray[np.uint64], odd: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread codes over 64 bits, differently per column (the finaliser of splitmix64)."""
    x = codes * odd
    x ^= x >> np.uint64(31)
    x *= np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(29)
    return x


def _with_neighbour(sheets: Sheets, owner: Integers, sheet: Integers) -> Truths:
    """Mark the entries of (owner, sheet) that share a key with another entry of the same owner."""
    length = sheets.first[sheet + 1] - sheets.first[sheet]
    entry = np.repeat(np.arange(len(sheet)), length)
    offset = np.arange(len(entry)) - np.repeat(np.cumsum(length) - length, length)
    key = sheets.key[sheets.first[sheet][entry] + offset]
    span = int(sheets.key.max(initial=0)) + 1
    label = owner[entry] * span + key
    order = np.argsort(label, kind="stable")
    ordered = label[order]
    same = ordered[1:] == ordered[:-1]
    met = np.zeros(len(sheet), dtype=bool)
    met[entry[order[1:][same]]] = True
    met[entry[order[:-1][same]]] = True
    return met


def compute(inputs: Inputs, peers: Peers, seed: int, *, draws: int = DRAWS) -> IndicatorResult:
    """Compare each dealer's near-duplicates with matched draws from other dealers of its stratum."""
    count = len(inputs.dealers)
    sheets = uneven_sheets(inputs)
    responses = inputs.counts()
    n = np.bincount(sheets.dealer, minlength=count)
    reason = np.full(count, "", dtype=object)
    reason[n < MINIMUM_UNEVEN] = FEW_UNEVEN
    reason[responses < INDICATOR.min_n] = FEW_RESPONSES
    if len(np.unique(sheets.dealer)) < 5:
        reason[reason == ""] = FEW_PEERS
    use = reason == ""
    if not use.any():
        blank = unassessable(count, "")
        return IndicatorResult(blank.observed, blank.expected, n.astype(np.int64), blank.z, blank.p, reason)
    met = _with_neighbour(sheets, sheets.dealer, np.arange(len(sheets)))
    k = np.bincount(sheets.dealer, met, minlength=count).astype(np.int64)
    mean, rho = _null(sheets, peers, n, np.random.default_rng([seed, 11]), draws)
    law = beta_binomial(np.where(use, n, 0).astype(np.int64), mean, np.full(count, rho))
    z = np.where(use, law.scores(np.arange(count), np.where(use, k, 0)), 0.0)
    return IndicatorResult(
        observed=np.where(use, k / np.maximum(n, 1), np.nan),
        expected=np.where(use, mean, np.nan),
        n=n.astype(np.int64),
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
        law=law,
    )


def _null(sheets: Sheets, peers: Peers, n: Integers, rng: np.random.Generator, draws: int) -> tuple[Floats, float]:
    """Return the expected share per dealer and the pooled intra-class correlation, from matched draws."""
    count = len(n)
    group = peers.group[sheets.dealer]
    pools = _pools(sheets, group, rng)
    hit, tried, square = np.zeros(count), np.zeros(count), np.zeros(count)
    for _ in range(draws):
        drawn = np.empty(len(sheets), dtype=np.int64)
        for members, pool, place in pools:
            drawn[members] = _draw(sheets, members, pool, place, rng)
        # The same sheet drawn twice would be its own neighbour: keep it once.
        _, once = np.unique(sheets.dealer * np.int64(len(sheets)) + drawn, return_index=True)
        owner, drawn = sheets.dealer[once], drawn[once]
        met = np.bincount(owner, _with_neighbour(sheets, owner, drawn), minlength=count)
        size = np.bincount(owner, minlength=count)
        hit += met
        tried += size
        square += met**2
    mean = (hit + 0.5) / (tried + 1.0)
    typical = tried / draws
    variance = np.maximum(square / draws - (hit / draws) ** 2, 0.0)
    binomial = typical * mean * (1 - mean)
    rho = float(np.sum(variance - binomial) / max(float(np.sum(binomial * np.maximum(typical - 1, 0))), 1e-12))
    return mean, float(np.clip(rho, FLOOR, 0.5))


def _pools(sheets: Sheets, group: Integers, rng: np.random.Generator) -> list[tuple[Integers, Integers, Integers]]:
    """Return per stratum: its sheets, the pool they are replaced from ordered by mean, and their place in it.

    Equal means are ordered at random, or sheets of one dealer would stand together. The network's pool serves
    the dealers without a stratum of their own and holds everybody.
    """
    tie = rng.random(len(sheets))
    pools = []
    for number in np.unique(group):
        members = np.flatnonzero(group == number)
        pool = members if number else np.arange(len(sheets))
        pool = pool[np.lexsort([tie[pool], sheets.mean[pool]])]
        rank = np.empty(len(sheets), dtype=np.int64)
        rank[pool] = np.arange(len(pool))
        pools.append((members, pool, rank[members]))
    return pools


def _draw(sheets: Sheets, members: Integers, pool: Integers, place: Integers, rng: np.random.Generator) -> Integers:
    """Replace each sheet by a near one of another dealer; after eight misses the last one stays."""
    window = min(WINDOW, max(1, (len(pool) - 1) // 2))
    low = np.clip(place - window, 0, max(0, len(pool) - 1 - 2 * window))
    result: Integers = pool[np.minimum(low + rng.integers(0, 2 * window + 1, len(members)), len(pool) - 1)]
    for _ in range(8):
        own = np.flatnonzero(sheets.dealer[result] == sheets.dealer[members])
        if not len(own):
            break
        result[own] = pool[np.minimum(low[own] + rng.integers(0, 2 * window + 1, len(own)), len(pool) - 1)]
    return result


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the clusters of response ids that nearly repeat one another.

    Largest first, at most 20 clusters of 50 ids, with their true numbers.
    """
    sheets = uneven_sheets(inputs)
    ids = inputs.responses.response_id[sheets.row]
    return {dealer: _clusters(sheets, ids, np.flatnonzero(sheets.dealer == dealer)) for dealer in dealers}


def _clusters(sheets: Sheets, ids: Texts, mine: Integers) -> dict[str, Any]:
    """Join sheets that share a key, directly or through others."""
    head: dict[int, int] = {}
    parent = {int(sheet): int(sheet) for sheet in mine}

    def root(sheet: int) -> int:
        while parent[sheet] != sheet:
            parent[sheet] = parent[parent[sheet]]
            sheet = parent[sheet]
        return sheet

    for sheet in parent:
        for key in sheets.key[sheets.first[sheet] : sheets.first[sheet + 1]]:
            other = head.setdefault(int(key), sheet)
            parent[root(sheet)] = root(other)
    clusters: dict[int, list[str]] = {}
    for sheet in parent:
        clusters.setdefault(root(sheet), []).append(str(ids[sheet]))
    found = sorted(
        (sorted(names) for names in clusters.values() if len(names) > 1), key=lambda names: (-len(names), names)
    )
    return {
        "clusters": [names[:50] for names in found[:20]],
        "cluster_count": len(found),
        "response_count": sum(len(names) for names in found),
    }
