"""Verbs on flags: list, open, decide."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.flags import Decision, DecisionRefused, FlagState, Outcome, decide
from audit_api.models import flags, trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.operations.directory import scope_filter
from audit_api.problems import Problem

DECIDED = frozenset({FlagState.CONFIRMED, FlagState.DISMISSED, FlagState.INCONCLUSIVE})


def list_flags(
    actor: Actor,
    *,
    limit: int,
    after: str | None = None,
    state: str | None = None,
    grade: str | None = None,
    wave: str | None = None,
    run: str | None = None,
) -> Row:
    """List the flags in scope by id, without their dossiers; returns `{"items": [...], "next": id or None}`.

    Watches that a later run has superseded come only with the name of their `run`.
    """
    wanted = {"state": state, "grade": grade, "wave": wave, "run": run}
    conditions: list[Row] = [scope_filter(actor), {name: value for name, value in wanted.items() if value is not None}]
    if run is None:
        conditions.append({"superseded_by": None})
    if after:
        conditions.append({"_id": {"$gt": after}})
    found = flags.Flag._get_collection().find({"$and": conditions}, {"dossier": 0, "decisions": 0})
    rows = list(found.sort("_id", 1).limit(limit + 1))
    items = [row | {"flag": row["_id"]} for row in rows[:limit]]
    return {"items": items, "next": items[-1]["flag"] if len(rows) > limit else None}


def open_flag(actor: Actor, flag_id: str) -> Row:
    """Read one flag with the evidence as it was frozen; nothing is computed anew. Raises NOT_FOUND."""
    row = flags.Flag._get_collection().find_one({"$and": [{"_id": flag_id}, scope_filter(actor)]})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return {**row, "flag": row["_id"]}


def decide_flag(
    flag_id: str,
    *,
    outcome: str,
    reason: str,
    look_alike: str = "",
    revision: int,
    actor: Actor,
    at: datetime,
) -> Row:
    """Take a decision on the revision that was read and return the flag.

    Raises NOT_FOUND; STALE_REVISION when somebody has changed the flag in the meantime; INVALID for a decision
    without reason or look-alike; TRANSITION_REFUSED where the state, or the same person's earlier confirmation,
    forbids it.
    """
    flag = open_flag(actor, flag_id)
    if flag["revision"] != revision:
        raise _stale(flag["revision"])
    decision = Decision(Outcome(outcome), reason.strip(), look_alike, actor.id, to_milliseconds(at))
    taken = [Decision(Outcome(d["outcome"]), d["reason"], d["look_alike"], d["by"], d["at"]) for d in flag["decisions"]]
    try:
        reached = decide(FlagState(flag["state"]), taken, decision)
    except DecisionRefused as refused:
        raise _refused(refused) from None
    entry = asdict(decision) | {"outcome": decision.outcome.value, "revision": revision}
    change: Row = {
        "$set": {"state": reached.value, "decided_at": decision.at if reached in DECIDED else None},
        "$push": {"decisions": entry},
        "$inc": {"revision": 1},
    }

    def write(session: ClientSession) -> bool:
        wanted = {"_id": flag_id, "revision": revision}
        if flags.Flag._get_collection().update_one(wanted, change, session=session).modified_count != 1:
            return False
        details = {"outcome": outcome, "look_alike": look_alike, "reason": decision.reason, "state": reached.value}
        trail.append("flag", flag_id, "decided", actor_id=actor.id, at=at, details=details, session=session)
        return True

    written = in_transaction(write)
    now = open_flag(actor, flag_id)
    if not written:
        raise _stale(now["revision"])
    return now


def _stale(current: int) -> Problem:
    return Problem(
        problems.STALE_REVISION,
        zh="您打开之后，这个标记已有新的变化；请刷新后再决定",
        en="The flag has changed since you opened it; refresh and decide again",
        members={"current_revision": current},
    )


def _refused(refused: DecisionRefused) -> Problem:
    if not refused.field:
        return Problem(problems.TRANSITION_REFUSED, zh=refused.zh, en=refused.en)
    error = {"field": refused.field, "message": {"zh": refused.zh, "en": refused.en}}
    return Problem(problems.INVALID, zh=refused.zh, en=refused.en, members={"errors": [error]})
