"""Straight-lined checklists: long runs of one and the same mark where sheets of the same score alternate.

Formula: the longest run of equal marks among the items of one type (yes or no, five levels, …), in the order of the
checklist, summed over the types, as a share of the scored items, less the mean of that share over the 30 visits by
other auditors whose score is nearest (a mild auditor or a good dealer has longer runs); the auditor's mean against the
other auditors'. Unit: share of items. Minimum: 5 visits. Where nearly all items are yes or no, a sheet of yes is
the sheet of an excellent dealer, and little can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.comparison import mean_result
from audit_api.anomaly.auditors.indicator import Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.auditors.sheets import FEWEST_ITEMS, like_scored, sheets_of
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Floats

INDICATOR = Indicator(
    code="straight_lining",
    unit="share",
    min_n=5,
    needs_zh="至少 5 次走访",
    needs_en="at least 5 visits",
    title_zh="直线作答",
    title_en="Straight-lined checklists",
    formula="longest run of one mark less that of like-scored visits by others; t against the other auditors",
    source="detection.md, the auditors too",
    sentence_zh=(
        "{n}次走访中，连续相同打分的最长一段比同分走访多占条目的{observed:.1%}；其他审核员为{expected:.1%}（概率{p}）。"
    ),
    sentence_en=(
        "Over {n} visits the longest run of one mark takes {observed:.1%} more of the items than in like-scored "
        "visits; other auditors: {expected:.1%} (chance: {p})."
    ),
    explanations=(
        Explanation("", "到访时各项确实均好，他人到访时较差", "The dealers were good throughout when visited"),
        Explanation("", "打分偏宽：应校准", "A mild auditor: calibrate"),
    ),
)
LIKE = 30
FLOOR = 0.02


def runs(inputs: Inputs) -> tuple[Floats, Floats]:
    """Return per visit the longest run of one mark as a share of its scored items, and that beyond others' there."""
    count = len(inputs.visits.visit)
    run, beyond = np.full(count, np.nan), np.full(count, np.nan)
    for sheets in sheets_of(inputs):
        kinds = [sheets.kind == kind for kind in np.unique(sheets.kind.astype(str))]
        for i, row in enumerate(sheets.rows):
            given = ~np.isnan(sheets.mark[i])
            if given.sum() >= FEWEST_ITEMS:
                longest = sum(_longest(sheets.mark[i][given & kind]) for kind in kinds)
                run[row] = longest / given.sum()
        known = np.flatnonzero(~np.isnan(run[sheets.rows]))
        who = inputs.auditor[sheets.rows]
        for one in known.tolist():
            others = known[who[known] != who[one]]
            if len(others):
                like = sheets.rows[like_scored(sheets, one, others, LIKE)]
                beyond[sheets.rows[one]] = run[sheets.rows[one]] - run[like].mean()
    return run, beyond


def _longest(marks: Floats) -> int:
    ends = np.flatnonzero(np.append(np.diff(marks) != 0, len(marks) > 0))
    return int(np.max(np.diff(np.append(-1, ends)), initial=0))


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Compare each auditor's runs with the others'."""
    _, beyond = runs(inputs)
    return mean_result(beyond, inputs.auditor, len(inputs.auditors), min_n=INDICATOR.min_n, floor=FLOOR)


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the visits with the longest runs (at most 20)."""
    run, beyond = runs(inputs)
    found = {}
    for a in auditors:
        mine = np.flatnonzero((inputs.auditor == a) & ~np.isnan(beyond))
        mine = mine[np.argsort(-beyond[mine], kind="stable")][:20]
        names = [str(inputs.visits.visit[v]) for v in mine]
        found[a] = {
            "visits": names,
            "runs": [{"visit": name, "share": float(run[v])} for name, v in zip(names, mine, strict=True)],
        }
    return found
