"""The phone's clock."""

from __future__ import annotations

from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Find a phone whose clock runs ahead of the server; behind it, a late sending explains everything."""
    if facts.skew_seconds is None:
        return None
    ahead = -facts.skew_seconds
    return Outcome(
        ahead <= limits.clock_skew_seconds,
        ahead,
        f"手机时钟比服务器快 {ahead:.0f} 秒",
        f"the phone's clock runs {ahead:.0f} s ahead of the server",
    )


CHECK = Check(
    "clock", "手机时钟", "Clock of the phone", "latest time on the phone, time of receipt", ("clock_skew_seconds",),
    False, run,
)  # fmt: skip
