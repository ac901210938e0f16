"""Failed items without a photo.

Formula: failed scored items (mark below 50) without any photo, of all failed ones; expected from how often each of
these items fails without a photo at other auditors' visits; beta-binomial, intra-class correlation at least .05.
Unit: share of failed items. Minimum: 10 failed items.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.comparison import count_result
from audit_api.anomaly.auditors.indicator import FEW_FAILED, Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Integers

INDICATOR = Indicator(
    code="bare_findings",
    unit="share",
    min_n=10,
    needs_zh="至少 10 个未通过的条目",
    needs_en="at least 10 failed items",
    title_zh="未通过项缺少照片",
    title_en="Findings without photos",
    formula="share of failed items without a photo; beta-binomial, expected from the same items at others' visits",
    source="detection.md, the auditors too",
    sentence_zh="{n}个未通过项中，{observed:.0%}没有照片；按其他审核员在相同条目应为{expected:.0%}（概率{p}）。",
    sentence_en=(
        "{observed:.0%} of {n} failed items have no photo; from other auditors on the same items {expected:.0%} are "
        "expected (chance: {p})."
    ),
    explanations=(
        Explanation("", "暗访中拍照会暴露身份", "In a covert visit a photo would give the auditor away"),
        Explanation("", "店方不允许拍照", "The dealer did not allow photos"),
    ),
)
FAILED_BELOW = 50.0
CORRELATION = 0.05


def failed(inputs: Inputs) -> Integers:
    """Return the rows of failed answers."""
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(inputs.answers.mark < FAILED_BELOW)


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Count each auditor's failed items without a photo."""
    rows = failed(inputs)
    count = len(inputs.auditors)
    who = inputs.auditor[inputs.answers.visit[rows]]
    bare = ~(inputs.answers.photos[rows] > 0)
    item = np.unique(inputs.answers.item[rows].astype(str), return_inverse=True)[1] if len(rows) else rows
    items = int(item.max(initial=-1)) + 1
    own_n = np.zeros((count, items))
    own_k = np.zeros((count, items))
    np.add.at(own_n, (who, item), 1.0)
    np.add.at(own_k, (who, item), bare.astype(float))
    usual = (own_k.sum(0) - own_k + 0.5) / (own_n.sum(0) - own_n + 1.0)
    n, k = own_n.sum(1).astype(np.int64), own_k.sum(1).astype(np.int64)
    expected = (own_n * usual).sum(1) / np.maximum(n, 1)
    return count_result(
        k, n, min_n=INDICATOR.min_n, floor=0.02, rho=CORRELATION, few=FEW_FAILED, expected=expected
    )  # fmt: skip


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the failed items without a photo (at most 50)."""
    rows = failed(inputs)
    rows = rows[~(inputs.answers.photos[rows] > 0)]
    found = {}
    for a in auditors:
        mine = rows[inputs.auditor[inputs.answers.visit[rows]] == a]
        told = [
            {"visit": str(inputs.visits.visit[inputs.answers.visit[i]]), "item": str(inputs.answers.item[i])}
            for i in mine[:50]
        ]
        found[a] = {"visits": sorted({entry["visit"] for entry in told}), "items": told, "item_count": len(mine)}
    return found
