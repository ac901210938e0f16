"""Mentions: customers who say that they were asked for full marks or promised something for them.

Formula: share of answered integrity questions sheets with at least one adverse answer (incentive or coaching),
beta-binomial among peers. Unit: share. Minimum: 20 responses with an answer. No such statement clears nobody: forms
filled in by staff answer "no" as well. Source: docs/detection.md; playbook G05, G06.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.counts import count_result, fit_counts, reasons
from audit_api.anomaly.indicator import NO_STATEMENTS, STATEMENT, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.parse import Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="mentions",
    group=STATEMENT,
    unit="share",
    min_n=20,
    title_zh="客户提到被要求打分或获得承诺",
    title_en="Customers mention a request or a promise",
    formula="normal score of the number of responses that mention an incentive or coaching, beta-binomial",
    source="detection.md; playbook G05 and G06",
    sentence_zh=(
        "{n}份回答了诚信问题的答卷中，{observed:.1%}提到被要求打某个分数或因评分获得承诺，同类店预期为{expected:.1%}"
        "（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.1%} of {n} responses to the integrity questions mention a request for a score or a promise for it, "
        "{expected:.1%} expected among peers (chance of this many: {p})."
    ),
    explanations=(
        Explanation(
            "", "只是中性告知会有问卷，被客户理解为要求", "A neutral notice of the survey, taken for a request"
        ),
        Explanation("", "对所有人的欢迎礼品或厂家抽奖", "A welcome gift for everybody, or the maker's lottery"),
        Explanation("L12", "客户以评分索要好处，门店未答应", "Customers who asked for a favour themselves"),
    ),
)


@kept
def stated(inputs: Inputs) -> tuple[Truths, Truths]:
    """Return which responses answer an integrity question, and which mention an incentive or coaching."""
    one, other = inputs.responses.mentions_incentive, inputs.responses.mentions_coaching
    known: Truths = np.asarray(~np.isnan(one) | ~np.isnan(other), dtype=bool)
    return known, (one == 1) | (other == 1)


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare how many customers mention an incentive or coaching with peers."""
    count = len(inputs.dealers)
    known, adverse = stated(inputs)
    dealer = inputs.responses.dealer
    n = np.bincount(dealer[known], minlength=count)
    k = np.bincount(dealer[known & adverse], minlength=count)
    reason = reasons(count, ((n < INDICATOR.min_n, NO_STATEMENTS),))
    return count_result(fit_counts(k, n, peers, reason == ""), reason)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the responses that mention an incentive or coaching (at most 200), and how many of each."""
    responses = inputs.responses
    _, adverse = stated(inputs)
    found = {}
    for dealer in dealers:
        mine = inputs.rows_of(dealer)
        ids = responses.response_id[mine[adverse[mine]]]
        found[dealer] = {
            "responses": [str(code) for code in ids[:200]],
            "response_count": len(ids),
            "incentive": int((responses.mentions_incentive[mine] == 1).sum()),
            "coaching": int((responses.mentions_coaching[mine] == 1).sum()),
        }
    return found
