"""Validity: supplied contacts that do not work, together with missing low answers.

Formula: share of supplied contacts not valid, beta-binomial among peers; z = min(z of that share, z of missing low
answers + 0.5), the latter from the share of low responses given the full marks of the others. Unit: share.
Minimum: 30 supplied contacts. Not judged where single events are known (`frame.followed`).
Source: docs/detection.md ("low *and* low tail missing"); playbook G01, G03.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.contrast import gated
from audit_api.anomaly.counts import fit_counts, reasons
from audit_api.anomaly.frame import followed, valid_of_supplied
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
    code="validity",
    group=FRAME,
    unit="share",
    min_n=30,
    title_zh="联系方式无效，且低分偏少",
    title_en="Contacts that do not work, and few low answers",
    formula="min(z of the share of supplied contacts not valid, z of missing low answers + 0.5)",
    source="detection.md; playbook G01 and G03",
    sentence_zh=(
        "{n}个已提供的联系方式中，{observed:.0%}无效，同类店预期为{expected:.0%}；"
        "同时低分答卷是否少于应有的份数也已计入（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} contacts supplied do not work, {expected:.0%} expected among peers; whether low answers "
        "are fewer than they should be is taken into account (chance of this much: {p})."
    ),
    explanations=(
        Explanation("", "录入错误，均匀分布于各员工", "Typing errors spread evenly over the staff"),
        Explanation("L16", "异地或二网交付，联系方式不全", "Cars handed over elsewhere, with incomplete contacts"),
        Explanation("", "系统迁移造成号码丢失", "Numbers lost when a system was changed"),
    ),
)


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare the share of contacts that do not work with peers, where low answers are missing too."""
    count = len(inputs.dealers)
    supplied, valid = valid_of_supplied(inputs)
    missing, told = unhappy_missing(inputs, peers)
    checks = ((~told, FEW_RESPONSES), (supplied < INDICATOR.min_n, NO_FRAME), (followed(inputs), SINGLE_EVENTS))
    reason = reasons(count, checks)
    use = reason == ""
    fit = fit_counts(supplied - valid, supplied, peers, use)
    z = np.where(use, gated(fit.z, missing), 0.0)
    return IndicatorResult(
        observed=np.where(use, 1.0 - valid / np.maximum(supplied, 1), np.nan),
        expected=np.where(use, fit.mean, np.nan),
        n=supplied,
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer how many contacts were supplied and how many of them work."""
    supplied, valid = valid_of_supplied(inputs)
    return {d: {"supplied": int(supplied[d]), "valid": int(valid[d])} for d in dealers}
