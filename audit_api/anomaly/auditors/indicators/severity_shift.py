"""Severity after dealer effects: how much stricter or milder than colleagues at the same dealers.

Formula: the auditor's effect in a linear model with crossed random effects of dealers and auditors (severity.py),
against the spread between auditors; two-sided. Shown, never a question by itself: honest auditors differ, and the
answer is calibration. Unit: points of 100. Minimum: 5 visits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.auditors.indicator import FEW_AUDITORS, FEW_VISITS, Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.auditors.severity import Crossed, fit_crossed, visit_levels
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Floats, Integers

INDICATOR = Indicator(
    code="severity",
    unit="points",
    min_n=5,
    needs_zh="至少 5 次走访",
    needs_en="at least 5 visits",
    title_zh="扣除门店差异后的严格程度",
    title_en="Severity after dealer effects",
    formula="auditor's effect in y = checklist + dealer + auditor + rest, crossed random effects by REML",
    source="detection.md, the auditors too",
    sentence_zh="在{n}次走访中，扣除门店差异后给分比同行高{observed:+.1f}分（两侧概率{p}）。",
    sentence_en=(
        "Over {n} visits marks lie {observed:+.1f} points from colleagues' at the same dealers (two-sided {p})."
    ),
    explanations=(
        Explanation("", "对标准的理解不同：应重新校准，而非追究", "Another reading of the standard: calibrate"),
        Explanation("", "负责的时段或场景更难", "Harder hours or scenarios than others have"),
    ),
    raises=False,
)


def fit(inputs: Inputs) -> tuple[Crossed, Floats] | None:
    """Fit the model on the visits with a level; None where there are fewer than two auditors or dealers."""
    level = visit_levels(inputs)
    known = ~np.isnan(level)
    if len(np.unique(inputs.auditor[known])) < 2 or len(np.unique(inputs.dealer[known])) < 2:
        return None
    return fit_crossed(level[known], inputs.dealer[known], inputs.auditor[known], inputs.checklist[known]), level


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Give each auditor's effect."""
    count = len(inputs.auditors)
    done = fit(inputs)
    blank = np.full(count, np.nan)
    if done is None:
        return Result(
            blank, blank.copy(), np.zeros(count, np.int64), blank.copy(), np.full(count, FEW_AUDITORS, object)
        )
    model, level = done
    n: Integers = np.bincount(inputs.auditor[~np.isnan(level)], minlength=count).astype(np.int64)
    effect = np.zeros(count)
    effect[: len(model.auditor)] = model.auditor
    reason = np.full(count, "", dtype=object)
    reason[n < INDICATOR.min_n] = FEW_VISITS
    able = reason == ""
    p = 2 * norm.sf(np.abs(effect) / np.sqrt(model.auditor_variance))
    return Result(np.where(able, effect, np.nan), np.where(able, 0.0, np.nan), n, np.where(able, p, np.nan), reason)


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the raw mean beside the adjusted effect, with a 95 % interval."""
    done = fit(inputs)
    if done is None:
        return {a: {} for a in auditors}
    model, level = done
    found: dict[int, dict[str, Any]] = {}
    for a in auditors:
        mine = (inputs.auditor == a) & ~np.isnan(level)
        if not mine.any() or a >= len(model.auditor):
            found[a] = {}
            continue
        effect, error = float(model.auditor[a]), float(model.auditor_error[a])
        found[a] = {
            "raw_points": float(level[mine].mean()),
            "adjusted_points": effect,
            "interval": [effect - 1.96 * error, effect + 1.96 * error],
            "spread_between_auditors": float(np.sqrt(model.auditor_variance)),
        }
    return found
