"""Times in an order that can be."""

from __future__ import annotations

from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts, moment


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Find an end before the beginning, and answers from before it."""
    before = [
        o["item"] for o in facts.observations
        if (at := moment(o.get("answered_at"))) is not None and at < facts.started_at
    ]  # fmt: skip
    wrong = facts.ended_at < facts.started_at
    return Outcome(
        not before and not wrong,
        float(len(before) + wrong),
        f"{'结束早于开始；' if wrong else ''}{len(before)} 个答案早于走访开始",
        f"{'the end lies before the beginning; ' if wrong else ''}{len(before)} answers are from before the beginning",
        tuple(before),
    )


CHECK = Check("time_order", "时间顺序", "Order of times", "beginning, end, times of answers", (), False, run)
