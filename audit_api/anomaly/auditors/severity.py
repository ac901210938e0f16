"""Auditors' severity after dealer effects: a linear model with crossed random effects, fitted by EM.

Model: y = checklist + dealer + auditor + rest, where y is a visit's mean mark less the means of its items (points of
100), dealer ~ N(0, σ_d²), auditor ~ N(0, σ_a²), rest ~ N(0, σ²). Variances by restricted maximum likelihood (EM on
Henderson's mixed-model equations); the auditors' effects are best linear predictions, shrunk when visits are few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.parse import Floats, Integers

ROUNDS = 500
SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Crossed:
    """Hold a fit: effects with their standard errors, variances of dealers, auditors and the rest."""

    auditor: Floats
    auditor_error: Floats
    dealer: Floats
    fixed: Floats
    dealer_variance: float
    auditor_variance: float
    rest_variance: float


def fit_crossed(y: Floats, dealer: Integers, auditor: Integers, group: Integers) -> Crossed:
    """Fit y with crossed random effects of dealer and auditor and a fixed mean per group, all numbered from 0."""
    D, A, G = (int(x.max()) + 1 for x in (dealer, auditor, group))
    n = np.bincount(dealer, minlength=D).astype(np.float64)
    side = G + A  # fixed and auditors stand together; the dealers' block is diagonal and eliminated
    B = np.zeros((D, side))
    np.add.at(B, (dealer, group), 1.0)
    np.add.at(B, (dealer, G + auditor), 1.0)
    Z = np.zeros((len(y), side))
    Z[np.arange(len(y)), group] = 1.0
    Z[np.arange(len(y)), G + auditor] = 1.0
    K, zy, dy = Z.T @ Z, Z.T @ y, np.bincount(dealer, y, minlength=D)
    vd = va = ve = max(float(np.var(y)) / 3, SMALLEST)
    u = np.zeros(side)
    d = np.zeros(D)
    C: Floats = np.eye(side)
    for _ in range(ROUNDS):
        inner = n + ve / vd
        P = B / inner[:, None]
        S = K - B.T @ P
        S[np.arange(G, side), np.arange(G, side)] += ve / va
        C = np.asarray(np.linalg.inv(S + 1e-9 * np.eye(side)), dtype=np.float64)
        u = C @ (zy - P.T @ dy)
        d = (dy - B @ u) / inner
        dealer_trace = float(np.sum(1 / inner) + np.sum((P @ C) * P))
        before = (vd, va, ve)
        vd = max((float(d @ d) + ve * dealer_trace) / D, SMALLEST)
        va = max((float(u[G:] @ u[G:]) + ve * float(np.trace(C[G:, G:]))) / A, SMALLEST)
        ve = max(float(y @ (y - Z @ u - d[dealer])) / max(len(y) - G, 1), SMALLEST)
        if max(abs(a - b) for a, b in zip((vd, va, ve), before, strict=True)) < 1e-7 * max(ve, SMALLEST):
            break
    error = np.sqrt(np.maximum(np.diag(C)[G:] * ve, 0.0))
    return Crossed(u[G:], error, d, u[:G], vd, va, ve)


def visit_levels(inputs: Inputs) -> Floats:
    """Return each visit's mean mark less the means of its items, NaN without a scored item."""
    answers = inputs.answers
    scored = ~np.isnan(answers.mark)
    item = np.unique(answers.item.astype(str), return_inverse=True)[1][scored]
    visit, mark = answers.visit[scored], answers.mark[scored]
    usual = np.bincount(item, mark) / np.maximum(np.bincount(item), 1)
    count = len(inputs.visits.visit)
    n = np.bincount(visit, minlength=count)
    return np.where(n > 0, np.bincount(visit, mark - usual[item], minlength=count) / np.maximum(n, 1), np.nan)
