"""All-perfect excess: more sheets with nothing but full marks than the dealer's own full marks imply.

Formula: a = logit of the share of all-perfect responses; x = logit of that share among all responses of the
network tilted until their top-box share is the dealer's own; r = a − Huber regression of a on x;
z = r/√(c·v + τ²), v the binomial variance of a logit, τ² with a floor. Unit: logit (shown as shares).
Minimum: 10 responses. Source: docs/detection.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.indicator import (
    CONSTANT,
    FEW_PEERS,
    FEW_RESPONSES,
    LEVEL,
    Explanation,
    Indicator,
    IndicatorResult,
    unassessable,
)
from audit_api.anomaly.parse import Floats, Truths
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import huber_fit, scaled_variance

INDICATOR = Indicator(
    code="all_perfect",
    group=LEVEL,
    unit="share",
    min_n=10,
    title_zh="整卷满分偏多",
    title_en="Excess of all-perfect responses",
    formula="z = (logit a − b₀ − b₁·logit a*) / √(c·v + τ²), a* = all-perfect share tilted to the own top-box share",
    source="detection.md",
    sentence_zh=(
        "{n}份答卷中有{observed:.0%}全部打满分；按该店自身满分率，同类店预期为{expected:.0%}（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} responses give full marks throughout; peers with the same share of full marks are "
        "expected at {expected:.0%} (chance of this many: {p})."
    ),
    explanations=(
        Explanation("L13", "分数普遍接近满分，差别本来就小", "A ceiling: marks near the top leave little variety"),
        Explanation("L14", "当地客户习惯整卷打同一分", "Customers here tend to give every item the same mark"),
        Explanation("L01", "服务确实出色，客户整体满意", "A really excellent dealer, pleasing customers throughout"),
    ),
)

FLOOR = 0.15**2
MINIMUM_ANSWERED = 0.5
"""A response counts where at least half of its items are answered."""


def perfect_responses(inputs: Inputs) -> tuple[Truths, Truths, Floats, Floats]:
    """Return per response: counted, all-perfect, number of top marks, number of answers."""
    scaled = inputs.scaled()
    have = ~np.isnan(scaled)
    top = have & (scaled >= 1.0)
    answered, tops = have.sum(axis=1).astype(np.float64), top.sum(axis=1).astype(np.float64)
    counted = (answered > 0) & (answered >= MINIMUM_ANSWERED * scaled.shape[1])
    return counted, counted & (tops == answered), tops, answered


def tilted(share: Floats, own: Floats) -> Floats:
    """Return the all-perfect share of responses tilted to each top-box share in `own`.

    share: top share of every counted response of the network. Weights exp(λ·share) are chosen so that the
    weighted mean is `own`: the mildest change of the network's mixture that explains the dealer's level.
    """
    values, counts = np.unique(np.round(share, 9), return_counts=True)
    grid = np.concatenate([-np.geomspace(400, 0.01, 200), [0.0], np.geomspace(0.01, 400, 200)])
    log_weight = np.log(counts)[None, :] + grid[:, None] * (values - 1.0)[None, :]
    log_weight -= log_weight.max(axis=1, keepdims=True)
    weight = np.exp(log_weight)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ values
    miss = weight @ (values < 1.0).astype(np.float64)
    # Interpolated on logits, where both ends are nearly straight lines.
    x = logit(np.clip(mean, 1e-12, 1 - 1e-12))
    y = logit(np.clip(1 - miss, 1e-12, 1 - 1e-12))
    result: Floats = expit(np.interp(logit(own), x, y))
    return result


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare each dealer's share of all-perfect responses with what its own level implies."""
    count = len(inputs.dealers)
    counted, perfect, tops, answered = perfect_responses(inputs)
    dealer = inputs.responses.dealer[counted]
    n = np.bincount(dealer, minlength=count).astype(np.float64)
    k = np.bincount(dealer, perfect[counted], minlength=count)
    reason = np.full(count, "", dtype=object)
    reason[n < INDICATOR.min_n] = FEW_RESPONSES
    use = reason == ""
    blank = unassessable(count, "")
    trouble = ""
    if use.sum() < peers.design().shape[1] + 5:
        trouble = FEW_PEERS
    elif len(np.unique(tops[counted] / answered[counted])) < 2 or not 0 < k.sum() < n.sum():
        trouble = CONSTANT
    if trouble:
        reason[use] = trouble
        return IndicatorResult(blank.observed, blank.expected, n.astype(np.int64), blank.z, blank.p, reason)
    share = (np.bincount(dealer, tops[counted], minlength=count) + 0.5) / (
        np.bincount(dealer, answered[counted], minlength=count) + 1.0
    )
    a = logit((k + 0.5) / (n + 1.0))
    x = logit(np.clip(tilted(tops[counted] / answered[counted], share), 1e-9, 1 - 1e-9))
    design = np.column_stack([peers.design(), x])
    expected, variance = _expect(a, design, n, use)
    z = np.where(use, (a - expected) / np.sqrt(variance), 0.0)
    return IndicatorResult(
        observed=np.where(use, k / np.maximum(n, 1), np.nan),
        expected=np.where(use, expit(expected), np.nan),
        n=n.astype(np.int64),
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def _expect(a: Floats, design: Floats, n: Floats, use: Truths) -> tuple[Floats, Floats]:
    expected = design[:, -1]
    c, tau = 1.0, 0.1
    variance = np.ones(len(a))
    for _ in range(4):
        e = np.clip(expit(expected), 0.5 / (n + 1), 1 - 0.5 / (n + 1))
        sampling = 1.0 / ((n + 1) * e * (1 - e))
        variance = c * sampling + tau
        beta = huber_fit(a[use], design[use], variance[use])
        expected = design @ beta
        c, tau = scaled_variance((a - expected)[use], sampling[use], floor=FLOOR)
        variance = c * sampling + tau
    return expected, variance


def evidence(inputs: Inputs, dealer: int) -> dict[str, Any]:
    """Return the rows behind the figure: the ids of the all-perfect responses (at most 200) and their number."""
    perfect = perfect_responses(inputs)[1] & (inputs.responses.dealer == dealer)
    ids = [str(code) for code in inputs.responses.response_id[perfect]]
    return {"responses": ids[:200], "response_count": len(ids)}
