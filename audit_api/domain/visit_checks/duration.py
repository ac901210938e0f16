"""Neither far too short nor far too long."""

from __future__ import annotations

from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Hold the duration against the checklist's expected one."""
    expected = facts.checklist.expected_duration_min
    if not expected:
        return None
    share = (facts.ended_at - facts.started_at).total_seconds() / 60 / expected
    return Outcome(
        limits.shortest_share <= share <= limits.longest_share,
        share,
        f"用时为标准时长的 {share:.0%}，通常在 {limits.shortest_share:.0%} 至 {limits.longest_share:.0%} 之间",
        f"it took {share:.0%} of the expected time; {limits.shortest_share:.0%} to {limits.longest_share:.0%} is usual",
    )


CHECK = Check(
    "duration", "时长合理", "Duration", "beginning, end, the checklist's expected duration",
    ("check_shortest_share", "check_longest_share"), False, run,
)  # fmt: skip
