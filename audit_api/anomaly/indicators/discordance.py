"""Discordance: a survey level that the audits do not support.

Formula: y = mean score of the dealer's responses, a score being the response's mean in standard deviations of the
network's responses, held at −2; r = y − Huber regression of y on the shrunken audit
levels (covert and announced as two covariates, strata as intercepts), fitted without dealers that other groups
of evidence single out; z = r/√(s²/n + β²·var(audit level) + τ²).
Unit: standard deviations of single responses. Minimum: 10 responses and one planned visit.
Source: docs/detection.md (the structure of Han, Yaraghi & Gopal 2018: self-report against inspection).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.audit_level import planned_rows
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.indicator import LEVEL, Explanation, Indicator, IndicatorResult
from audit_api.anomaly.levels import survey_against_audit
from audit_api.anomaly.parse import Floats, Integers
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.sheets import marks_by_dealer

INDICATOR = Indicator(
    code="discordance",
    group=LEVEL,
    unit="SD",
    min_n=10,
    title_zh="满意度与审核不一致",
    title_en="Discordance between survey and audit",
    formula="z = (y − Xβ) / √(s²/n + β²·var(audit level) + τ²), y = mean standard score of responses, held at −2",
    source="detection.md; structure after Han, Yaraghi & Gopal 2018",
    sentence_zh=(
        "按{n}份答卷，满意度与全网平均水平相差{observed:+.2f}个标准差；审核结果与之相当的同类店预期相差{expected:+.2f}"
        "（偶然达到这一差距的概率{p}）。"
    ),
    sentence_en=(
        "Over {n} responses customers mark {observed:+.2f} standard deviations from the network's mean; peers with "
        "such audit results are expected at {expected:+.2f} (chance of a gap this large: {p})."
    ),
    explanations=(
        Explanation(
            "L07", "审核当天情况特殊（人员生病、系统故障、客流高峰）", "A bad audit day: illness, outage, peak"
        ),
        Explanation("L08", "审核员普遍偏严", "An auditor who is strict everywhere"),
        Explanation("L09", "审核之后已经改进", "The dealer has improved since the audit"),
        Explanation("L03", "老客户多，评价偏高", "Many loyal customers who mark generously"),
    ),
)


def compute(inputs: Inputs, peers: Peers, seed: int, *, severity_adjusted: bool = True) -> IndicatorResult:
    """Compare each dealer's survey level with what its audits lead one to expect."""
    levels = survey_against_audit(inputs, peers, severity_adjusted=severity_adjusted)
    use = levels.use
    z = np.zeros(len(use))
    z[use] = ((levels.level - levels.expected) / np.sqrt(levels.sampling + levels.unknown))[use]
    return IndicatorResult(
        observed=np.where(use, levels.level, np.nan),
        expected=np.where(use, levels.expected, np.nan),
        n=levels.n.astype(np.int64),
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=levels.reason,
    )


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the rows behind the figure: survey and audit per touchpoint, and the visits used."""
    audits, rows = inputs.audits, planned_rows(inputs)
    owner, visit = audits.dealer[rows], audits.visit[rows]
    touched, kind, passed = audits.touchpoint[rows], audits.kind[rows], audits.passed[rows]
    columns = [inputs.columns[i] for i in inputs.drivers()]
    number, marks = marks_by_dealer(inputs)
    count = len(inputs.dealers)
    tables: dict[int, list[dict[str, Any]]] = {dealer: [] for dealer in dealers}
    for touchpoint in sorted({column.touchpoint for column in columns}):
        own = [i for i, column in enumerate(columns) if column.touchpoint == touchpoint]
        means = {"survey": _ratio(marks[:, own].sum(axis=1), number[:, own].sum(axis=1))}
        for name in ("mystery", "announced"):
            at = (touched == touchpoint) & (kind == name)
            means[name] = _means(owner[at], passed[at], count)
        for dealer in dealers:
            entry: dict[str, Any] = {"touchpoint": touchpoint}
            for name, (by_dealer, network) in means.items():
                entry[name] = None if np.isnan(by_dealer[dealer]) else float(by_dealer[dealer])
                entry[f"{name}_network"] = network
            tables[dealer].append(entry)
    return {
        dealer: {"touchpoints": tables[dealer], "visits": sorted({str(code) for code in visit[owner == dealer]})}
        for dealer in dealers
    }


def _means(owner: Integers, values: Floats, count: int) -> tuple[Floats, float | None]:
    """Return the mean per dealer (NaN where there is none) and over all."""
    known = ~np.isnan(values)
    seen = np.bincount(owner[known], minlength=count)
    total: Floats = np.bincount(owner[known], values[known], minlength=count).astype(np.float64)
    return _ratio(total, seen)


def _ratio(total: Floats, seen: Integers) -> tuple[Floats, float | None]:
    mean = np.where(seen > 0, total / np.maximum(seen, 1), np.nan)
    return mean, float(total.sum() / seen.sum()) if seen.sum() else None
