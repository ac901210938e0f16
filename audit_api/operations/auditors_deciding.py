"""Verbs on an auditor's case: decide. For quality teams only; neither auditors nor dealers ever learn of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from audit_api import problems
from audit_api.domain.auditor_cases import DECIDED, CaseDecision, CaseOutcome, CaseState, decide
from audit_api.domain.directory import OPERATOR, Actor
from audit_api.domain.flags import DecisionRefused
from audit_api.models.auditors import AuditorDossier
from audit_api.models.base import Row, to_milliseconds
from audit_api.operations.auditors import open_auditor_dossier
from audit_api.operations.revisions import Revised, step_refused
from audit_api.problems import Problem

CASES = Revised(AuditorDossier._get_collection, "auditor_case", "此案", "The case")


def decide_auditor_case(
    run_id: str, auditor: str, *, outcome: str, reason: str, revision: int, actor: Actor, at: datetime
) -> Row:
    """Take a decision on the revision that was read and return the dossier; nothing follows from it by itself.

    `confirmed` ends a case when two people, both by name, say so. Raises NOT_FOUND; STALE_REVISION with what has
    changed; FORBIDDEN for one's own case, and for a confirmation without a name; INVALID without a reason;
    TRANSITION_REFUSED where the state, or the same person's earlier decision, forbids it.
    """
    row = open_auditor_dossier(actor, run_id, auditor)
    if row["state"] is None:
        raise Problem(
            problems.TRANSITION_REFUSED,
            zh="筛查未就该审核员提出问题，没有可决定之处",
            en="The screening raised no question about this auditor: there is nothing to decide",
        )
    CASES.require_current(row, revision)
    wanted = CaseOutcome(outcome)
    _require_allowed(row, wanted, actor)
    decision = CaseDecision(wanted, reason.strip(), actor.id, to_milliseconds(at), revision)
    try:
        reached = decide(CaseState(row["state"]), [_decision(taken) for taken in row["decisions"]], decision)
    except DecisionRefused as refused:
        raise step_refused(refused) from None
    values = {"state": reached.value, "decided_at": decision.at if reached in DECIDED else None}
    CASES.change(
        row, values, push={"decisions": asdict(decision) | {"outcome": wanted.value}}, verb="decided",
        details={"outcome": wanted.value, "reason": decision.reason}, actor=actor, at=at,
    )  # fmt: skip
    return open_auditor_dossier(actor, run_id, auditor)


def _require_allowed(row: Row, outcome: CaseOutcome, actor: Actor) -> None:
    if actor.id == row["auditor"]:
        raise Problem(problems.FORBIDDEN, zh="不能决定自己的案件", en="Nobody decides a case of their own")
    if outcome is CaseOutcome.CONFIRMED and actor.id == OPERATOR.id:
        raise Problem(
            problems.FORBIDDEN,
            zh="确认须由两位具名人员登录作出，不能在命令行代为决定",
            en="A confirmation is made by two people under their own names, not at the terminal",
        )


def _decision(taken: Mapping[str, Any]) -> CaseDecision:
    return CaseDecision(CaseOutcome(taken["outcome"]), taken["reason"], taken["by"], taken["at"], taken["revision"])
