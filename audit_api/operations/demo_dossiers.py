"""Chooses three dealers of the demo to tell about: a fleet, an excellent one, and one that bends its survey."""

from __future__ import annotations

from collections.abc import Mapping

from audit_api.domain.packaged import packaged_questionnaires
from audit_api.models.base import Row
from audit_api.models.flags import ScreenedDealer
from audit_api.models.visits import Visit
from audit_api.operations.demo import QUESTIONNAIRE, Demo
from audit_api.operations.demo_surveys import simulate_world

STORIES = ("fleet", "excellent", "gamed")


def choose_dealers(demo: Demo, run: Row) -> Mapping[str, str]:
    """Return a dealer for each story that the run holds: honest ones it does not ask about, a gamed one it flags.

    Of several gamed or fleet dealers the one with the most responses, of excellent ones that with the best audits.
    """
    questionnaire = next(q for q in packaged_questionnaires() if q.code == QUESTIONNAIRE)
    kinds = {label.dealer_id: label for label in simulate_world(demo.plan, questionnaire).truth}
    found: dict[str, tuple[float, str]] = {}
    for row in ScreenedDealer._get_collection().find({"run": run["code"]}).sort("_id", 1):
        label, outcome = kinds[row["dealer"]], row["outcome"]
        story = "gamed" if label.gamed else label.kind
        if story not in STORIES or outcome["grade"] != ("flag" if label.gamed else "none"):
            continue
        telling = _audited(row["dealer"]) if story == "excellent" else float(outcome["responses"])
        found[story] = max(found.get(story, (-1.0, "")), (telling, row["dealer"]))
    return {story: dealer for story, (_, dealer) in found.items()}


def _audited(dealer: str) -> float:
    """Return the mean share of items met over a dealer's visits."""
    visits = Visit._get_collection().find({"dealer": dealer}, {"score.items.score": 1})
    marks = [item["score"] for visit in visits for item in visit.get("score", {}).get("items", ())]
    known = [mark for mark in marks if mark is not None]
    return sum(known) / len(known) if known else 0.0
