"""No halo: sheets whose marks scatter more than a customer's marks do, given how high they are.

Formula: d = SD of the marks of a response, item means of the network and the dealer's own profile (drawn towards
it) taken out; r = d less the network's mean d at that response mean (20 classes), in SD of the class; z = (mean r
− Huber fit on strata) / √(s²/n + τ²), sheets with nothing but full marks left out. Customers let one impression
colour all marks (r about .7 between items); marks invented item by item lack it. Unit: SD. Minimum: 15 responses.
Source: docs/detection.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.counts import reasons
from audit_api.anomaly.indicator import (
    CONSTANT,
    COPYING,
    FEW_PEERS,
    FEW_RESPONSES,
    FEW_UNEVEN,
    Explanation,
    Indicator,
    IndicatorResult,
    unassessable,
)
from audit_api.anomaly.parse import Floats, Integers
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import additive_variance, huber_fit
from audit_api.anomaly.sheets import PART, marks_by_dealer, sheets

INDICATOR = Indicator(
    code="no_halo",
    group=COPYING,
    unit="SD",
    min_n=15,
    title_zh="各题评分互不关联",
    title_en="Marks without a common impression",
    formula="z = (mean r − fit on strata) / √(s²/n + τ²), r = within-response SD beyond that usual at the mean",
    source="detection.md",
    sentence_zh=(
        "{n}份未全打满分的答卷中，同一答卷内各题评分的离散程度与同等水平的答卷相差{observed:+.2f}个标准差，"
        "同类店预期相差{expected:+.2f}（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "In {n} responses short of full marks, marks scatter within a sheet {observed:+.2f} standard deviations more "
        "than in sheets of the same level, {expected:+.2f} expected among peers (chance of this much: {p})."
    ),
    explanations=(
        Explanation("", "该店各环节水平确实参差不齐", "A dealer that really is good at some things and poor at others"),
        Explanation("L04", "当地客户习惯细分打分", "Customers here who mark item by item"),
        Explanation("L10", "新店各环节尚未稳定", "A new store whose processes still vary"),
    ),
)

MINIMUM_UNEVEN = 8
MINIMUM_ITEMS = 4
CLASSES = 20
PROFILE_WEIGHT = 20.0
"""A dealer's profile over items counts like its mean over n responses with 20 of the network's added."""
FLOOR = 0.10**2


@kept
def scatter(inputs: Inputs) -> tuple[Integers, Floats]:
    """Return the responses that count and how much more their marks scatter than usual at their mean (SD)."""
    seen, items = sheets(inputs), len(inputs.drivers())
    # Rounded, so that equal means fall into one class whatever the last digit of a sum.
    mean = np.round(seen.mean(), 9)
    rows = np.flatnonzero((seen.answered >= max(MINIMUM_ITEMS, 0.5 * items)) & (mean < 1.0 - 1e-9))
    if not len(rows):
        return rows, np.empty(0)
    spread = _spread(inputs, rows, seen.centre + _profiles(inputs))
    edges = np.unique(np.quantile(mean[rows], np.linspace(0, 1, CLASSES + 1)[1:-1]))
    kind = np.searchsorted(edges, mean[rows], side="right")
    size = np.maximum(np.bincount(kind), 1)
    usual = np.bincount(kind, spread) / size
    square = np.bincount(kind, (spread - usual[kind]) ** 2) / size
    deviation = np.sqrt(np.maximum(square, 1e-6))
    return rows, np.clip((spread - usual[kind]) / deviation[kind], -4.0, 4.0)


def _profiles(inputs: Inputs) -> Floats:
    """Return dealers × items: how far an item's mark lies from the dealer's level, drawn towards the network's."""
    seen, dealer, count = sheets(inputs), inputs.responses.dealer, len(inputs.dealers)
    answers = np.maximum(np.bincount(dealer, seen.answered, minlength=count), 1)
    level = np.bincount(dealer, seen.beyond, minlength=count) / answers
    number, total = marks_by_dealer(inputs)
    result: Floats = (total - number * (seen.centre + level[:, None])) / (number + PROFILE_WEIGHT)
    return result


def _spread(inputs: Inputs, rows: Integers, usual: Floats) -> Floats:
    """Return the SD of the marks of each row, `usual` (dealers × items) taken out."""
    result = np.empty(len(rows))
    for start in range(0, len(rows), PART):
        chosen = rows[start : start + PART]
        rest = inputs.scaled(chosen) - usual[inputs.responses.dealer[chosen]]
        have = ~np.isnan(rest)
        answered = have.sum(axis=1)
        mean = np.where(have, rest, 0.0).sum(axis=1) / answered
        centred = np.where(have, rest - mean[:, None], 0.0)
        result[start : start + PART] = np.sqrt((centred**2).sum(axis=1) / np.maximum(answered - 1, 1))
    return result


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare the scatter inside each dealer's sheets with that of its peers."""
    count = len(inputs.dealers)
    rows, excess = scatter(inputs)
    dealer = inputs.responses.dealer[rows]
    n = np.bincount(dealer, minlength=count)
    flat = len(excess) < 2 or float(np.ptp(excess)) < 1e-9
    reason = reasons(
        count,
        (
            (np.full(count, flat), CONSTANT),
            (n < MINIMUM_UNEVEN, FEW_UNEVEN),
            (inputs.counts() < INDICATOR.min_n, FEW_RESPONSES),
        ),
    )
    use = reason == ""
    design = peers.design()
    fitted = use & ~peers.aside()
    if use.any() and fitted.sum() < design.shape[1] + 5:
        reason[use] = FEW_PEERS
        use = np.zeros(count, dtype=bool)
    if not use.any():
        blank = unassessable(count, "")
        return IndicatorResult(blank.observed, blank.expected, n.astype(np.int64), blank.z, blank.p, reason)
    level = np.bincount(dealer, excess, minlength=count) / np.maximum(n, 1)
    s2 = float(np.sum((excess - level[dealer]) ** 2)) / max(int(np.maximum(n - 1, 0).sum()), 1)
    sampling, tau = s2 / np.maximum(n, 1), 0.05
    for _ in range(4):
        expected = design @ huber_fit(level[fitted], design[fitted], (sampling + tau)[fitted])
        tau = additive_variance((level - expected)[fitted], sampling[fitted], floor=FLOOR)
    z = np.where(use, (level - expected) / np.sqrt(sampling + tau), 0.0)
    return IndicatorResult(
        observed=np.where(use, level, np.nan),
        expected=np.where(use, expected, np.nan),
        n=n.astype(np.int64),
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the responses that scatter most, at most 50 of those at least 1 SD above the usual."""
    rows, excess = scatter(inputs)
    found = {}
    for dealer in dealers:
        mine = np.flatnonzero((inputs.responses.dealer[rows] == dealer) & (excess >= 1.0))
        first = mine[np.argsort(-excess[mine], kind="stable")[:50]]
        found[dealer] = {
            "responses": [str(code) for code in inputs.responses.response_id[rows[first]]],
            "response_count": len(mine),
        }
    return found
