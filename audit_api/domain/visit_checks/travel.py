"""Travel from the auditor's visit before."""

from __future__ import annotations

from audit_api.domain.submission_rules import distance_metres
from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts

KM_H = ((150.0, 130.0), (800.0, 300.0), (float("inf"), 800.0))
"""Up to so many kilometres, so many kilometres an hour: road, fast train, aeroplane."""
NEAR_KM, SLACK_MINUTES = 2.0, 10.0


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Compare the minutes since the end of the visit before with the least the way takes."""
    if facts.previous is None or facts.dealer_position is None:
        return None
    km = distance_metres(facts.previous.position, facts.dealer_position) / 1000
    minutes = (facts.started_at - facts.previous.ended_at).total_seconds() / 60
    needed = km / next(speed for reach, speed in KM_H if km <= reach) * 60 - SLACK_MINUTES
    return Outcome(
        km < NEAR_KM or minutes >= needed,
        minutes,
        f"距上次走访 {km:.0f} 公里，相隔仅 {minutes:.0f} 分钟",
        f"the visit before was {km:.0f} km away and ended only {minutes:.0f} minutes earlier",
    )


CHECK = Check(
    "travel", "行程可行", "Travel possible", "end and dealer of the auditor's visit before, beginning", (), True, run
)
