"""Chooses three dealers of the demo to tell about: a fleet, an excellent one, and one that bends its survey."""

from __future__ import annotations

from collections.abc import Mapping

from audit_api.domain.directory import OPERATOR
from audit_api.domain.packaged import packaged_questionnaires
from audit_api.models.base import Row
from audit_api.models.flags import ScreenedDealer
from audit_api.operations.demo import QUESTIONNAIRE, Demo
from audit_api.operations.demo_surveys import simulate_world
from audit_api.operations.screening import inputs_of_run

STORIES = ("fleet", "excellent", "gamed")


def choose_dealers(demo: Demo, run: Row) -> Mapping[str, str]:
    """Return a dealer for each story that the run holds: honest ones it does not ask about, a gamed one it flags.

    Of several gamed or fleet dealers the one with the most responses; of excellent ones that which auditors found
    best, on the visits the run rests on.
    """
    questionnaire = next(q for q in packaged_questionnaires() if q.code == QUESTIONNAIRE)
    kinds = {label.dealer_id: label for label in simulate_world(demo.plan, questionnaire).truth}
    audited = _audited(run)
    found: dict[str, tuple[float, str]] = {}
    for row in ScreenedDealer._get_collection().find({"run": run["code"]}).sort("_id", 1):
        label, outcome = kinds[row["dealer"]], row["outcome"]
        story = "gamed" if label.gamed else label.kind
        if story not in STORIES or outcome["grade"] != ("flag" if label.gamed else "none"):
            continue
        telling = audited.get(row["dealer"], 0.0) if story == "excellent" else float(outcome["responses"])
        found[story] = max(found.get(story, (-1.0, "")), (telling, row["dealer"]))
    return {story: dealer for story, (_, dealer) in found.items()}


def _audited(run: Row) -> Mapping[str, float]:
    """Return by dealer the mean share of criteria passed beyond what the same criteria give elsewhere."""
    inputs = inputs_of_run(OPERATOR, run["code"])
    audits, codes = inputs.audits, inputs.dealers.code
    planned = audits.planned()
    passed: dict[str, list[float]] = {}
    for criterion, value in zip(audits.criterion[planned], audits.passed[planned], strict=True):
        passed.setdefault(str(criterion), []).append(float(value))
    usual = {criterion: sum(values) / len(values) for criterion, values in passed.items()}
    beyond: dict[int, list[float]] = {}
    rows = zip(audits.dealer[planned], audits.criterion[planned], audits.passed[planned], strict=True)
    for dealer, criterion, value in rows:
        beyond.setdefault(int(dealer), []).append(float(value) - usual[str(criterion)])
    return {str(codes[dealer]): sum(values) / len(values) for dealer, values in beyond.items()}
