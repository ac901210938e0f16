"""Visits made outside the dealer's fence.

Formula: visits whose nearest fix, less its own accuracy, lies outside the fence, of those with a fix and a known
position; less for a dealer at which most others stand outside too (its registered position is wrong): such dealers are
left out. Beta-binomial, mean = the others' share (at least 2 %), intra-class correlation at least .05. Unit: share of
visits. Minimum: 5 visits with a fix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.comparison import count_result
from audit_api.anomaly.auditors.indicator import NO_FIXES, Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Truths

INDICATOR = Indicator(
    code="outside_fence",
    unit="share",
    min_n=5,
    needs_zh="至少 5 次有定位的走访",
    needs_en="at least 5 visits with a position fix",
    title_zh="不在门店范围内",
    title_en="Outside the fence",
    formula="share of visits with no fix inside the fence; beta-binomial against the others' share",
    source="detection.md, the auditors too",
    sentence_zh="{n}次有定位的走访中，{observed:.0%}没有一个定位在门店范围内；按其他审核员应为{expected:.0%}（概率{p}）。",
    sentence_en=(
        "{observed:.0%} of {n} visits with a fix have none inside the dealer's fence; from the other auditors "
        "{expected:.0%} are expected (chance: {p})."
    ),
    explanations=(
        Explanation("", "登记的门店位置有误，或店已搬迁", "The dealer's registered position is wrong, or it has moved"),
        Explanation("", "地下车间内定位漂移", "The position drifts in a basement workshop"),
    ),
)
FLOOR, CORRELATION = 0.02, 0.05
WRONG_PLACE = 0.5


def outside(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which visits can be judged, and which of them lie outside."""
    visits = inputs.visits
    known = ~np.isnan(visits.distance_m) & ~np.isnan(visits.fence_m)
    out = known & (visits.distance_m > visits.fence_m)
    for d in np.unique(inputs.dealer[out]):
        here = known & (inputs.dealer == d)
        # By auditor, so that one who never comes does not make the place wrong by frequency.
        shares = [out[here & (inputs.auditor == a)].mean() for a in np.unique(inputs.auditor[here])]
        if len(shares) >= 3 and np.median(shares) > WRONG_PLACE:
            known = known & ~here
    return known, out & known


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Count each auditor's visits outside the fence."""
    known, out = outside(inputs)
    count = len(inputs.auditors)
    k = np.bincount(inputs.auditor[out], minlength=count)
    n = np.bincount(inputs.auditor[known], minlength=count)
    return count_result(k, n, min_n=INDICATOR.min_n, floor=FLOOR, rho=CORRELATION, few=NO_FIXES)


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the visits outside with their distance (at most 50)."""
    _, out = outside(inputs)
    found = {}
    for a in auditors:
        mine = np.flatnonzero(out & (inputs.auditor == a))[:50]
        found[a] = {
            "visits": [str(inputs.visits.visit[v]) for v in mine],
            "distances": [
                {"visit": str(inputs.visits.visit[v]), "metres": float(inputs.visits.distance_m[v])} for v in mine
            ],
        }
    return found
