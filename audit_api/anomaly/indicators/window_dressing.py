"""Window dressing: answers rise in the assessment window by more than the dealer's audits do.

Formula: Δ = mean score of the responses submitted in the last third of the period (the month before a quarter closes)
less the mean before; a = the change of the audits (share passed beyond what the same criteria give), 0 where visits do
not fall on both sides; z = (Δ − Huber fit on strata and a, never falling) / √(s²(1/n₁ + 1/n₀) + τ²), s² the variance
of responses within dealer and side, pooled. Unit: SD of responses. Minimum: 10 responses in the window and 10 before.
Source: docs/detection.md, which takes the share of perfect answers: means tell gamed windows from others better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.audit_level import planned_rows
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
from audit_api.anomaly.levels import response_scores
from audit_api.anomaly.parse import Floats, Integers, Moments, Truths
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import additive_variance, huber_fit
from audit_api.anomaly.sheets import sheets

INDICATOR = Indicator(
    code="window_dressing",
    group=LEVEL,
    unit="SD",
    min_n=20,
    title_zh="考核期评分骤升",
    title_en="A rise in the assessment window",
    formula="z = (Δ mean score − fit on strata and the audits' own change) / √(s²(1/n₁ + 1/n₀) + τ²)",
    source="detection.md",
    sentence_zh=(
        "{n}份答卷的满意度水平在考核期内变化{observed:+.2f}个标准差，同类店预期为{expected:+.2f}（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "Over {n} responses the survey level changes by {observed:+.2f} standard deviations in the assessment window, "
        "{expected:+.2f} expected among peers (chance of this much: {p})."
    ),
    explanations=(
        Explanation("L09", "期内确有改进", "A real improvement during the period"),
        Explanation("L15", "新车型上市，普遍好评", "A new model that everybody likes"),
        Explanation("L10", "新店或新团队逐步成熟", "A new store or team that finds its feet"),
    ),
)

WINDOW_SHARE = 1 / 3
EACH_SIDE = 10
FLOOR = 0.06**2


def perfect(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses count (half of the items answered, a time known) and which are all full marks."""
    seen = sheets(inputs)
    counted: Truths = (seen.answered > 0) & (seen.answered >= 0.5 * len(inputs.drivers()))
    counted &= ~np.isnat(inputs.responses.submitted_at)
    return counted, counted & (seen.full == seen.answered)


def opening(submitted: Moments, share: float = WINDOW_SHARE) -> np.datetime64:
    """Return when the assessment window opens: the last `share` of the time from the 1st to the 99th percentile."""
    moment = np.sort(submitted[~np.isnat(submitted)]).astype(np.int64)
    first, last = moment[int(0.01 * (len(moment) - 1))], moment[int(0.99 * (len(moment) - 1))]
    return np.datetime64(int(last - share * (last - first)), "s")


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare each dealer's change in the assessment window with its peers' and its own audits'."""
    count = len(inputs.dealers)
    score = response_scores(inputs)
    counted: Truths = ~np.isnan(score) & ~np.isnat(inputs.responses.submitted_at)
    if not counted.any():
        return unassessable(count, NO_TIMES)
    opens = opening(inputs.responses.submitted_at[counted])
    dealer, late = inputs.responses.dealer, inputs.responses.submitted_at >= opens
    n1, inside = _mean(dealer, score, counted & late, count)
    n0, before = _mean(dealer, score, counted & ~late, count)
    left = (score - np.where(late, inside[dealer], before[dealer]))[counted]
    freedom = int(np.maximum(n0 - 1, 0).sum() + np.maximum(n1 - 1, 0).sum())
    s2 = float(np.sum(left**2)) / max(freedom, 1)
    checks = ((np.full(count, s2 < 1e-12), CONSTANT), ((n1 < EACH_SIDE) | (n0 < EACH_SIDE), FEW_IN_WINDOW))
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
    change = inside - before
    sampling = s2 * (1 / np.maximum(n1, 1) + 1 / np.maximum(n0, 1))
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


def _mean(dealer: Integers, score: Floats, rows: Truths, count: int) -> tuple[Integers, Floats]:
    """Return per dealer how many of the rows are its own, and their mean score (0 without any)."""
    n = np.bincount(dealer[rows], minlength=count).astype(np.int64)
    return n, np.bincount(dealer[rows], score[rows], minlength=count) / np.maximum(n, 1)


def audit_change(inputs: Inputs, opens: np.datetime64) -> Floats:
    """Return per dealer the change of the audits from before to inside the window, centred; 0 where unknown."""
    return inputs.once(f"audit_change {opens}", lambda: _audit_change(inputs, opens))


def _audit_change(inputs: Inputs, opens: np.datetime64) -> Floats:
    audits, count = inputs.audits, len(inputs.dealers)
    rows = planned_rows(inputs)
    rows = rows[~np.isnat(audits.visited_at[rows])]
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
