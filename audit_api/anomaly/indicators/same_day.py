"""Same day: responses submitted on the day of the delivery or repair itself, and happier than later ones.

Formula: S = responses submitted on the event's calendar day; z = min(z of the share in S among peers, contrast
z + 0.5). Unit: share. Minimum: 15 responses with both days. Source: docs/detection.md; playbook G04.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.contrast import stratum_result, stratum_rows
from audit_api.anomaly.indicator import NO_TIMES, PROCESS, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.parse import Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="same_day",
    group=PROCESS,
    unit="share",
    min_n=15,
    title_zh="当天提交偏多",
    title_en="Submitted on the day itself",
    formula="min(z of the share submitted on the event's day, z of their happiness inside the dealer + 0.5)",
    source="detection.md; playbook G04",
    sentence_zh=(
        "{n}份答卷中，{observed:.0%}在交车或维修当天提交，同类店预期为{expected:.0%}，"
        "且这些答卷是否比本店其他答卷更满意也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} responses were submitted on the day of the event, {expected:.0%} expected among peers; "
        "whether they are happier than the dealer's other responses is taken into account (chance of this much: {p})."
    ),
    explanations=(
        Explanation("", "客户等候时如实作答", "Customers who answer while they wait"),
        Explanation("L11", "邀请当天就发出", "Invitations that go out on the day itself"),
        Explanation("", "客户趁记忆清楚当天作答", "Customers who answer while they remember"),
    ),
)


@kept
def on_the_day(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses have both days, and which of these were submitted on the event's."""
    responses = inputs.responses
    known = ~np.isnat(responses.submitted_at) & ~np.isnat(responses.event_at)
    same: Truths = responses.submitted_at.astype("datetime64[D]") == responses.event_at.astype("datetime64[D]")
    return known, known & same


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Judge responses of the same day by their share and by their contrast with the dealer's others."""
    known, inside = on_the_day(inputs)
    return stratum_result(inputs, peers, INDICATOR, known=known, inside=inside, missing=NO_TIMES)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the responses of the same day and the mean marks inside and outside."""
    return stratum_rows(inputs, dealers, *on_the_day(inputs))
