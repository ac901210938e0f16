"""Verbs of quality control: take up, return, approve, release, void."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain import visits as rules
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor
from audit_api.domain.evidence_rules import answers_of
from audit_api.domain.scoring import score_visit
from audit_api.domain.visits import Event, State
from audit_api.models import trail, visits
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.operations.findings import raise_findings, release_findings, withdraw_findings
from audit_api.operations.follow_ups import check_closed, late_unsubmitted
from audit_api.operations.visit_reading import checklist_of, find_visit, score_entry
from audit_api.problems import Problem

Beside = Callable[[ClientSession], None]
PAST = {
    Event.TAKE_UP: "taken_up",
    Event.RETURN: "returned",
    Event.APPROVE: "approved",
    Event.RELEASE: "released",
    Event.VOID: "voided",
}


def take_up_visit(visit_id: str, *, record_revision: int, actor: Actor, at: datetime) -> Row:
    """Begin quality control of a submitted visit; returns the visit. Raises as `_decide`."""
    visit = find_visit(actor, visit_id)
    return _decide(visit, Event.TAKE_UP, record_revision, changed={"reviewer": actor.id}, actor=actor, at=at)


def return_visit(
    visit_id: str, *, record_revision: int, reason: str, notes: list[Row], actor: Actor, at: datetime
) -> Row:
    """Return a visit to its auditor with a reason and notes `[{item, note}]`; raises INVALID for an unknown item."""
    visit = find_visit(actor, visit_id)
    _check_items(checklist_of(visit), [note["item"] for note in notes])
    returned = {"at": to_milliseconds(at), "by": actor.id, "reason": reason, "notes": notes}
    details = {"reason": reason, "notes": notes}
    return _decide(
        visit, Event.RETURN, record_revision, changed={"returned": returned}, details=details, actor=actor, at=at
    )


def approve_visit(
    visit_id: str,
    *,
    record_revision: int,
    unverified: list[str],
    cleared: list[Row] | None = None,
    actor: Actor,
    at: datetime,
) -> Row:
    """Approve a visit: score it once more, without the items whose evidence was rejected; both scores are kept.

    `cleared`: `[{check, reason}]` for each blocking quality check that did not pass; raises CHECKS_OPEN without, and
    FOLLOW_UPS_OPEN while late answers may still come. Late answers that were never submitted count as unverified.
    """
    visit = find_visit(actor, visit_id)
    _check_possible(visit, Event.APPROVE, record_revision, actor)
    answered = _cleared(visit, cleared or [], actor, at)
    checklist = checklist_of(visit)
    check_closed(visit, checklist, at)
    _check_items(checklist, unverified)
    left_out = late_unsubmitted(visit).union(unverified)
    score = score_visit(checklist, answers_of(checklist, visit["observations"]), left_out)
    changed = {"score": score.as_document(), "unverified": sorted(left_out), "approved_at": to_milliseconds(at)}
    changed["cleared"] = answered
    details = {"unverified": changed["unverified"], "raw": score.raw, "capped": score.capped}
    if answered:
        details["cleared"] = [{"check": entry["check"], "reason": entry["reason"]} for entry in answered]

    def beside(session: ClientSession) -> None:
        entry = score_entry(visit, score, "approval", actor, at)
        closing = {"$push": {"scores": entry}, "$unset": {"follow_ups_until": ""}}
        visits.Visit._get_collection().update_one({"_id": visit_id}, closing, session=session)
        raise_findings(visit, checklist, score, at=at, session=session)

    return _decide(
        visit, Event.APPROVE, record_revision, changed=changed, details=details, beside=beside, actor=actor, at=at
    )


def release_visit(visit_id: str, *, record_revision: int, actor: Actor, at: datetime) -> Row:
    """Release an approved visit to its dealer; raises RELEASE_HELD while a covert result must wait."""
    visit = find_visit(actor, visit_id)
    _check_possible(visit, Event.RELEASE, record_revision, actor)
    earliest = visit["earliest_release_at"]
    if at < earliest:
        raise Problem(
            problems.RELEASE_HELD,
            zh=f"最早可于 {earliest.isoformat()} 发布",
            en=f"It can be released from {earliest.isoformat()}",
            members={"earliest_release_at": earliest.isoformat()},
        )

    def beside(session: ClientSession) -> None:
        release_findings(visit_id, at=at, session=session)

    changed = {"released_at": to_milliseconds(at)}
    return _decide(visit, Event.RELEASE, record_revision, changed=changed, beside=beside, actor=actor, at=at)


def void_visit(visit_id: str, *, record_revision: int, reason: str, actor: Actor, at: datetime) -> Row:
    """Void a visit with a reason: its findings are withdrawn and its assignment can be visited again."""
    visit = find_visit(actor, visit_id)

    def beside(session: ClientSession) -> None:
        withdraw_findings(visit_id, at=at, session=session)

    changed = {"void": {"at": to_milliseconds(at), "by": actor.id, "reason": reason}}
    return _decide(
        visit,
        Event.VOID,
        record_revision,
        changed=changed,
        details={"reason": reason},
        beside=beside,
        actor=actor,
        at=at,
    )


def _decide(
    visit: Row,
    event: Event,
    record_revision: int,
    *,
    changed: dict[str, Any],
    details: dict[str, Any] | None = None,
    beside: Beside | None = None,
    actor: Actor,
    at: datetime,
) -> Row:
    """Bring an event about in one transaction: the visit, what goes beside it, the trail.

    Raises FORBIDDEN (one's own visit), STALE_REVISION (somebody changed it since `record_revision` was read),
    TRANSITION_REFUSED (the state does not allow it).
    """
    state = _check_possible(visit, event, record_revision, actor)
    unchanged = {name: visit[name] for name in ("_id", "state", "record_revision")}
    after = {**changed, "state": state.value, "active": rules.is_active(state)}

    def write(session: ClientSession) -> None:
        done = visits.Visit._get_collection().update_one(
            unchanged, {"$set": after, "$inc": {"record_revision": 1}}, session=session
        )
        if not done.matched_count:
            raise _stale(None)
        if beside is not None:
            beside(session)
        told = {"from": visit["state"], "to": state.value, "revision": visit["revision"], **(details or {})}
        trail.append("visit", visit["_id"], PAST[event], actor_id=actor.id, at=at, details=told, session=session)

    in_transaction(write)
    return {**visit, **after, "visit": visit["_id"], "record_revision": visit["record_revision"] + 1}


def _check_possible(visit: Row, event: Event, record_revision: int, actor: Actor) -> State:
    if visit["auditor"] == actor.id:
        raise Problem(problems.FORBIDDEN, zh="不能审核自己的走访", en="Nobody reviews a visit of their own")
    if visit["record_revision"] != record_revision:
        raise _stale(visit["record_revision"])
    state = rules.after(State(visit["state"]), event)
    if state is None:
        raise Problem(
            problems.TRANSITION_REFUSED,
            zh=f"状态为 {visit['state']} 时不能执行此操作",
            en=f"This cannot be done to a visit that is {visit['state']}",
            members={"state": visit["state"]},
        )
    return state


def _stale(current: int | None) -> Problem:
    members = {} if current is None else {"current_revision": current}
    return Problem(
        problems.STALE_REVISION,
        zh="他人已更新该走访，请刷新后重试",
        en="Somebody has changed the visit since you read it; refresh and try again",
        members=members,
    )


def _cleared(visit: Row, given: list[Row], actor: Actor, at: datetime) -> list[Row]:
    """Hold the reasons given against the blocking checks that did not pass; raises CHECKS_OPEN naming the rest."""
    failed = [c for c in visit.get("checks") or () if c["blocking"] and c["passed"] is False]
    reasons = {entry["check"]: entry["reason"] for entry in given}
    left = [check for check in failed if check["check"] not in reasons]
    if left:
        raise Problem(
            problems.CHECKS_OPEN,
            members={"errors": [{"field": check["check"], "message": check["message"]} for check in left]},
        )
    moment = to_milliseconds(at)
    return [
        {"check": check["check"], "reason": reasons[check["check"]], "by": actor.id, "at": moment} for check in failed
    ]


def _check_items(checklist: Checklist, items: list[str]) -> None:
    unknown = [item for item in items if item not in checklist.by_id]
    if unknown:
        message = {"zh": "本检查表没有此题", "en": "this checklist has no such item"}
        raise Problem(
            problems.INVALID, members={"errors": [{"item": item, "message": message} for item in unknown[:100]]}
        )
