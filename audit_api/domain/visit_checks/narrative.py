"""Enough of an account."""

from __future__ import annotations

from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts

COVERT = "covert"


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Count the characters of the narrative items."""
    items = [item.id for item in facts.checklist.items if item.type == "narrative"]
    if not items:
        return None
    written = sum(len(str(facts.answers.get(item) or "").strip()) for item in items)
    least = limits.covert_characters if facts.mode == COVERT else limits.announced_characters
    return Outcome(
        written >= least,
        float(written),
        f"经历叙述共 {written} 个字符，通常至少 {least} 个",
        f"the narrative has {written} characters, at least {least} are usual",
        tuple(items) if written < least else (),
    )


CHECK = Check(
    "narrative", "叙述长度", "Length of the narrative", "narrative items, mode",
    ("check_covert_characters", "check_announced_characters"), False, run,
)  # fmt: skip
