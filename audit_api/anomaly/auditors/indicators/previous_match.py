"""Answers that repeat the previous audit of the same dealer.

Formula: excess = share of scored items answered as in the previous audit (same dealer and checklist, whoever made it)
less the mean of the same share for 30 visits by other auditors, to any dealer, of about the same score; the auditor's
mean excess against the other auditors' (comparison.mean_result): dealers keep their habits, so an honest excess is
above 0 and comes from the peers. Unit: share of items. Minimum: 5 visits with a previous audit.
Source: docs/detection.md; a null of the same size and level instead of a fixed cut-off after Simmons et al. 2016.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.comparison import mean_result
from audit_api.anomaly.auditors.indicator import NO_PREVIOUS, Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.auditors.sheets import like_scored, match_shares, sheets_of
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Floats, Integers

INDICATOR = Indicator(
    code="previous_match",
    unit="share",
    min_n=5,
    needs_zh="至少 5 次有前一次审核可比的走访",
    needs_en="at least 5 visits with a previous audit of the dealer",
    title_zh="与该店上次审核雷同",
    title_en="Repeats the previous audit",
    formula="match with the previous audit less that of like-scored visits by others; t against the other auditors",
    source="detection.md, the auditors too; null of the same level after Simmons et al. 2016",
    sentence_zh=(
        "{n}次走访与该店上次审核的答案相同比例，比同分走访高{observed:.1%}；其他审核员为{expected:.1%}（概率{p}）。"
    ),
    sentence_en=(
        "Over {n} visits answers match the previous audit {observed:.1%} more than like-scored visits do; other "
        "auditors: {expected:.1%} (chance: {p})."
    ),
    explanations=(
        Explanation("", "这些店确实没有变化，且两次相隔很近", "Nothing changed there, and the audits lie close"),
        Explanation("", "本人上次也审核过这些店", "The auditor made the previous audit too and knows the place"),
    ),
)
LIKE = 30
FLOOR = 0.02


def excesses(inputs: Inputs) -> tuple[Floats, Integers, Floats]:
    """Return per visit its match's excess (NaN: no previous audit), that audit's number, the match itself."""
    count = len(inputs.visits.visit)
    excess, share, previous = np.full(count, np.nan), np.full(count, np.nan), np.full(count, -1, dtype=np.int64)
    for sheets in sheets_of(inputs):
        rows = sheets.rows
        who, where, when = inputs.auditor[rows], inputs.dealer[rows], inputs.visits.started_at[rows]
        everybody = np.arange(len(rows))
        order = np.lexsort([when, where])
        for before, after in itertools.pairwise(order.tolist()):
            if where[before] != where[after]:
                continue
            allowed = everybody[(who != who[after]) & (everybody != before)]
            if not len(allowed):
                continue
            like = like_scored(sheets, int(after), allowed, LIKE)
            matches = match_shares(sheets, np.array([before]), np.append(like, after))[0]
            known = matches[:-1][~np.isnan(matches[:-1])]
            if len(known):
                row = rows[after]
                excess[row], share[row], previous[row] = matches[-1] - known.mean(), matches[-1], rows[before]
    return excess, previous, share


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Compare each auditor's excess with the others'."""
    excess, _, _ = excesses(inputs)
    return mean_result(
        excess, inputs.auditor, len(inputs.auditors), min_n=INDICATOR.min_n, floor=FLOOR, few=NO_PREVIOUS
    )


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the visits with the largest excess, each with the audit it repeats (at most 20)."""
    excess, previous, share = excesses(inputs)
    names = inputs.visits.visit
    found = {}
    for a in auditors:
        mine = np.flatnonzero((inputs.auditor == a) & ~np.isnan(excess))
        mine = mine[np.argsort(-excess[mine], kind="stable")][:20]
        found[a] = {
            "visits": [str(names[v]) for v in mine],
            "matches": [
                {"visit": str(names[v]), "previous": str(names[previous[v]]), "share": float(share[v]),
                 "beyond_like_scored": float(excess[v])}
                for v in mine
            ],
        }  # fmt: skip
    return found
