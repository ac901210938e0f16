"""Sheets that repeat the auditor's own sheets from other dealers.

Formula: excess = the largest share of scored items answered as in another own visit, to another dealer, less the mean
of that largest share when the own visits are replaced, 20 times, by visits of other auditors of about the same score
(equally many, so the chance of meeting is the same); the mean excess against the other auditors'. Unit: share of
items. Minimum: 5 visits. Source: docs/detection.md; Kuriakose & Robbins' largest match, with a null of the same
size, items and level instead of a fixed cut-off, as docs/detection.md asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.comparison import mean_result
from audit_api.anomaly.auditors.indicator import Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.auditors.sheets import Sheets, match_shares, sheets_of
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Floats, Integers

INDICATOR = Indicator(
    code="own_match",
    unit="share",
    min_n=5,
    needs_zh="同一检查表至少 5 次走访",
    needs_en="at least 5 visits to one checklist",
    title_zh="与本人其他走访雷同",
    title_en="Repeats own other sheets",
    formula="largest match with own visits to other dealers less that with as many like-scored visits of others; t",
    source="detection.md, the auditors too; null of the same size after Simmons et al. 2016",
    sentence_zh=(
        "{n}次走访与本人在其他店的答卷最高相同比例，比同等条件高{observed:.1%}；其他审核员为{expected:.1%}（概率{p}）。"
    ),
    sentence_en=(
        "Over {n} visits the nearest own sheet from another dealer matches {observed:.1%} more than as many "
        "like-scored sheets of others would; other auditors: {expected:.1%} (chance: {p})."
    ),
    explanations=(
        Explanation("", "同一集团的店按同一标准布置", "Dealers of one group are run by one standard"),
        Explanation("", "本人的判断尺度前后一致", "An auditor who reads the standard the same way every time"),
    ),
)
DRAWS = 20
WINDOW = 15
FLOOR = 0.02
MOST_COMPARED = 400
"""Own visits compared at most, drawn at random beyond that."""


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Compare each auditor's excess with the others'."""
    excess = np.full(len(inputs.visits.visit), np.nan)
    for sheets in sheets_of(inputs):
        for a in np.unique(inputs.auditor[sheets.rows]):
            mine = _own(inputs, sheets, int(a), rng)
            if len(mine) < INDICATOR.min_n:
                continue
            apart = inputs.dealer[sheets.rows[mine]][:, None] != inputs.dealer[sheets.rows[mine]][None, :]
            own = np.where(apart, match_shares(sheets, mine, mine), np.nan)
            drawn = np.zeros(len(mine))
            for stand_in in _stand_ins(sheets, mine, inputs.auditor[sheets.rows] != a, rng):
                drawn += _largest(np.where(apart, match_shares(sheets, mine, stand_in), np.nan)) / DRAWS
            excess[sheets.rows[mine]] = _largest(own) - drawn
    return mean_result(excess, inputs.auditor, len(inputs.auditors), min_n=INDICATOR.min_n, floor=FLOOR)


def _own(inputs: Inputs, sheets: Sheets, a: int, rng: np.random.Generator) -> Integers:
    mine = np.flatnonzero(inputs.auditor[sheets.rows] == a)
    return mine if len(mine) <= MOST_COMPARED else np.sort(rng.choice(mine, MOST_COMPARED, replace=False))


def _stand_ins(sheets: Sheets, mine: Integers, others: Any, rng: np.random.Generator) -> list[Integers]:
    """Replace each own visit by one of the 15 nearest by score on either side, made by others."""
    pool = np.flatnonzero(others)
    if not len(pool):
        return []
    pool = pool[np.argsort(sheets.mean[pool], kind="stable")]
    place = np.searchsorted(sheets.mean[pool], sheets.mean[mine])
    low = np.clip(place - WINDOW, 0, max(0, len(pool) - 2 * WINDOW))
    width = np.minimum(2 * WINDOW, len(pool) - low)
    return [pool[low + (rng.random(len(mine)) * width).astype(np.int64)] for _ in range(DRAWS)]


def _largest(shares: Floats) -> Floats:
    result: Floats = np.max(np.nan_to_num(shares, nan=0.0), axis=1)
    return result


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the pairs of own visits, at different dealers, that match most (at most 20)."""
    found: dict[int, dict[str, Any]] = {a: {"visits": [], "matches": []} for a in auditors}
    names = inputs.visits.visit
    for sheets in sheets_of(inputs):
        for a in auditors:
            mine = np.flatnonzero(inputs.auditor[sheets.rows] == a)[:MOST_COMPARED]
            if len(mine) < 2:
                continue
            shares = match_shares(sheets, mine, mine)
            rows = sheets.rows[mine]
            left, right = np.triu_indices(len(mine), 1)
            use = (inputs.dealer[rows[left]] != inputs.dealer[rows[right]]) & ~np.isnan(shares[left, right])
            left, right = left[use], right[use]
            best = np.argsort(-shares[left, right], kind="stable")[:20]
            found[a]["matches"] += [
                {"visit": str(names[rows[left[i]]]), "other": str(names[rows[right[i]]]),
                 "share": float(shares[left[i], right[i]])}
                for i in best
            ]  # fmt: skip
    for told in found.values():
        told["matches"] = sorted(told["matches"], key=lambda m: (-m["share"], m["visit"], m["other"]))[:20]
        told["visits"] = sorted({m["visit"] for m in told["matches"]} | {m["other"] for m in told["matches"]})
    return found
