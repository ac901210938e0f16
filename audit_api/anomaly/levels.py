"""The survey level of each dealer, and the level its audits lead one to expect.

Shared by everything that compares the two: indicators never import each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_api.anomaly.audit_level import KindLevel, audit_levels
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.indicator import CONSTANT, FEW_PEERS, FEW_RESPONSES, NO_AUDIT
from audit_api.anomaly.parse import Floats, Integers, Texts, Truths
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import additive_variance, huber_fit
from audit_api.anomaly.sheets import sheets

HELD = -2.0
"""No response counts as further below average than this, in standard deviations."""
FLOOR = 0.05**2
"""Dealers differ by at least this much for reasons nobody measures; keeps large samples from looking exact."""
MINIMUM_RESPONSES = 10


@dataclass(frozen=True, slots=True)
class Levels:
    """Hold per dealer: level and what the audits lead one to expect, in standard deviations of single responses.

    score and dealer: one entry per answered response. sampling: variance of a level from n responses; unknown:
    variance of the honest level around the expectation (what visits leave unknown, and between dealers).
    reason: "" where there is an expectation.
    """

    score: Floats
    dealer: Integers
    n: Integers
    level: Floats
    expected: Floats
    sampling: Floats
    unknown: Floats
    reason: Texts

    @property
    def use(self) -> Truths:
        """Mark the dealers that have an expectation."""
        return np.asarray(self.reason == "", dtype=bool)


def response_scores(inputs: Inputs) -> Floats:
    """Return each response's mean in network standard deviations, held at −2; NaN where nothing was answered.

    Items are centred first, so that leaving out a hard item does not raise a customer's mean. Ranks (normal
    scores) would stretch the difference between full and nearly full marks, which at a ceiling is noise, and
    hide sheets that are high without being perfect; one furious customer is held at −2 instead.
    """
    return inputs.once("response_scores", lambda: _response_scores(inputs))


def _response_scores(inputs: Inputs) -> Floats:
    seen = sheets(inputs)
    mean = seen.beyond / np.maximum(seen.answered, 1)
    result = np.full(len(mean), np.nan)
    known = seen.answered > 0
    spread = float(np.std(mean[known])) if known.any() else 0.0
    result[known] = np.maximum(mean[known] / spread, HELD) if spread > 1e-9 else 0.0
    return result


def survey_against_audit(inputs: Inputs, peers: Peers, *, severity_adjusted: bool = True) -> Levels:
    """Return the levels of all dealers; the regression leaves out the dealers that `peers` sets aside."""
    count = len(inputs.dealers)
    every = response_scores(inputs)
    known = ~np.isnan(every)
    score, dealer = every[known], inputs.responses.dealer[known]
    n = np.bincount(dealer, minlength=count)
    level = np.bincount(dealer, score, minlength=count) / np.maximum(n, 1)
    audits = audit_levels(inputs, severity_adjusted=severity_adjusted)
    visited = sum((kind.visits for kind in audits), np.zeros(count, dtype=np.int64)) > 0
    reason = np.full(count, "", dtype=object)
    reason[~visited] = NO_AUDIT
    reason[n < MINIMUM_RESPONSES] = FEW_RESPONSES
    use = reason == ""
    design = np.column_stack([peers.design(), *(kind.level for kind in audits)])
    within = score - level[dealer]
    s2 = float(np.sum(within**2) / max(int(np.maximum(n - 1, 0).sum()), 1))
    sampling = s2 / np.maximum(n, 1)
    fitted = use & ~peers.aside()
    if fitted.sum() < design.shape[1] + 5:
        reason[use] = FEW_PEERS
    elif s2 < 1e-12:
        reason[use] = CONSTANT
    else:
        expected, unknown = _expect(level, design, sampling, audits, fitted)
        return Levels(score, dealer, n, level, expected, sampling, unknown, reason)
    blank = np.full(count, np.nan)
    return Levels(score, dealer, n, level, blank, sampling, blank.copy(), reason)


def _expect(
    level: Floats, design: Floats, sampling: Floats, audits: tuple[KindLevel, ...], use: Truths
) -> tuple[Floats, Floats]:
    """Alternate between the regression and the between-dealer variance; return (expected, variance around it)."""
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
    return expected, audit_part + tau


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
