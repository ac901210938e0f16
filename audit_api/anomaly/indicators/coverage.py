"""Coverage: eligible customers who were never supplied to the survey, together with missing low answers.

Formula: share of eligible events not supplied, beta-binomial among peers; z = min(z of that share, z of missing
low answers + 0.5), the latter from the share of low responses given the full marks of the others. Unit: share.
Minimum: 30 eligible events. Not judged where single events are known (`frame.followed`).
Source: docs/detection.md ("low *and* low tail missing"); playbook G03.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.contrast import gated
from audit_api.anomaly.counts import fit_counts, reasons
from audit_api.anomaly.frame import followed, supplied_of_eligible
from audit_api.anomaly.indicator import (
    FEW_RESPONSES,
    FRAME,
    NO_FRAME,
    SINGLE_EVENTS,
    Explanation,
    Indicator,
    IndicatorResult,
)
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.unhappy import unhappy_missing

INDICATOR = Indicator(
    code="coverage",
    group=FRAME,
    unit="share",
    min_n=30,
    title_zh="应交客户缺失，且低分偏少",
    title_en="Customers not supplied, and few low answers",
    formula="min(z of the share of eligible events not supplied, z of missing low answers + 0.5)",
    source="detection.md; playbook G03",
    sentence_zh=(
        "{n}笔应调查的业务中，{observed:.0%}未提供给调查，同类店预期为{expected:.0%}；"
        "同时低分答卷是否少于应有的份数也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} eligible events were not supplied to the survey, {expected:.0%} expected among peers; "
        "whether low answers are fewer than they should be is taken into account (chance of this much: {p})."
    ),
    explanations=(
        Explanation("", "客户确有隐私要求", "Genuine requests for privacy"),
        Explanation("", "系统故障或接口中断", "An outage of the system or its interface"),
        Explanation("L05", "车队业务按规定不参加调查", "Fleet business that is rightly left out"),
    ),
)


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare the share of customers not supplied with peers, where low answers are missing too."""
    count = len(inputs.dealers)
    eligible, supplied = supplied_of_eligible(inputs)
    missing, told = unhappy_missing(inputs, peers)
    checks = ((~told, FEW_RESPONSES), (eligible < INDICATOR.min_n, NO_FRAME), (followed(inputs), SINGLE_EVENTS))
    reason = reasons(count, checks)
    use = reason == ""
    fit = fit_counts(eligible - supplied, eligible, peers, use)
    z = np.where(use, gated(fit.z, missing), 0.0)
    return IndicatorResult(
        observed=np.where(use, 1.0 - supplied / np.maximum(eligible, 1), np.nan),
        expected=np.where(use, fit.mean, np.nan),
        n=eligible,
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer how many events were eligible and how many of them supplied."""
    eligible, supplied = supplied_of_eligible(inputs)
    return {d: {"eligible": int(eligible[d]), "supplied": int(supplied[d])} for d in dealers}
