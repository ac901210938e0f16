"""Facts: customers report facts (a written quote, a test drive, a call) that the audits of the same points deny.

Formula: F = mean over a dealer's answered fact items of (1 or 0 less that item's share in the network); A = mean of
(passed less that criterion's share, less the auditor's severity) over planned audits of the same touchpoints,
shrunken by its own reliability;
x = (F − Huber fit of F on A, never falling) / √(s²/n + β²·unknown part of A + τ²); z = min(x, c + 0.5), c the contrast
of responses whose two facts or more all speak for the dealer with its others (x alone where they cannot be compared):
a bad audit day or an improvement since makes nobody happier than his neighbour. Unit: share. Minimum: 15 responses
with a fact, and one audit of such a touchpoint. Source: docs/detection.md; playbook G01, G16.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.audit_level import planned_rows, severities
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.contrast import HELD, contrast, gated
from audit_api.anomaly.counts import reasons
from audit_api.anomaly.identities import numbered
from audit_api.anomaly.indicator import (
    CONSTANT,
    FEW_PEERS,
    LEVEL,
    NO_AUDIT,
    NO_FACTS,
    Explanation,
    Indicator,
    IndicatorResult,
    unassessable,
)
from audit_api.anomaly.levels import response_scores
from audit_api.anomaly.parse import Floats, Integers, Truths
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import additive_variance, huber_fit

INDICATOR = Indicator(
    code="facts",
    group=LEVEL,
    unit="share",
    min_n=15,
    title_zh="客户所述事实与审核不符",
    title_en="Facts that audits do not bear out",
    formula="min(z of customers' facts given the audits of the same points, z of how happy all-favourable are + 0.5)",
    source="detection.md; playbook G01 and G16",
    sentence_zh=(
        "{n}份答卷所述事实对该店有利的比例与全网相差{observed_points:+.0f}个百分点；同类触点审核结果与之相当的店"
        "预期相差{expected_points:+.0f}"
        "（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "In {n} responses, facts speak for the dealer {observed_points:+.0f} percentage points more often than in "
        "the network; dealers with such audits of the same points are expected at {expected_points:+.0f} "
        "(chance of this much: {p})."
    ),
    explanations=(
        Explanation("L07", "审核当天情况特殊", "A bad audit day"),
        Explanation("L09", "审核之后已经改进", "The dealer has improved since the audit"),
        Explanation("", "客户记不清，习惯选“是”", "Customers who do not remember and say yes"),
    ),
)

FLOOR = 0.02**2
FACTS_OF_A_RESPONSE = 2


def stated_facts(inputs: Inputs) -> tuple[Integers, Floats, Floats]:
    """Return per dealer: responses with a fact, mean fact beyond the network's, and the pooled variance of one."""
    return inputs.once("stated_facts", lambda: _stated_facts(inputs))


def _stated_facts(inputs: Inputs) -> tuple[Integers, Floats, Floats]:
    facts, dealer, count = inputs.responses.facts, inputs.responses.dealer, len(inputs.dealers)
    have = ~np.isnan(facts)
    usual = np.where(have, facts, 0.0).sum(axis=0) / np.maximum(have.sum(axis=0), 1)
    answered = have.sum(axis=1)
    mean = np.where(have, facts - usual, 0.0).sum(axis=1) / np.maximum(answered, 1)
    rows = answered > 0
    n = np.bincount(dealer[rows], minlength=count)
    level = np.bincount(dealer[rows], mean[rows], minlength=count) / np.maximum(n, 1)
    left = mean[rows] - level[dealer[rows]]
    s2 = float(np.sum(left**2)) / max(int(np.maximum(n - 1, 0).sum()), 1)
    return n, level, np.full(count, s2)


def audited_facts(inputs: Inputs, *, severity_adjusted: bool = True) -> tuple[Integers, Floats, Floats]:
    """Return per dealer: audit answers at the touchpoints with facts, shrunken level, and its unknown variance."""
    return inputs.once(f"audited_facts {severity_adjusted}", lambda: _audited_facts(inputs, severity_adjusted))


def _audited_facts(inputs: Inputs, severity_adjusted: bool) -> tuple[Integers, Floats, Floats]:
    audits, count = inputs.audits, len(inputs.dealers)
    used = planned_rows(inputs)
    leniency = _leniency(inputs, used) if severity_adjusted else np.zeros(len(used))
    here = _at(audits.touchpoint[used], inputs.fact_touchpoints)
    rows = used[here]
    owner, passed = audits.dealer[rows], audits.passed[rows] - leniency[here]
    kind = numbered(audits.kind[rows])
    item = numbered(audits.criterion[rows]) * 2 + kind
    usual = np.bincount(item, passed, minlength=1) / np.maximum(np.bincount(item, minlength=1), 1)
    n = np.bincount(owner, minlength=count)
    level = np.bincount(owner, passed - usual[item], minlength=count) / np.maximum(n, 1)
    seen = n > 0
    if seen.sum() < 2:
        return n, np.zeros(count), np.zeros(count)
    # Answers of one visit rise and fall together: their noise is doubled.
    noise = 2 * float(np.var(passed - usual[item]))
    between = max(float(np.var(level[seen])) - noise * float(np.mean(1.0 / n[seen])), 1e-4)
    reliability = np.where(seen, between / (between + noise / np.maximum(n, 1)), 0.0)
    return n, reliability * level, between * (1 - reliability)


def _leniency(inputs: Inputs, used: Integers) -> Floats:
    """Return the severity effect of the auditor behind each used row (positive = lenient)."""
    audits = inputs.audits
    if not len(used):
        return np.empty(0)
    effects = severities(inputs)
    # Visits stand in the order of dealer, visit and kind.
    key = (audits.dealer[used] * len(audits) + numbered(audits.visit[used])) * 2 + (audits.kind[used] == "announced")
    result: Floats = effects[np.unique(key.astype(np.int64), return_inverse=True)[1]]
    return result


def _at(touchpoint: Any, wanted: tuple[str, ...]) -> Truths:
    found = np.zeros(len(touchpoint), dtype=bool)
    for name in wanted:
        found |= touchpoint == name
    return found


def favourable(inputs: Inputs) -> tuple[Floats, Truths]:
    """Return per dealer how much happier responses are whose facts all speak for it (z), and where that can be told."""
    facts, count = inputs.responses.facts, len(inputs.dealers)
    have = ~np.isnan(facts)
    score = response_scores(inputs)
    told = (have.sum(axis=1) >= FACTS_OF_A_RESPONSE) & ~np.isnan(score)
    inside = (~have | (facts == 1)).all(axis=1)
    found = contrast(np.maximum(score, HELD)[told], inputs.responses.dealer[told], inside[told], count)
    return found.z, ~np.isnan(found.difference)


def compute(inputs: Inputs, peers: Peers, seed: int, *, severity_adjusted: bool = True) -> IndicatorResult:
    """Compare the facts customers report with what audits of the same touchpoints lead one to expect."""
    count = len(inputs.dealers)
    n, level, s2 = stated_facts(inputs)
    seen, audited, unknown = audited_facts(inputs, severity_adjusted=severity_adjusted)
    flat = bool(n.any()) and float(s2[0]) < 1e-12
    checks = (
        (np.full(count, flat), CONSTANT),
        (seen == 0, NO_AUDIT),
        (n < INDICATOR.min_n, NO_FACTS),
    )
    reason = reasons(count, checks)
    use = reason == ""
    design = np.column_stack([peers.design(), audited])
    fitted = use & ~peers.aside()
    if use.any() and fitted.sum() < design.shape[1] + 5:
        reason[use] = FEW_PEERS
        use = np.zeros(count, dtype=bool)
    if not use.any():
        blank = unassessable(count, "")
        return IndicatorResult(blank.observed, blank.expected, n.astype(np.int64), blank.z, blank.p, reason)
    sampling, tau, part = s2 / np.maximum(n, 1), 0.01, np.zeros(count)
    for _ in range(4):
        beta = huber_fit(level[fitted], design[fitted], (sampling + part + tau)[fitted])
        if beta[-1] < 0:  # a falling slope would be chance
            beta = np.append(huber_fit(level[fitted], design[fitted, :-1], (sampling + tau)[fitted]), 0.0)
        expected = design @ beta
        part = beta[-1] ** 2 * unknown
        tau = additive_variance((level - expected)[fitted], (sampling + part)[fitted], floor=FLOOR)
    z = np.where(use, (level - expected) / np.sqrt(sampling + part + tau), 0.0)
    happier, comparable = favourable(inputs)
    z = np.where(comparable, gated(z, happier), z)
    return IndicatorResult(
        observed=np.where(use, level, np.nan),
        expected=np.where(use, expected, np.nan),
        n=n.astype(np.int64),
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer and touchpoint the share of favourable facts and of passed audit criteria."""
    audits, responses = inputs.audits, inputs.responses
    used = planned_rows(inputs)
    found: dict[int, dict[str, Any]] = {}
    for dealer in dealers:
        entries = []
        mine, visited = np.flatnonzero(responses.dealer == dealer), used[audits.dealer[used] == dealer]
        for i, touchpoint in enumerate(inputs.fact_touchpoints):
            facts = responses.facts[mine, i]
            passed = audits.passed[visited[audits.touchpoint[visited] == touchpoint]]
            entries.append(
                {"touchpoint": touchpoint, "customers": _mean(facts), "audits": _mean(passed), "answers": len(facts)}
            )
        found[dealer] = {"touchpoints": entries}
    return found


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
