"""The quality checks in use, listed by hand, and how they are run."""

from __future__ import annotations

from typing import Any

from audit_api.domain.visit_checks import (
    clock,
    contradictions,
    duration,
    fence,
    fixes,
    hidden_items,
    late_answers,
    narrative,
    photo_times,
    reused_photos,
    time_order,
    travel,
)
from audit_api.domain.visit_checks.check import Limits, VisitFacts

CHECKS = tuple(
    module.CHECK
    for module in (
        fence, reused_photos, travel,
        duration, clock, time_order, late_answers, hidden_items, contradictions, narrative, photo_times, fixes,
    )
)  # fmt: skip


def run_checks(facts: VisitFacts, limits: Limits) -> list[dict[str, Any]]:
    """Run every check; entries {check, title, blocking, passed (None: not assessable), observed, message, items}."""
    found = []
    for check in CHECKS:
        outcome = check.run(facts, limits)
        failed = outcome is not None and not outcome.passed
        found.append(
            {
                "check": check.code,
                "title": {"zh": check.zh, "en": check.en},
                "blocking": check.blocking,
                "passed": None if outcome is None else outcome.passed,
                "observed": None if outcome is None else outcome.observed,
                "message": {"zh": outcome.zh, "en": outcome.en} if outcome is not None and failed else None,
                "items": list(outcome.items) if outcome is not None and failed else [],
            }
        )
    return found


def open_checks(found: list[dict[str, Any]]) -> dict[str, int]:
    """Count the checks that did not pass: blocking and advisory."""
    failed = [entry for entry in found if entry["passed"] is False]
    blocking = sum(entry["blocking"] for entry in failed)
    return {"blocking": blocking, "advisory": len(failed) - blocking}
