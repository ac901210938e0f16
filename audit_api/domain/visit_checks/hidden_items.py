"""Hidden items are empty."""

from __future__ import annotations

from audit_api.domain.relevance import visible_items
from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Find answers to items that the other answers hide."""
    shown = visible_items(facts.checklist, facts.answers)
    known = facts.checklist.by_id
    filled = [i for i, value in facts.answers.items() if i in known and i not in shown and value not in (None, "", [])]
    return Outcome(
        not filled,
        float(len(filled)),
        f"{len(filled)} 个不适用的条目仍有答案",
        f"{len(filled)} items are answered that the other answers hide",
        tuple(filled),
    )


CHECK = Check("hidden_items", "隐藏条目为空", "Hidden items are empty", "answers, relevance", (), False, run)
