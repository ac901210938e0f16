"""Auditors' statements: integrity items of planned visits that were answered against the dealer.

Formula: number of adverse answers among the integrity items of planned visits (touchpoint XCT_INTEGRITY, or an item
the playbook cites as a trace); expected from how often each of these items is adverse in the network; beta-binomial.
Unit: share. Minimum: 3 such answers. Source: docs/detection.md; items of the playbook's catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.audit_level import TRACES
from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.counts import count_result, fit_counts, reasons, share_offset
from audit_api.anomaly.identities import numbered
from audit_api.anomaly.indicator import NO_AUDIT, STATEMENT, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.parse import Truths
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="auditor_statements",
    group=STATEMENT,
    unit="share",
    min_n=3,
    title_zh="审核员的诚信记录",
    title_en="Auditors' integrity findings",
    formula="normal score of adverse integrity answers given how often the same items are adverse elsewhere",
    source="detection.md; integrity items of the playbook",
    sentence_zh=(
        "计划内到访的{n}条诚信记录中，{observed:.0%}对该店不利；按各条目在其他店的情况，预期为{expected:.0%}"
        "（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} integrity answers of planned visits speak against the dealer; from the same items "
        "elsewhere {expected:.0%} are expected (chance of this many: {p})."
    ),
    explanations=(
        Explanation("L08", "审核员对诚信条目普遍从严", "An auditor who is strict about these items everywhere"),
        Explanation("", "厂家统一发放的中性二维码海报", "A neutral poster issued by the manufacturer"),
        Explanation("L07", "个别新员工当天误解规定", "One new employee who misunderstood a rule that day"),
    ),
)

TOUCHPOINT = "XCT_INTEGRITY"


@kept
def integrity_rows(inputs: Inputs) -> Truths:
    """Mark the answered integrity items of planned visits."""
    audits = inputs.audits
    rows = audits.planned() & ~np.isnan(audits.passed)
    if len(audits):
        cited = np.isin(audits.criterion.astype(str), list(TRACES))
        rows &= cited | (audits.touchpoint == TOUCHPOINT)
    return rows


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare the adverse integrity answers about each dealer with the same items elsewhere."""
    audits, count = inputs.audits, len(inputs.dealers)
    rows = np.flatnonzero(integrity_rows(inputs))
    dealer, adverse = audits.dealer[rows], 1.0 - audits.passed[rows]
    item = numbered(audits.criterion[rows])
    asked = np.bincount(item, minlength=1)
    usual = (np.bincount(item, adverse, minlength=1) + 0.5) / (asked + 1.0)
    n = np.bincount(dealer, minlength=count)
    k = np.bincount(dealer, adverse, minlength=count).astype(np.int64)
    expected = np.bincount(dealer, usual[item], minlength=count) / np.maximum(n, 1)
    reason = reasons(count, ((n < INDICATOR.min_n, NO_AUDIT),))
    return count_result(fit_counts(k, n, peers, reason == "", offset=share_offset(expected)), reason)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the visits and items answered against it (at most 100)."""
    audits = inputs.audits
    rows = integrity_rows(inputs) & (audits.passed == 0)
    found = {}
    for dealer in dealers:
        mine = np.flatnonzero(rows & (audits.dealer == dealer))
        found[dealer] = {
            "findings": [
                {"visit": str(audits.visit[i]), "kind": str(audits.kind[i]), "item": str(audits.criterion[i])}
                for i in mine[:100]
            ],
            "finding_count": len(mine),
        }
    return found
