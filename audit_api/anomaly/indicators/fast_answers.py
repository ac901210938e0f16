"""Fast answers: responses far quicker than usual for their number of items and channel, and happier.

Formula: x = ln(duration / answered items), centred on the median of the channel; S = x below the channel's median
by 1.645 of its standard deviations, taken from its slower half (gamed answers would stretch the quicker one);
z = min(z of the share in S among peers, contrast z beyond the usual + 0.5). Unit: share. Minimum: 15 responses with
a duration. Source: docs/detection.md; playbook G04, G10.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.contrast import stratum_result, stratum_rows
from audit_api.anomaly.identities import numbered
from audit_api.anomaly.indicator import NO_DURATIONS, PROCESS, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.parse import Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="fast_answers",
    group=PROCESS,
    unit="share",
    min_n=15,
    title_zh="答题过快",
    title_en="Very quick answers",
    formula="min(z of the share below the channel's seconds per item, z of their happiness beyond the usual + 0.5)",
    source="detection.md; playbook G04 and G10",
    sentence_zh=(
        "{n}份有用时记录的答卷中，{observed:.0%}就其题数与渠道而言特别快，同类店预期为{expected:.0%}，"
        "且这些答卷是否比本店其他答卷更满意也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} timed responses are very quick for their length and channel, {expected:.0%} expected "
        "among peers; whether they are happier than the dealer's other responses is taken into account (chance of "
        "this much: {p})."
    ),
    explanations=(
        Explanation("L14", "熟悉问卷的客户整卷打同一分，很快填完", "Customers who know the form and mark quickly"),
        Explanation("L13", "普遍满意时无需斟酌", "Where everybody is pleased there is little to weigh"),
        Explanation("", "计时从打开最后一页算起等技术原因", "A technical cause: timing that begins late"),
    ),
)

BELOW = 1.645
QUARTER = 0.6744897501960817
MINIMUM_CHANNEL = 200


@kept
def quick(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses have a duration, and which of these are very quick for their length and channel."""
    responses = inputs.responses
    answered = (~np.isnan(responses.answers)).sum(axis=1, dtype=np.int16)
    known: Truths = (responses.duration_s > 0) & (answered > 0)
    pace = np.full(len(responses), np.nan)
    pace[known] = np.log(responses.duration_s[known] / answered[known])
    channel = numbered(responses.channel)
    # Small channels together: a quantile of a handful says nothing.
    size = np.bincount(channel[known] + 1, minlength=int(channel.max(initial=-1)) + 2)
    channel = np.where(size[channel + 1] >= MINIMUM_CHANNEL, channel, -1)
    inside = np.zeros(len(responses), dtype=bool)
    for number in np.unique(channel[known]):
        rows = np.flatnonzero(known & (channel == number))
        middle, upper = np.quantile(pace[rows], [0.5, 0.75])
        inside[rows] = pace[rows] < middle - BELOW * (upper - middle) / QUARTER
    return known, inside


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Judge very quick responses by their share and by their contrast with the dealer's others."""
    known, inside = quick(inputs)
    return stratum_result(inputs, peers, INDICATOR, known=known, inside=inside, missing=NO_DURATIONS)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the very quick responses and the mean marks inside and outside."""
    return stratum_rows(inputs, dealers, *quick(inputs))
