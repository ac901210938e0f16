"""Answers changed after leaving."""

from __future__ import annotations

from datetime import timedelta

from audit_api.domain.checklists import WORDED_TYPES
from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts, moment


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Find answers, written accounts and follow-up items aside, given long after the end of the visit."""
    until = facts.ended_at + timedelta(minutes=limits.late_minutes)
    kinds = facts.checklist.by_id
    late = [
        o["item"] for o in facts.observations
        if o["item"] in kinds and kinds[o["item"]].type not in WORDED_TYPES and not kinds[o["item"]].follow_up_hours
        and (at := moment(o.get("answered_at"))) is not None and at > until
    ]  # fmt: skip
    return Outcome(
        not late,
        float(len(late)),
        f"{len(late)} 个答案在离店 {limits.late_minutes:.0f} 分钟后填写或修改",
        f"{len(late)} answers were given or changed more than {limits.late_minutes:.0f} minutes after leaving",
        tuple(late),
    )


CHECK = Check(
    "late_answers",
    "离店后未改答案",
    "No answers after leaving",
    "end, times of answers",
    ("check_late_minutes",),
    False,
    run,
)
