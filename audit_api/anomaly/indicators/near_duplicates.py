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
from audit_api.anomaly.parse import Floats, Integers, Texts
from audit_api.anomaly.patterns import Uneven, neighbours_in_order, uneven_sheets, with_neighbour
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
DRAWS, FEWEST_DRAWS = 64, 16
DRAWN_SHEETS = 4_000
"""A dealer is drawn anew until 4,000 sheets are drawn for it, at least 16 and at most 64 times: what the drawing
leaves unknown is then at most a sixteenth of what chance does anyhow."""
WINDOW = 50
"""A sheet is replaced by one of the 50 nearest by mean on either side, in the stratum."""
MISSES = 8
FLOOR = 0.01
"""Least intra-class correlation of the beta-binomial: honest dealers differ in how alike their customers are."""


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
    met = with_neighbour(sheets, sheets.dealer, np.arange(len(sheets)))
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


def _null(sheets: Uneven, peers: Peers, n: Integers, rng: np.random.Generator, most: int) -> tuple[Floats, float]:
    """Return the expected share per dealer and the pooled intra-class correlation, from matched draws."""
    count = len(n)
    draws = np.clip(-(-DRAWN_SHEETS // np.maximum(n, 1)), min(FEWEST_DRAWS, most), most)
    pool = _pool(sheets, peers.group[sheets.dealer], rng)
    # Dealers that are drawn most often first: each round then draws a first part of the sheets.
    order = np.argsort(-draws[sheets.dealer], kind="stable")
    owner, low, width, last = (values[order] for values in (sheets.dealer, pool.low, pool.width, pool.last))
    left = np.searchsorted(-draws[owner], -np.arange(most), side="left")
    # Sheets are numbered by pattern: one sort of (owner, sheet) then brings equal patterns together as well.
    by_pattern = np.argsort(sheets.pattern, kind="stable")
    number = np.empty(len(sheets), dtype=np.int64)
    number[by_pattern] = np.arange(len(sheets))
    whose_sheet, pattern, pooled = sheets.dealer[by_pattern], sheets.pattern[by_pattern], number[pool.sheet]
    bits = len(sheets).bit_length()
    hit, tried, square = np.zeros(count), np.zeros(count), np.zeros(count)
    for rows in left.tolist():
        drawn = _draw(whose_sheet, pooled, owner[:rows], low[:rows], width[:rows], last[:rows], rng)
        pairs = owner[:rows] << bits
        pairs |= drawn
        pairs.sort()
        # The same sheet drawn twice would be its own neighbour: keep it once.
        once = np.ones(len(pairs), dtype=bool)
        once[1:] = pairs[1:] != pairs[:-1]
        pairs = pairs[once]
        whose = pairs >> bits
        found = neighbours_in_order(sheets, whose, pattern[pairs & ((1 << bits) - 1)])
        met = np.bincount(whose[found], minlength=count).astype(np.float64)
        hit += met
        tried += np.bincount(whose, minlength=count)
        square += met**2
    mean = (hit + 0.5) / (tried + 1.0)
    typical = tried / draws
    variance = np.maximum((square - hit**2 / draws) / np.maximum(draws - 1, 1), 0.0)
    binomial = typical * mean * (1 - mean)
    rho = float(np.sum(variance - binomial) / max(float(np.sum(binomial * np.maximum(typical - 1, 0))), 1e-12))
    return mean, float(np.clip(rho, FLOOR, 0.5))


@dataclass(frozen=True, slots=True)
class Pool:
    """Hold what sheets are replaced from: `sheet` lists the strata's sheets, each stratum ordered by mean.

    Per sheet of the network the first place of its window there, the window's width, and its stratum's last place.
    """

    sheet: Integers
    low: Integers
    width: Integers
    last: Integers


def _pool(sheets: Uneven, group: Integers, rng: np.random.Generator) -> Pool:
    """Order the sheets of each stratum by mean.

    Equal means are ordered at random, or sheets of one dealer would stand together. The network's pool serves
    the dealers without a stratum of their own and holds everybody.
    """
    count = len(sheets)
    ordered = np.lexsort([rng.random(count), sheets.mean])
    low, width, last = (np.empty(count, dtype=np.int64) for _ in range(3))
    parts: list[Integers] = []
    begun = 0
    for number in np.unique(group):
        pool = ordered[group[ordered] == number] if number else ordered
        place = np.flatnonzero(group[pool] == number)
        members, size = pool[place], len(pool)
        window = min(WINDOW, max(1, (size - 1) // 2))
        low[members] = begun + np.clip(place - window, 0, max(0, size - 1 - 2 * window))
        width[members] = 2 * window + 1
        last[members] = begun + size - 1
        parts.append(pool)
        begun += size
    return Pool(sheet=np.concatenate(parts), low=low, width=width, last=last)


def _draw(  # noqa: PLR0917 - a window is three numbers a sheet
    whose: Integers, pool: Integers, owner: Integers, low: Integers, width: Integers, last: Integers,
    rng: np.random.Generator,
) -> Integers:  # fmt: skip
    """Replace each sheet by a near one of another dealer; after eight misses the last one stays."""
    result: Integers = pool[np.minimum(low + (rng.random(len(low)) * width).astype(np.int64), last)]
    own = np.flatnonzero(whose[result] == owner)
    for _ in range(MISSES):
        if not len(own):
            break
        again = low[own] + (rng.random(len(own)) * width[own]).astype(np.int64)
        result[own] = pool[np.minimum(again, last[own])]
        own = own[whose[result[own]] == owner[own]]
    return result


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the clusters of response ids that nearly repeat one another.

    Largest first, at most 20 clusters of 50 ids, with their true numbers.
    """
    sheets = uneven_sheets(inputs, np.array(dealers, dtype=np.int64))
    ids = inputs.responses.response_id[sheets.row]
    return {dealer: _clusters(sheets, ids, np.flatnonzero(sheets.dealer == dealer)) for dealer in dealers}


def _clusters(sheets: Uneven, ids: Texts, mine: Integers) -> dict[str, Any]:
    """Join sheets that have a pattern or share a key, directly or through others."""
    head: dict[tuple[str, int], int] = {}
    parent = {int(sheet): int(sheet) for sheet in mine}

    def root(sheet: int) -> int:
        while parent[sheet] != sheet:
            parent[sheet] = parent[parent[sheet]]
            sheet = parent[sheet]
        return sheet

    for sheet in parent:
        pattern = int(sheets.pattern[sheet])
        names = [("pattern", pattern)]
        names += [("key", int(key)) for key in sheets.key[sheets.first[pattern] : sheets.first[pattern + 1]]]
        for name in names:
            parent[root(sheet)] = root(head.setdefault(name, sheet))
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
