"""Position fixes identical at different times, or mocked."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Count fixes of accuracy 0, and those that repeat a place to the last digit at several moments."""
    times: dict[tuple[float, float], set[Any]] = defaultdict(set)
    mocked = seen = 0
    for fix in facts.fixes():
        seen += 1
        mocked += fix.get("accuracy_m") == 0
        times[fix["lat"], fix["lon"]].add(fix.get("fixed_at"))
    if not seen:
        return None
    most = max(len(moments) for moments in times.values())
    odd = mocked + (most if most >= limits.identical_fixes else 0)
    return Outcome(
        odd == 0,
        float(odd),
        f"{odd} 个定位精度为 0 或在不同时刻完全相同",
        f"{odd} position fixes have an accuracy of 0 or are the same to the last digit at different times",
    )


CHECK = Check(
    "fixes",
    "定位真实",
    "Position fixes",
    "position fixes with accuracy and time",
    ("check_identical_fixes",),
    False,
    run,
)
