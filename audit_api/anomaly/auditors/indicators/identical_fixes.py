"""Position fixes that are the same to the last digit at different times, or with an accuracy of 0 (mocked).

Formula: fixes equal in latitude and longitude to another fix of the same auditor taken at another moment, or with an
accuracy of 0 m, of all fixes; a fix the phone kept (same moment) counts once and is no repetition. Beta-binomial,
mean = the others' share (at least 2 %), intra-class correlation at least .05. Unit: share of fixes. Minimum: 10 fixes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.comparison import count_result
from audit_api.anomaly.auditors.indicator import NO_FIXES, Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Integers, Truths

INDICATOR = Indicator(
    code="identical_fixes",
    unit="share",
    min_n=10,
    needs_zh="至少 10 个定位",
    needs_en="at least 10 position fixes",
    title_zh="定位完全相同",
    title_en="Identical position fixes",
    formula="share of fixes repeated exactly at another time, or of accuracy 0; beta-binomial against the others",
    source="detection.md, the auditors too",
    sentence_zh=(
        "{n}个定位中，{observed:.0%}与另一时刻的定位完全相同或精度为 0；按其他审核员应为{expected:.0%}（概率{p}）。"
    ),
    sentence_en=(
        "{observed:.0%} of {n} position fixes repeat another moment's to the last digit or claim an accuracy of 0; "
        "from the other auditors {expected:.0%} are expected (chance: {p})."
    ),
    explanations=(
        Explanation("", "手机省电，把旧定位标成新时间", "A phone that saves power and gives an old fix a new time"),
        Explanation("", "室内无信号时反复返回同一基站位置", "Indoors the phone returns the position of one mast"),
    ),
)
FLOOR, CORRELATION = 0.02, 0.05


def repeated(inputs: Inputs) -> tuple[Integers, Truths]:
    """Return the rows of the fixes that count (each moment of an auditor once), and which of those repeat another."""
    fixes = inputs.fixes
    who = inputs.auditor[fixes.visit]
    order = np.lexsort([fixes.fixed_at, fixes.lon, fixes.lat, who])
    keys = [column[order] for column in (who, fixes.lat, fixes.lon)]
    same_place = np.ones(len(order), dtype=bool)
    same_place[:1] = False
    for key in keys:
        same_place[1:] &= key[1:] == key[:-1]
    same_time = np.append(False, fixes.fixed_at[order][1:] == fixes.fixed_at[order][:-1])[: len(order)]
    kept = ~(same_place & same_time)
    order, same_place = order[kept], same_place[kept]
    again = same_place.copy()
    again[:-1] |= same_place[1:]
    return order, again | (fixes.accuracy_m[order] == 0)


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Count each auditor's repeated or mocked fixes."""
    rows, again = repeated(inputs)
    who = inputs.auditor[inputs.fixes.visit[rows]]
    count = len(inputs.auditors)
    k, n = np.bincount(who[again], minlength=count), np.bincount(who, minlength=count)
    return count_result(k, n, min_n=INDICATOR.min_n, floor=FLOOR, rho=CORRELATION, few=NO_FIXES)


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the visits with repeated fixes (at most 50) and how many fixes repeat."""
    rows, again = repeated(inputs)
    who = inputs.auditor[inputs.fixes.visit[rows]]
    found = {}
    for a in auditors:
        mine = inputs.fixes.visit[rows[again & (who == a)]]
        found[a] = {
            "visits": [str(inputs.visits.visit[v]) for v in np.unique(mine)][:50],
            "fix_count": len(mine),
        }
    return found
