"""Visits far too short for their checklist.

Formula: −ln(duration / expected duration) less its mean over the checklist; the auditor's mean against the other
auditors', who have a pace of their own each. Unit: the share of the expected time, exp(−mean). Minimum: 5 visits with a
duration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.comparison import mean_result
from audit_api.anomaly.auditors.indicator import NO_DURATIONS, Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Floats

INDICATOR = Indicator(
    code="tempo",
    unit="share of expected time",
    min_n=5,
    needs_zh="至少 5 次有时长的走访",
    needs_en="at least 5 visits with a duration",
    title_zh="走访过短",
    title_en="Visits far too short",
    formula="geometric mean of duration/expected; t of its logarithm against the other auditors",
    source="detection.md, the auditors too",
    sentence_zh="{n}次走访平均用时为标准时长的{observed:.0%}；其他审核员为{expected:.0%}（概率{p}）。",
    sentence_en=(
        "{n} visits took {observed:.0%} of the expected time on average; other auditors: {expected:.0%} (chance: {p})."
    ),
    explanations=(
        Explanation("", "经验丰富，或负责的店较小", "Experience, or smaller dealers"),
        Explanation("", "离店后才在手机上开始填写（暗访）", "The report was begun after leaving (covert visits)"),
    ),
)
FLOOR = 0.15
SHORTEST_SECONDS = 30.0


def slowness(inputs: Inputs) -> Floats:
    """Return −ln(duration/expected) per visit, NaN where one is unknown."""
    visits = inputs.visits
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.maximum(visits.duration_s, SHORTEST_SECONDS) / visits.expected_s
        return np.where((visits.duration_s >= 0) & (visits.expected_s > 0), -np.log(ratio), np.nan)


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Compare each auditor's tempo with the others'."""
    result = mean_result(
        slowness(inputs), inputs.auditor, len(inputs.auditors), min_n=INDICATOR.min_n, floor=FLOOR, few=NO_DURATIONS
    )
    return replace(result, observed=np.exp(-result.observed), expected=np.exp(-result.expected))


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the shortest visits with minutes taken and expected (at most 20)."""
    slow = slowness(inputs)
    found = {}
    for a in auditors:
        mine = np.flatnonzero((inputs.auditor == a) & ~np.isnan(slow))
        mine = mine[np.argsort(-slow[mine], kind="stable")][:20]
        found[a] = {
            "visits": [str(inputs.visits.visit[v]) for v in mine],
            "durations": [
                {
                    "visit": str(inputs.visits.visit[v]),
                    "minutes": float(inputs.visits.duration_s[v] / 60),
                    "expected_minutes": float(inputs.visits.expected_s[v] / 60),
                }
                for v in mine
            ],
        }
    return found
