"""Inside the dealer's fence, or explained."""

from __future__ import annotations

from audit_api.domain.submission_rules import distance_metres
from audit_api.domain.visit_checks.check import Check, Limits, Outcome, VisitFacts

WGS_84 = "WGS-84"


def run(facts: VisitFacts, limits: Limits) -> Outcome | None:
    """Hold the nearest fix, less its accuracy, against the fence; a comment on an item with a position explains it."""
    place = facts.dealer_position
    away = [
        max(0.0, distance_metres((fix["lat"], fix["lon"]), place) - float(fix.get("accuracy_m") or 0.0))
        for fix in facts.fixes()
        if place is not None and fix.get("datum", WGS_84) == WGS_84
    ]
    if not away:
        return None
    near = min(away)
    kinds = facts.checklist.by_id
    explained = any(
        (o.get("comment") or "").strip() for o in facts.observations
        if o["item"] in kinds and kinds[o["item"]].type == "auto_gps"
    )  # fmt: skip
    return Outcome(
        near <= facts.fence_m or explained,
        near,
        f"最近的定位距门店约 {near:.0f} 米，范围为 {facts.fence_m:.0f} 米，且未作说明",
        f"the nearest fix is about {near:.0f} m from the dealer, the fence {facts.fence_m:.0f} m, and nothing says why",
    )


CHECK = Check(
    "fence", "在门店范围内或已说明", "Inside the fence or explained", "position fixes, the dealer's position and fence",
    (), True, run,
)  # fmt: skip
