"""Pairs of answers that contradict each other."""

from __future__ import annotations

from audit_api.domain.checklists import Checklist, Contradiction
from audit_api.domain.relevance import Test, condition_test, visible_items
from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Find the checklist's contradictory pairs of which both answers were given; hidden items say nothing."""
    pairs = facts.checklist.kept(_pairs)
    if not pairs:
        return None
    shown = set(visible_items(facts.checklist, facts.answers))
    found = [pair for pair, tests in pairs if all(test(facts.answers, shown) for test in tests)]
    items = [(pair.pair[0].item, pair.pair[1].item, pair.why) for pair in found]
    return Outcome(
        not found,
        float(len(found)),
        "；".join(f"{one} 与 {other}：{why.zh}" for one, other, why in items),
        "; ".join(f"{one} and {other}: {why.en}" for one, other, why in items),
        tuple(dict.fromkeys(item for one, other, _ in items for item in (one, other))),
    )


def _pairs(checklist: Checklist) -> tuple[tuple[Contradiction, tuple[Test, ...]], ...]:
    return tuple((pair, tuple(condition_test(checklist, one) for one in pair.pair)) for pair in checklist.contradicts)


CHECK = Check(
    "contradictions", "答案互不矛盾", "No contradictory answers", "answers, the checklist's contradictory pairs", (),
    False, run,
)  # fmt: skip
