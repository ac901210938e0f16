"""Response rate: more customers answer than elsewhere, and the level is above what the audits support.

Formula: responses / valid contacts, beta-binomial among peers; z = min(z of that share, z of the gap between survey
and audit + 0.5). Unit: share. Minimum: 30 valid contacts. Source: docs/detection.md ("high *and* discordant").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.contrast import gated
from audit_api.anomaly.counts import fit_counts, reasons
from audit_api.anomaly.frame import responses_of_valid
from audit_api.anomaly.indicator import LEVEL, NO_FRAME, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.levels import survey_against_audit
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="response_rate",
    group=LEVEL,
    unit="share",
    min_n=30,
    title_zh="回收率偏高，且满意度超出审核",
    title_en="A high response rate above what audits support",
    formula="min(z of responses / valid contacts, z of the gap between survey and audit + 0.5)",
    source="detection.md",
    sentence_zh=(
        "{n}个有效联系方式中，{observed:.0%}作了答，同类店预期为{expected:.0%}；"
        "满意度是否高于审核结果所支持的水平也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} valid contacts answered, {expected:.0%} expected among peers; whether the survey is "
        "above what the audits support is taken into account (chance of this much: {p})."
    ),
    explanations=(
        Explanation("L03", "老客户多，乐于作答", "Loyal customers who like to answer"),
        Explanation("", "厂家组织的抽奖提高了回收率", "A lottery run by the manufacturer"),
        Explanation("", "中性提醒客户留意问卷", "A neutral notice that a survey will come"),
    ),
)


def compute(inputs: Inputs, peers: Peers, seed: int, *, severity_adjusted: bool = True) -> IndicatorResult:
    """Compare the response rate with peers, where the level is above what the audits support."""
    count = len(inputs.dealers)
    valid, answered = responses_of_valid(inputs)
    levels = survey_against_audit(inputs, peers, severity_adjusted=severity_adjusted)
    gap = np.zeros(count)
    told = levels.use
    gap[told] = ((levels.level - levels.expected) / np.sqrt(levels.sampling + levels.unknown))[told]
    reason = reasons(count, ((valid < INDICATOR.min_n, NO_FRAME),))
    without = (reason == "") & ~told
    reason[without] = levels.reason[without]
    use = reason == ""
    fit = fit_counts(answered, valid, peers, use)
    z = np.where(use, gated(fit.z, gap), 0.0)
    return IndicatorResult(
        observed=np.where(use, answered / np.maximum(valid, 1), np.nan),
        expected=np.where(use, fit.mean, np.nan),
        n=valid,
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer how many contacts were valid and how many customers answered."""
    valid, answered = responses_of_valid(inputs)
    return {d: {"valid": int(valid[d]), "responses": int(answered[d])} for d in dealers}
