"""Window dressing: all-perfect answers rise in the assessment window by more than the dealer's audits do.

Formula: Δ = share of all-perfect responses submitted in the last quarter of the period less the share before;
a = the same change of the audits (share passed beyond what the same criteria give), 0 where visits do not fall on
both sides; z = (Δ − median Δ of peers − β·(a − median a)) / √(v + τ²), v = π(1 − π)(1/n₁ + 1/n₀), β ≥ 0.
Unit: share. Minimum: 10 responses in the window and 10 before. Source: docs/detection.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.audit_level import used_rows
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.counts import reasons
from audit_api.anomaly.identities import numbered
from audit_api.anomaly.indicator import (
    CONSTANT,
    FEW_IN_WINDOW,
    FEW_PEERS,
    LEVEL,
    NO_TIMES,
    Explanation,
    Indicator,
    IndicatorResult,
    unassessable,
)
from audit_api.anomaly.parse import Floats, Integers, Moments, Truths
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import additive_variance, huber_fit

INDICATOR = Indicator(
    code="window_dressing",
    group=LEVEL,
    unit="share",
    min_n=20,
    title_zh="考核期满分骤增",
    title_en="A rise in the assessment window",
    formula="z = (Δ perfect share − fit on strata and the audits' own change) / √(π(1 − π)(1/n₁ + 1/n₀) + τ²)",
    source="detection.md",
    sentence_zh=(
        "{n}份答卷中，整卷满分的比例在考核期内变化{observed:+.0%}，同类店预期为{expected:+.0%}（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "Over {n} responses the share of all-perfect ones changes by {observed:+.0%} in the assessment window, "
        "{expected:+.0%} expected among peers (chance of this much: {p})."
    ),
    explanations=(
        Explanation("L09", "期内确有改进", "A real improvement during the period"),
        Explanation("L15", "新车型上市，普遍好评", "A new model that everybody likes"),
        Explanation("L10", "新店或新团队逐步成熟", "A new store or team that finds its feet"),
    ),
)

WINDOW_SHARE = 0.25
EACH_SIDE = 10
FLOOR = 0.03**2


def perfect(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses count (half of the items answered, a time known) and which are all full marks."""
    scaled = inputs.scaled()
    have = ~np.isnan(scaled)
    answered = have.sum(axis=1)
    counted: Truths = (answered > 0) & (answered >= 0.5 * scaled.shape[1])
    counted &= ~np.isnat(inputs.responses.submitted_at)
    return counted, counted & (((scaled >= 1.0) & have).sum(axis=1) == answered)


def opening(submitted: Moments, share: float = WINDOW_SHARE) -> np.datetime64:
    """Return when the assessment window opens: the last `share` of the time from the 1st to the 99th percentile."""
    moment = np.sort(submitted[~np.isnat(submitted)]).astype(np.int64)
    first, last = moment[int(0.01 * (len(moment) - 1))], moment[int(0.99 * (len(moment) - 1))]
    return np.datetime64(int(last - share * (last - first)), "s")


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare each dealer's change in the assessment window with its peers' and its own audits'."""
    count = len(inputs.dealers)
    counted, full = perfect(inputs)
    if not counted.any():
        return unassessable(count, NO_TIMES)
    opens = opening(inputs.responses.submitted_at[counted])
    dealer, late = inputs.responses.dealer, inputs.responses.submitted_at >= opens
    n1, k1 = _count(dealer, counted & late, count), _count(dealer, full & late, count)
    n0, k0 = _count(dealer, counted & ~late, count), _count(dealer, full & ~late, count)
    flat = not 0 < full.sum() < counted.sum()
    checks = ((np.full(count, flat), CONSTANT), ((n1 < EACH_SIDE) | (n0 < EACH_SIDE), FEW_IN_WINDOW))
    reason = reasons(count, checks)
    use = reason == ""
    design = np.column_stack([peers.design(), audit_change(inputs, opens)])
    fitted = use & ~peers.aside()
    n = n0 + n1
    if use.any() and fitted.sum() < design.shape[1] + 5:
        reason[use] = FEW_PEERS
        use = np.zeros(count, dtype=bool)
    if not use.any():
        blank = unassessable(count, "")
        return IndicatorResult(blank.observed, blank.expected, n, blank.z, blank.p, reason)
    change = k1 / np.maximum(n1, 1) - k0 / np.maximum(n0, 1)
    # The common share is drawn to the network's, or a dealer without a perfect sheet would have no variance.
    network = float(full.sum()) / float(counted.sum())
    share = (k0 + k1 + 10 * network) / (n + 10)
    sampling = share * (1 - share) * (1 / np.maximum(n1, 1) + 1 / np.maximum(n0, 1))
    tau = 0.01
    for _ in range(4):
        beta = huber_fit(change[fitted], design[fitted], (sampling + tau)[fitted])
        if beta[-1] <= 0:
            beta = np.append(huber_fit(change[fitted], design[fitted, :-1], (sampling + tau)[fitted]), 0.0)
        expected = design @ beta
        tau = additive_variance((change - expected)[fitted], sampling[fitted], floor=FLOOR)
    z = np.where(use, (change - expected) / np.sqrt(sampling + tau), 0.0)
    return IndicatorResult(
        observed=np.where(use, change, np.nan),
        expected=np.where(use, expected, np.nan),
        n=n,
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def _count(dealer: Integers, rows: Truths, count: int) -> Integers:
    return np.bincount(dealer[rows], minlength=count).astype(np.int64)


def audit_change(inputs: Inputs, opens: np.datetime64) -> Floats:
    """Return per dealer the change of the audits from before to inside the window, centred; 0 where unknown."""
    audits, count = inputs.audits, len(inputs.dealers)
    rows = np.flatnonzero(used_rows(audits) & ~np.isnat(audits.visited_at))
    owner, passed, late = audits.dealer[rows], audits.passed[rows], audits.visited_at[rows] >= opens
    item = numbered(audits.criterion[rows]) * 2 + numbered(audits.kind[rows])
    usual = np.bincount(item, passed, minlength=1) / np.maximum(np.bincount(item, minlength=1), 1)
    rest = passed - usual[item]
    mean = []
    for side in (~late, late):
        n = np.bincount(owner[side], minlength=count)
        total = np.bincount(owner[side], rest[side], minlength=count)
        mean.append(np.where(n > 0, total / np.maximum(n, 1), np.nan))
    change = mean[1] - mean[0]
    known = ~np.isnan(change)
    return np.where(known, change - float(np.median(change[known])), 0.0) if known.any() else np.zeros(count)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer when the window opens, and responses and all-perfect ones before and inside."""
    counted, full = perfect(inputs)
    opens = opening(inputs.responses.submitted_at[counted]) if counted.any() else None
    found: dict[int, dict[str, Any]] = {}
    for dealer in dealers:
        mine = counted & (inputs.responses.dealer == dealer)
        late = mine & (inputs.responses.submitted_at >= opens) if opens is not None else mine & False
        found[dealer] = {
            "window_opens": None if opens is None else str(opens),
            "before": {"responses": int((mine & ~late).sum()), "perfect": int((mine & ~late & full).sum())},
            "inside": {"responses": int(late.sum()), "perfect": int((late & full).sum())},
        }
    return found
