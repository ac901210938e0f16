"""Office hours: responses submitted while the dealer is open, and happier than those of evenings and nights.

Formula: S = responses submitted from 9:00 to 18:00 on the dealer's wall clock; z = min(z of the share in S among
peers, contrast z + 0.5), the contrast beyond what is usual for office hours. Unit: share. Minimum: 15 responses with
a time. Source: docs/detection.md; playbook G04.
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
    code="office_hours",
    group=PROCESS,
    unit="share",
    min_n=15,
    title_zh="营业时间内提交偏多",
    title_en="Submitted in office hours",
    formula="min(z of the share submitted 9:00–18:00, z of their happiness inside the dealer beyond the usual + 0.5)",
    source="detection.md; playbook G04",
    sentence_zh=(
        "{n}份答卷中，{observed:.0%}在9点至18点提交，同类店预期为{expected:.0%}，"
        "且这些答卷是否比本店其他答卷更满意也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} responses were submitted from 9:00 to 18:00, {expected:.0%} expected among peers; "
        "whether they are happier than the dealer's other responses is taken into account (chance of this much: {p})."
    ),
    explanations=(
        Explanation("L11", "邀请在上班时间统一发出", "Invitations sent in one batch during office hours"),
        Explanation("", "客户多在白天方便时填写", "Customers who are free during the day"),
        Explanation("", "呼叫中心在白天致电", "A call centre that rings during the day"),
    ),
)

OPENS, CLOSES = 9, 18


@kept
def in_office_hours(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses have a time, and which of these were submitted in office hours.

    Midnight sharp is a date without a time of day.
    """
    submitted = inputs.responses.submitted_at
    day = submitted.astype("datetime64[D]")
    seconds = (submitted - day.astype("datetime64[s]")).astype("timedelta64[s]")
    known = ~np.isnat(submitted) & (seconds != np.timedelta64(0, "s"))
    hour = np.where(known, seconds.astype(np.int64) // 3600, -1)
    inside: Truths = (hour >= OPENS) & (hour < CLOSES)
    return known, inside


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Judge responses of office hours by their share and by their contrast with the dealer's others."""
    known, inside = in_office_hours(inputs)
    return stratum_result(inputs, peers, INDICATOR, known=known, inside=inside, missing=NO_TIMES)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the responses of office hours and the mean marks inside and outside."""
    return stratum_rows(inputs, dealers, *in_office_hours(inputs))
