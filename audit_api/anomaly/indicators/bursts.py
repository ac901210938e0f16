"""Bursts: responses that arrive together within an hour though they were not invited together, and happier ones.

Formula: a response's neighbours are the dealer's others submitted within ±1 h, those invited on the same day not
counted; λ = c·(n − 1), c the chance that two responses of the network are neighbours; S = responses with at least
t neighbours, t ≥ 2 the least number whose Poisson(λ) tail is at most .05, so that large dealers do not stand out;
z = min(z of the share in S among peers, contrast z + 0.5). Unit: share. Minimum: 15 responses with a time.
Source: docs/detection.md; playbook G10 ("measure gaps relative to the invitation, not the clock").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import poisson

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.contrast import stratum_result, stratum_rows
from audit_api.anomaly.counts import share_offset
from audit_api.anomaly.indicator import NO_TIMES, PROCESS, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.parse import Floats, Integers, Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="bursts",
    group=PROCESS,
    unit="share",
    min_n=15,
    title_zh="集中提交",
    title_en="Arrivals in bursts",
    formula="min(z of the share with unusually many others within ±1 h, z of their happiness inside the dealer + 0.5)",
    source="detection.md; playbook G10",
    sentence_zh=(
        "{n}份答卷中，{observed:.0%}与本店多份并非同日邀请的答卷相隔不到一小时，按答卷数量预期为{expected:.0%}，"
        "且这些答卷是否比本店其他答卷更满意也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} responses arrived within an hour of several others that were not invited on the same "
        "day, {expected:.0%} expected for so many responses; whether they are happier than the dealer's other "
        "responses is taken into account (chance of this much: {p})."
    ),
    explanations=(
        Explanation("L11", "邀请或提醒统一发出，答卷集中返回", "Invitations or reminders sent in one batch"),
        Explanation("", "系统中断后补传", "Answers held back by an outage and sent together"),
        Explanation("L05", "车队集中填写", "A fleet that answers in one sitting"),
    ),
)

HOUR = 3600
RARE = 0.05
FEWEST = 2


def neighbours(owner: Integers, moment: Integers) -> Integers:
    """Count for each row the other rows of the same owner within ±1 hour (moment in seconds)."""
    start = moment - moment.min() if len(moment) else moment
    span = int(start.max(initial=0)) + 3 * HOUR
    key = owner * span + start
    ordered = np.sort(key)
    found: Integers = np.searchsorted(ordered, key + HOUR, "right") - np.searchsorted(ordered, key - HOUR, "left") - 1
    return found


@kept
def together(inputs: Inputs) -> tuple[Truths, Truths, Floats]:
    """Return which responses have a time, which of these arrived in a burst, and the share expected per dealer."""
    responses, count = inputs.responses, len(inputs.dealers)
    known: Truths = ~np.isnat(responses.submitted_at)
    inside = np.zeros(len(responses), dtype=bool)
    rows = np.flatnonzero(known)
    if not len(rows):
        return known, inside, np.full(count, RARE)
    dealer = responses.dealer[rows]
    moment = responses.submitted_at[rows].astype(np.int64)
    invited = responses.invited_at[rows]
    day = np.where(np.isnat(invited), 0, invited.astype("datetime64[D]").astype(np.int64))
    day = np.unique(day, return_inverse=True)[1]
    span = int(day.max()) + 1
    # Rows without an invitation have no batch to be excused by.
    batch = np.where(np.isnat(invited), -1, dealer * span + day)
    excused = np.where(batch >= 0, neighbours(np.maximum(batch, 0) + (batch < 0) * (count * span + dealer), moment), 0)
    met = neighbours(dealer, moment) - excused
    everybody = neighbours(np.zeros(len(rows), dtype=np.int64), moment)
    same_day = neighbours(np.where(np.isnat(invited), span + np.arange(len(rows)), day), moment)
    chance = float(np.sum(everybody - same_day)) / max(len(rows) * (len(rows) - 1.0), 1.0)
    n = np.bincount(dealer, minlength=count)
    rate = chance * np.maximum(n - 1, 0)
    least = np.maximum(poisson.isf(RARE, rate) + 1, FEWEST)
    inside[rows] = met >= least[dealer]
    return known, inside, np.asarray(poisson.sf(least - 1, rate), dtype=np.float64)


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Judge responses that arrived in bursts by their share and by their contrast with the dealer's others."""
    known, inside, expected = together(inputs)
    return stratum_result(
        inputs, peers, INDICATOR, known=known, inside=inside, missing=NO_TIMES, offset=share_offset(expected)
    )


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the responses that arrived in bursts and the mean marks inside and outside."""
    known, inside, _ = together(inputs)
    return stratum_rows(inputs, dealers, known, inside)
