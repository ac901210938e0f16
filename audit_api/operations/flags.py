"""Verbs on flags: list, open, decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.flag_hearing import after_working_days, propose_response
from audit_api.domain.flag_views import is_blind, shown
from audit_api.domain.flags import DECIDED, Decision, DecisionRefused, FlagState, Outcome, decide
from audit_api.models import flags, trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.models.visits import Visit
from audit_api.operations.directory import scope_filter
from audit_api.operations.flags_blind import require_blind, show_figures, under_review
from audit_api.operations.revisions import Revised, step_refused
from audit_api.operations.submissions import dealer_timezone
from audit_api.problems import Problem

MOST_QUESTIONS_SHOWN = 50
LISTED = {"dossier": 0, "decisions": 0, "interests": 0}

FLAGS = Revised(flags.Flag._get_collection, "flag", "这个标记", "The flag")


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

    Watches that a later run has superseded come only with the name of their `run`. For who may decide, flags read
    blind come without the figures that grade them, and so do watches on the same wave and questionnaire; watches
    on the very dealers that are read blind are left out.
    """
    review = under_review(actor)
    wanted = {"state": state, "grade": grade, "wave": wave, "run": run}
    conditions: list[Row] = [scope_filter(actor), {name: value for name, value in wanted.items() if value is not None}]
    conditions += review.without_hidden()
    if run is None:
        conditions.append({"superseded_by": None})
    if after:
        conditions.append({"_id": {"$gt": after}})
    found = flags.Flag._get_collection().find({"$and": conditions}, LISTED)
    rows = list(found.sort("_id", 1).limit(limit + 1))
    items = [shown(row, actor, reviewed=review.covers(row)) for row in rows[:limit]]
    return {"items": items, "next": items[-1]["flag"] if len(rows) > limit else None}


def open_flag(actor: Actor, flag_id: str, *, figures: bool = False, at: datetime | None = None) -> Row:
    """Read one flag with the evidence as it was frozen and what the dealer was asked; nothing is computed anew.

    `figures` asks for what grades a blind flag before it is decided; that is recorded at `at`, and the person no
    longer asks or decides on it. Raises NOT_FOUND.
    """
    row = find_flag(actor, flag_id)
    if figures and at is not None and is_blind(row, actor):
        row = show_figures(row, actor, at)
    asked = flags.Question._get_collection().find({"flag": flag_id}).sort([("asked_at", 1), ("_id", 1)])
    view = shown(row, actor, reviewed=under_review(actor).covers(row))
    return view | {"questions": [{**q, "question": q["_id"]} for q in asked.limit(MOST_QUESTIONS_SHOWN)]}


def photos_of_flag(actor: Actor, flag_id: str) -> frozenset[str]:
    """Name the photos a person may see with a flag: those behind its evidence, and of replies and appeals."""
    flag = open_flag(actor, flag_id)
    behind = [photo["sha256"] for photo in flag["dossier"].get("photos") or ()]
    return frozenset({*behind, *(sha256 for words in _said(flag) for sha256 in words["photos"])})


def attachments_of_flag(actor: Actor, flag_id: str) -> frozenset[str]:
    """Name the attachments of a flag's replies and appeals."""
    flag = open_flag(actor, flag_id)
    return frozenset(sha256 for words in _said(flag) for sha256 in words.get("attachments", ()))


def _said(flag: Row) -> list[Row]:
    """Give a dealer's replies and appeals."""
    replies = [reply for question in flag["questions"] for reply in question["replies"]]
    return replies + [question["appeal"] for question in flag["questions"] if question.get("appeal")]


def find_flag(actor: Actor, flag_id: str) -> Row:
    """Read one flag as it is kept; raises NOT_FOUND, also for a watch that would give a blind flag away."""
    row: Row | None = flags.Flag._get_collection().find_one({"$and": [{"_id": flag_id}, scope_filter(actor)]})
    if row is None or under_review(actor).hides(row):
        raise Problem(problems.NOT_FOUND)
    return row


def decide_flag(
    flag_id: str,
    *,
    outcome: str,
    reason: str,
    look_alike: str = "",
    interests: list[str] | None = None,
    revision: int,
    appeal_days: int = 10,
    actor: Actor,
    at: datetime,
) -> Row:
    """Take a decision on the revision that was read and return the flag; a flag ends when two people say the same.

    A confirmation needs the dealer heard, proposes a response, and lets nothing happen by itself; a dismissal keeps
    the pattern from being raised again for two waves. Raises NOT_FOUND; STALE_REVISION with what has changed;
    FORBIDDEN for an interested person and for one who has seen the figures of a blind flag; INVALID for a decision
    without reason or look-alike; TRANSITION_REFUSED where the state, or the same person's earlier decision, forbids
    it.
    """
    flag = find_flag(actor, flag_id)
    FLAGS.require_current(flag, revision)
    require_no_interest(flag, interests or [], actor, at)
    require_blind(flag, actor)
    decision = Decision(Outcome(outcome), reason.strip(), look_alike, actor.id, to_milliseconds(at), revision)
    silent = bool(flag.get("reply_until")) and flag["reply_until"] < at
    try:
        reached = decide(
            FlagState(flag["state"]),
            [_decision(taken) for taken in flag["decisions"]],
            decision,
            heard_revision=flag.get("heard_revision", 1),
            silent=silent,
        )
    except DecisionRefused as refused:
        raise step_refused(refused) from None
    ended = reached in DECIDED
    values: Row = {"state": reached.value, "decided_at": decision.at if ended else None, **first_step(flag, actor)}
    if reached is FlagState.CONFIRMED:
        earlier = {"dealer": flag["dealer"], "state": FlagState.CONFIRMED.value, "_id": {"$ne": flag_id}}
        count = flags.Flag._get_collection().count_documents(earlier, limit=100)
        values["response"] = propose_response(flag["groups"], count)
    entry = asdict(decision) | {"outcome": decision.outcome.value, "blind": is_blind(flag, actor)}

    def also(session: ClientSession) -> None:
        if ended:
            close_questions(flag, reached, decision.at, appeal_days, session)
            suppress(flag, reached, look_alike, decision.at, session)

    details = {"outcome": outcome, "look_alike": look_alike, "reason": decision.reason}
    FLAGS.change(
        flag, values, push={"decisions": entry}, verb="decided", details=details, actor=actor, at=at, also=also
    )
    return open_flag(actor, flag_id)


def _decision(taken: Mapping[str, Any]) -> Decision:
    return Decision(
        Outcome(taken["outcome"]), taken["reason"], taken["look_alike"], taken["by"], taken["at"], taken["revision"]
    )


def first_step(flag: Row, actor: Actor) -> Row:
    """Give the note that somebody's first step on a flag was taken blind or not; nothing where there was one."""
    return {} if "first_step_blind" in flag else {"first_step_blind": is_blind(flag, actor)}


def close_questions(flag: Row, reached: FlagState, at: datetime, appeal_days: int, session: ClientSession) -> None:
    """Tell the dealer's questions how the flag ended, and until when it can be appealed."""
    confirmed = reached is FlagState.CONFIRMED
    until = after_working_days(at, appeal_days, dealer_timezone(flag["dealer"])) if confirmed else None
    told = {"outcome": reached.value, "decided_at": at, "appeal_until": until}
    flags.Question._get_collection().update_many({"flag": flag["_id"]}, {"$set": told}, session=session)


def suppress(flag: Row, reached: FlagState, look_alike: str, at: datetime, session: ClientSession) -> None:
    """Keep a dismissed pattern, so that the next two waves do not raise it again; a control has no pattern."""
    if reached is not FlagState.DISMISSED or flag.get("control") or not flag["groups"]:
        return
    run = flags.ScreeningRun._get_collection().find_one({"_id": flag["run"]}, {"programme": 1}, session=session)
    row = {name: flag[name] for name in ("dealer", "brand", "wave", "questionnaire", "groups")}
    row |= {"programme": run["programme"] if run else "", "look_alike": look_alike, "created_at": at}
    flags.Suppression._get_collection().replace_one({"_id": flag["_id"]}, row, upsert=True, session=session)


def require_no_interest(flag: Row, interests: list[str], actor: Actor, at: datetime) -> None:
    """Raise FORBIDDEN for somebody of a dealer, an auditor of the visits used, or a declared interest.

    A declaration is kept: it cannot be taken back by deciding again.
    """
    if interests:
        _keep_interests(flag, interests, actor, at)
    declared = any(entry["by"] == actor.id for entry in flag.get("interests") or ())
    if interests or declared:
        raise Problem(
            problems.FORBIDDEN,
            zh="您已声明与该经销商有利害关系；须由他人处理",
            en="You have declared an interest in this dealer; somebody else has to act",
        )
    if actor.dealers:
        raise Problem(
            problems.FORBIDDEN,
            zh="您的范围限于个别经销商，不能处理其标记",
            en="Your scope is single dealers: somebody of the brand has to act on their flags",
        )
    used = {"_id": {"$in": visits_used(flag)}, "auditor": actor.id}
    if Visit._get_collection().find_one(used, {"_id": 1}) is not None:
        raise Problem(
            problems.FORBIDDEN,
            zh="所依据的走访中有您本人执行的，不能由您处理",
            en="You audited a visit this evidence rests on; somebody else has to act",
        )


def _keep_interests(flag: Row, interests: list[str], actor: Actor, at: datetime) -> None:
    entry = {"by": actor.id, "interests": interests, "at": to_milliseconds(at)}

    def write(session: ClientSession) -> None:
        wanted = {"_id": flag["_id"], "interests.by": {"$ne": actor.id}}
        if (
            flags.Flag._get_collection()
            .update_one(wanted, {"$push": {"interests": entry}}, session=session)
            .modified_count
        ):
            details = {"interests": interests}
            trail.append(
                "flag", flag["_id"], "interest_declared", actor_id=actor.id, at=at, details=details, session=session
            )

    in_transaction(write)


def visits_used(flag: Row) -> list[str]:
    """List the visits that a flag's evidence rests on."""
    found: set[str] = set()
    for piece in flag["dossier"].get("evidence", ()):
        rows = piece.get("rows")
        if isinstance(rows, Mapping):
            found.update(str(visit) for visit in rows.get("visits") or ())
    return sorted(found)
