"""Discordance: a survey level that the audits do not support.

Formula: y = mean score of the dealer's responses, a score being the response's mean in standard deviations of the
network's responses, held at −2; r = y − Huber regression of y on the shrunken audit
levels (covert and announced as two covariates, strata as intercepts); z = r/√(s²/n + β²·var(audit level) + τ²).
Unit: standard deviations of single responses. Minimum: 10 responses and one planned visit.
Source: docs/detection.md (the structure of Han, Yaraghi & Gopal 2018: self-report against inspection).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.audit_level import KindLevel, audit_levels, used_rows
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.indicator import (
    CONSTANT,
    FEW_PEERS,
    FEW_RESPONSES,
    LEVEL,
    NO_AUDIT,
    Explanation,
    Indicator,
    IndicatorResult,
    unassessable,
)
from audit_api.anomaly.parse import Floats, Integers
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import additive_variance, huber_fit

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
        "{n}份答卷的满意度水平为{observed:+.2f}个标准差；审核结果与之相当的同类店预期为{expected:+.2f}"
        "（偶然达到这一差距的概率{p}）。"
    ),
    sentence_en=(
        "The survey level over {n} responses is {observed:+.2f} standard deviations; peers with such audit "
        "results are expected at {expected:+.2f} (chance of a gap this large: {p})."
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

HELD = -2.0
"""No response counts as further below average than this, in standard deviations."""
FLOOR = 0.05**2
"""Dealers differ by at least this much for reasons nobody measures; keeps large samples from looking exact."""


def response_scores(inputs: Inputs) -> Floats:
    """Return each response's mean in network standard deviations, held at −2; NaN where nothing was answered.

    Items are centred first, so that leaving out a hard item does not raise a customer's mean. Ranks (normal
    scores) would stretch the difference between full and nearly full marks, which at a ceiling is noise, and
    hide sheets that are high without being perfect; one furious customer is held at −2 instead.
    """
    scaled = inputs.scaled()
    have = ~np.isnan(scaled)
    count = have.sum(axis=0)
    centre = np.where(have, scaled, 0.0).sum(axis=0) / np.maximum(count, 1)
    answered = have.sum(axis=1)
    mean = np.where(have, scaled - centre, 0.0).sum(axis=1) / np.maximum(answered, 1)
    result = np.full(len(mean), np.nan)
    known = answered > 0
    spread = float(np.std(mean[known])) if known.any() else 0.0
    result[known] = np.maximum(mean[known] / spread, HELD) if spread > 1e-9 else 0.0
    return result


def compute(inputs: Inputs, peers: Peers, seed: int, *, severity_adjusted: bool = True) -> IndicatorResult:
    """Compare each dealer's survey level with what its audits lead one to expect."""
    count = len(inputs.dealers)
    score = response_scores(inputs)
    known = ~np.isnan(score)
    dealer = inputs.responses.dealer[known]
    n = np.bincount(dealer, minlength=count)
    level = np.bincount(dealer, score[known], minlength=count) / np.maximum(n, 1)
    audits = audit_levels(inputs, severity_adjusted=severity_adjusted)
    visited = sum((kind.visits for kind in audits), np.zeros(count, dtype=np.int64)) > 0
    reason = np.full(count, "", dtype=object)
    reason[~visited] = NO_AUDIT
    reason[n < INDICATOR.min_n] = FEW_RESPONSES
    use = reason == ""
    design = np.column_stack([peers.design(), *(kind.level for kind in audits)])
    if use.sum() < design.shape[1] + 5:
        blank = unassessable(count, FEW_PEERS)
        reason[use] = FEW_PEERS
        return IndicatorResult(blank.observed, blank.expected, n, blank.z, blank.p, reason)
    within = score[known] - level[dealer]
    freedom = int(np.maximum(n - 1, 0).sum())
    s2 = float(np.sum(within**2) / max(freedom, 1))
    if s2 < 1e-12:
        reason[use] = CONSTANT
        blank = unassessable(count, CONSTANT)
        return IndicatorResult(blank.observed, blank.expected, n, blank.z, blank.p, reason)
    expected, variance = _expect(level, design, s2 / np.maximum(n, 1), audits, use)
    z = np.where(use, (level - expected) / np.sqrt(variance), 0.0)
    return IndicatorResult(
        observed=np.where(use, level, np.nan),
        expected=np.where(use, expected, np.nan),
        n=n.astype(np.int64),
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def _expect(
    level: Floats, design: Floats, sampling: Floats, audits: tuple[KindLevel, ...], use: np.ndarray[Any, Any]
) -> tuple[Floats, Floats]:
    """Alternate between the regression and the between-dealer variance; return (expected, total variance)."""
    tau = 0.02
    expected, audit_part = np.zeros(len(level)), np.zeros(len(level))
    for _ in range(4):
        beta = _rising_fit(level[use], design[use], (sampling + audit_part + tau)[use], len(audits))
        expected = design @ beta
        slopes = beta[-len(audits) :]
        audit_part = np.zeros(len(level))
        for slope, kind in zip(slopes, audits, strict=True):
            # What a kind without visits, or with few, leaves unknown about the dealer.
            audit_part += max(slope, 0.0) ** 2 * kind.unknown
        tau = additive_variance((level - expected)[use], (sampling + audit_part)[use], floor=FLOOR)
    return expected, sampling + audit_part + tau


def _rising_fit(y: Floats, X: Floats, variance: Floats, audits: int) -> Floats:
    """Return Huber coefficients in which no audit slope (the last columns) is negative.

    A falling slope would be chance, and would make a dealer look unusual for a good audit: it is set to 0.
    """
    kept = np.ones(X.shape[1], dtype=bool)
    while True:
        beta = np.zeros(X.shape[1])
        beta[kept] = huber_fit(y, X[:, kept], variance)
        slopes = beta[-audits:]
        if (slopes >= 0).all():
            return beta
        kept[X.shape[1] - audits + int(np.argmin(slopes))] = False


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the rows behind the figure: survey and audit per touchpoint, and the visits used."""
    audits, rows = inputs.audits, used_rows(inputs.audits)
    owner, visit = audits.dealer[rows], audits.visit[rows]
    touched, kind, passed = audits.touchpoint[rows], audits.kind[rows], audits.passed[rows]
    scaled, columns = inputs.scaled(), [inputs.columns[i] for i in inputs.drivers()]
    count = len(inputs.dealers)
    tables: dict[int, list[dict[str, Any]]] = {dealer: [] for dealer in dealers}
    for touchpoint in sorted({column.touchpoint for column in columns}):
        own = [i for i, column in enumerate(columns) if column.touchpoint == touchpoint]
        marks = scaled[:, own].ravel()
        means = {"survey": _means(np.repeat(inputs.responses.dealer, len(own)), marks, count)}
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
    total = np.bincount(owner[known], values[known], minlength=count)
    mean = np.where(seen > 0, total / np.maximum(seen, 1), np.nan)
    return mean, float(total.sum() / seen.sum()) if seen.sum() else None
