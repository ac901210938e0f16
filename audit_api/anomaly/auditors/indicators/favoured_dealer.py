"""One dealer always treated better than colleagues treat it.

Formula: y = logit of a visit's share of points; e = y less checklist and auditor effects (crossed random effects) less
the mean of the same for the other auditors' visits to that dealer. Per dealer visited at least 3 times:
(mean e there − median e elsewhere)/its standard error, where one visit has the variance 1/(s + .5) + 1/(n − s + .5) of
its s points in n items plus that of a day, estimated robustly over the network; p from Student's t, times the number of
the auditor's dealers compared (Šidák). Unit shown: points of 100. Minimum: 3 visits to the dealer, 3 by others there,
5 elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t

from audit_api.anomaly.auditors.comparison import SMALLEST_P
from audit_api.anomaly.auditors.indicator import NO_COMMON_DEALERS, Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.auditors.severity import fit_crossed
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Floats, Integers
from audit_api.anomaly.robust import additive_variance

INDICATOR = Indicator(
    code="favoured_dealer",
    unit="points",
    min_n=3,
    needs_zh="对同一家店至少 3 次走访，且他人也至少 3 次",
    needs_en="at least 3 visits to one dealer, and 3 by others there",
    title_zh="对某一家店格外宽松",
    title_en="One dealer treated better",
    formula="largest over dealers of the gap to what others find there beyond the gap elsewhere; t, Šidák",
    source="detection.md, the auditors too",
    sentence_zh="对其中一家店的{n}次走访，比其他审核员在该店所见高{observed:.1f}分（概率{p}，已扣除其一贯的宽严）。",
    sentence_en=(
        "At one dealer, over {n} visits, marks lie {observed:.1f} points above what other auditors find there "
        "(chance: {p}, allowing for the auditor's usual severity)."
    ),
    explanations=(
        Explanation("", "到访时该店正处于整改后的好时期", "The visits fell into a good time of that dealer"),
        Explanation("", "他人走访时该店正在装修或缺人", "Others came during building works or when staff was short"),
    ),
)
FEWEST_OTHERS, FEWEST_REST = 3, 5
SMALLEST_DAY = 0.2
"""Least standard deviation of a day, on the logit scale."""
MEDIAN_EFFICIENCY = 0.37


@dataclass(frozen=True, slots=True)
class Pair:
    """One auditor at one dealer: gap in points, visits, chance before the number of dealers is counted."""

    auditor: int
    dealer: int
    gap: float
    n: int
    others: int
    p: float


def pairs(inputs: Inputs) -> list[Pair]:
    """Compare every auditor with the others at every dealer they visited repeatedly."""
    points, logit, sampling = _levels(inputs)
    known = np.flatnonzero(~np.isnan(logit))
    if len(known) < 2 or len(np.unique(inputs.auditor[known])) < 2:
        return []
    who, where = inputs.auditor[known], inputs.dealer[known]
    model = fit_crossed(logit[known], where, who, inputs.checklist[known])
    fair = logit[known] - model.fixed[inputs.checklist[known]] - model.auditor[who]
    gap = _gaps(fair, who, where)
    rest, sampling = fair - model.dealer[where], sampling[known]
    noise = sampling + additive_variance(rest - np.median(rest), sampling, floor=SMALLEST_DAY**2)
    freedom = max(len(known) - len(np.unique(who)) - len(np.unique(where)), 5) * MEDIAN_EFFICIENCY
    found = []
    for a in np.unique(who):
        mine = (who == a) & ~np.isnan(gap)
        for d in np.unique(where[mine]):
            here, elsewhere = mine & (where == d), mine & (where != d)
            there = (where == d) & (who != a)
            n, m = int(here.sum()), int(there.sum())
            if n < INDICATOR.min_n or m < FEWEST_OTHERS or elsewhere.sum() < FEWEST_REST:
                continue
            away = float(gap[here].mean() - np.median(gap[elsewhere]))
            variance = noise[here].mean() / n + noise[there].mean() / m + 1.57 * noise.mean() / elsewhere.sum()
            told = float(points[known][here].mean() - points[known][there].mean())
            p = max(float(t.sf(away / np.sqrt(variance), freedom)), SMALLEST_P)
            found.append(Pair(int(a), int(d), told, n, m, p))
    return found


def _levels(inputs: Inputs) -> tuple[Floats, Floats, Floats]:
    """Return per visit its points of 100, their logit, and the logit's variance by the number of items."""
    answers = inputs.answers
    scored = ~np.isnan(answers.mark)
    count = len(inputs.visits.visit)
    n = np.bincount(answers.visit[scored], minlength=count).astype(np.float64)
    s = np.bincount(answers.visit[scored], answers.mark[scored] / 100.0, minlength=count)
    got, missed = s + 0.5, n - s + 0.5
    known = n > 0
    points = np.where(known, 100.0 * s / np.maximum(n, 1), np.nan)
    return points, np.where(known, np.log(got / missed), np.nan), 1 / got + 1 / missed


def _gaps(fair: Floats, who: Integers, where: Integers) -> Floats:
    """Return per visit its level less the mean of the other auditors' at its dealer; NaN with too few of them."""
    gap = np.full(len(fair), np.nan)
    for d in np.unique(where):
        at = np.flatnonzero(where == d)
        for i in at:
            rest = at[who[at] != who[i]]
            if len(rest) >= FEWEST_OTHERS:
                gap[i] = fair[i] - fair[rest].mean()
    return gap


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Give each auditor's most favoured dealer."""
    count = len(inputs.auditors)
    observed, p, n = np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, dtype=np.int64)
    by: dict[int, list[Pair]] = {}
    for pair in pairs(inputs):
        by.setdefault(pair.auditor, []).append(pair)
    for a, mine in by.items():
        best = min(mine, key=lambda pair: (pair.p, pair.dealer))
        observed[a], n[a] = best.gap, best.n
        p[a] = max(-np.expm1(len(mine) * np.log1p(-min(best.p, 1 - 1e-12))), SMALLEST_P)
    reason = np.where(np.isnan(p), NO_COMMON_DEALERS, "").astype(object)
    return Result(observed, np.where(np.isnan(p), np.nan, 0.0), n, p, reason)


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the dealers compared, the largest gap first, and the visits to the first."""
    names = {int(d): str(inputs.visits.dealer[row]) for row, d in enumerate(inputs.dealer)}
    every = pairs(inputs)
    found = {}
    for a in auditors:
        mine = sorted((pair for pair in every if pair.auditor == a), key=lambda pair: (pair.p, pair.dealer))
        first = (
            np.flatnonzero((inputs.auditor == a) & (inputs.dealer == mine[0].dealer))
            if mine
            else np.array([], dtype=np.int64)
        )
        found[a] = {
            "dealers": [
                {"dealer": names[pair.dealer], "gap": pair.gap, "visits": pair.n, "by_others": pair.others}
                for pair in mine[:20]
            ],
            "visits": [str(inputs.visits.visit[row]) for row in first][:50],
        }
    return found
