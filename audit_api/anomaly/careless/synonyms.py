"""Items that usually move together, or apart, and respondents in whom they do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from audit_api.anomaly.careless.matrix import as_matrix, blocks, pair_moments, row_correlation
from audit_api.anomaly.parse import Floats, Integers, Truths


@dataclass(frozen=True, slots=True)
class ItemPairs:
    """Hold pairs of items with their correlation: columns `later` > `earlier` (from 0), r in −1..1 or NaN."""

    later: Integers
    earlier: Integers
    r: Floats

    def only(self, kept: Truths) -> ItemPairs:
        """Return the pairs marked in `kept`."""
        return ItemPairs(self.later[kept], self.earlier[kept], self.r[kept])


@dataclass(frozen=True, slots=True)
class Likeness:
    """Hold, for each respondent, the pairs answered on both sides and the correlation across them (or NaN)."""

    pairs: Integers
    r: Floats


def item_pairs(answers: ArrayLike, *, antonyms: bool = False) -> ItemPairs:
    """Return all pairs of items by their correlation, most alike first (most opposite first for antonyms).

    Formula: Pearson's r over the respondents who answered both items; NaN, listed last, where one is constant among
    them. Shapes: answers (rows, items) → items·(items − 1)/2 pairs; ties in the order of the columns.
    Source: `psychsyn_critval` of the R package `careless` (Yentes & Wilhelm).
    """
    matrix = as_matrix(answers)
    _, cross, square = pair_moments(matrix)
    spread = np.sqrt(square) * np.sqrt(square.T)
    r = np.divide(cross, spread, out=np.full_like(cross, np.nan), where=spread > 0)
    earlier, later = np.triu_indices(matrix.shape[1], k=1)
    value = np.clip(r[later, earlier], -1.0, 1.0)
    order = np.argsort(value if antonyms else -value, kind="stable")
    return ItemPairs(later[order], earlier[order], value[order])


def synonyms(answers: ArrayLike, critical_r: float = 0.6) -> Likeness:
    """Return how alike each respondent answers the items that people usually answer alike.

    Formula: over all pairs of items with r > |critical_r|, Pearson's correlation within the respondent between the
    pairs' later and earlier items, over pairs answered on both sides; NaN for two pairs or fewer, or where one side
    is constant (R's `resample_na` is off: nothing is drawn). Near 1 attentive, near 0 careless.
    Shapes: answers (rows, items) → two vectors (rows,). Without any such pair all are (0, NaN), where R stops.
    Source: `psychsyn` of the R package `careless` (Yentes & Wilhelm).
    """
    matrix = as_matrix(answers)
    pairs = item_pairs(matrix)
    return _within(matrix, pairs.only(pairs.r > abs(critical_r)))


def antonyms(answers: ArrayLike, critical_r: float = -0.6) -> Likeness:
    """Return the same for items that people usually answer oppositely: pairs with r < −|critical_r|.

    Near −1 attentive, near 0 or above careless. Shapes, limits and source (`psychant`) as for `synonyms`.
    """
    matrix = as_matrix(answers)
    pairs = item_pairs(matrix, antonyms=True)
    return _within(matrix, pairs.only(pairs.r < -abs(critical_r)))


def _within(matrix: Floats, pairs: ItemPairs) -> Likeness:
    many = np.zeros(len(matrix), dtype=np.int64)
    r = np.full(len(matrix), np.nan)
    if len(pairs.r) == 0:
        return Likeness(many, r)
    for part in blocks(len(matrix), len(pairs.r)):
        later, earlier = matrix[part][:, pairs.later], matrix[part][:, pairs.earlier]
        many[part] = (~(np.isnan(later) | np.isnan(earlier))).sum(axis=1)
        r[part] = np.where(many[part] > 2, row_correlation(later, earlier), np.nan)
    return Likeness(many, r)
