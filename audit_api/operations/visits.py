"""Verbs on visits: receive what a phone sends."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from pymongo.errors import DuplicateKeyError

from audit_api import problems
from audit_api.domain import visits as rules
from audit_api.domain.answers import check_answers
from audit_api.domain.attachments import MOST_OF_VISIT, references
from audit_api.domain.directory import Actor
from audit_api.domain.evidence_rules import answers_of, comments_of
from audit_api.domain.follow_ups import stamped
from audit_api.domain.visits import State, Verdict
from audit_api.models import visits
from audit_api.models.base import Row, to_milliseconds
from audit_api.models.programmes import Assignment
from audit_api.operations.checklists import open_checklist
from audit_api.operations.follow_ups import refused_changes
from audit_api.operations.visit_attachments import check_recordings
from audit_api.operations.visit_conflicts import SECOND_VISIT, refuse
from audit_api.problems import Problem

ATTEMPTS = 8
CONTENT = (
    "revision", "content_hash", "started_at", "ended_at", "locale", "client", "observations", "updated_at",
    "skew_seconds", "correction",
)  # fmt: skip
"""Fields of a visit that the auditor's content fills; each revision replaces them all."""


def receive_visit(visit_id: str, content: dict[str, Any], *, actor: Actor, at: datetime) -> tuple[Row, bool]:
    """Take in a visit from the auditor it is assigned to; returns the visit and whether anything was written.

    `content`: plain values as the phone sent them, times as ISO 8601 text with offset. Safe to repeat and to race:
    the unique id and conditional updates let exactly one writer win. Raises NOT_FOUND (somebody else's assignment
    or visit), INVALID and RECORDING_NOT_ALLOWED naming item and reason, REVISION_CONFLICT and VISIT_LOCKED; what these
    two refuse is kept. A submitted visit takes a revision that touches only its open follow-up items.
    """
    assignment = _own_assignment(content, actor)
    _check_id(visit_id)
    _check_content(assignment, content)
    fresh = _row(visit_id, content, assignment, at)
    if repeated := _check_recordings(fresh):
        return repeated, False
    held = None if fresh["revision"] == 1 else _held(visit_id)
    for _ in range(ATTEMPTS):
        if held is None:
            if _insert(fresh):
                return fresh, True
            held = _in_the_way(fresh)
            continue
        verdict = _judge(held, fresh, actor)
        if verdict == Verdict.REPEATED:
            return held, False
        errors = refused_changes(held, fresh, at) if verdict == Verdict.LOCKED else None
        if verdict != Verdict.NEXT and errors != []:
            refuse(held, fresh, content, verdict, actor, errors=errors)
        if replaced := _replace(held, fresh):
            return replaced, True
        held = _held(visit_id)
    raise RuntimeError(f"visit {visit_id} is too busy")


def _own_assignment(content: dict[str, Any], actor: Actor) -> Row:
    row = Assignment._get_collection().find_one({"_id": content["assignment"]})
    if row is None or row["auditor"] != actor.id:
        raise Problem(
            problems.NOT_FOUND,
            zh="没有分配给您的这项任务，请联系项目经理",
            en="There is no such assignment of yours; ask the programme manager",
        )
    found: Row = row
    return found


def _check_id(visit_id: str) -> None:
    if uuid.UUID(visit_id).version in rules.TIME_BASED_UUIDS:
        raise _invalid(
            "visit_id",
            "走访编号须为随机 UUID（版本 4）：带时间的编号会泄露走访时刻",
            "A visit needs a random UUID (version 4): one made from the time would tell when the visit was",
        )


def _check_content(assignment: Row, content: dict[str, Any]) -> None:
    """Hold the content against its assignment and its checklist; raises INVALID."""
    for name in ("dealer", "checklist"):
        if content[name] != assignment[name]:
            raise _invalid(
                name,
                f"与任务 {assignment['_id']} 不符：应为 {assignment[name]}",
                f"Not as assigned in {assignment['_id']}: it should be {assignment[name]}",
            )
    observations = content["observations"]
    count = sum(1 for _ in references(observations))
    if count > MOST_OF_VISIT:
        raise _invalid(
            "observations",
            f"共有 {count} 个附件，一次走访最多 {MOST_OF_VISIT} 个",
            f"There are {count} attachments; a visit takes {MOST_OF_VISIT}",
        )
    checklist = open_checklist(assignment["checklist"]["code"], assignment["checklist"]["version"])
    errors = _repeated(observations) or [
        problem.as_document()
        for problem in check_answers(checklist, answers_of(checklist, observations), comments_of(observations))
    ]
    if errors:
        raise Problem(
            problems.INVALID,
            zh=f"有 {len(errors)} 处答案需要更正，未保存",
            en=f"{len(errors)} answers need mending; nothing was kept",
            members={"errors": errors},
        )


def _check_recordings(fresh: Row) -> Row | None:
    """Raise RECORDING_NOT_ALLOWED by item; what was taken in before it was forbidden is given, to be repeated."""
    try:
        check_recordings(fresh)
    except Problem:
        held = _held(fresh["_id"])
        if held and all(held[name] == fresh[name] for name in ("auditor", "assignment", "revision", "content_hash")):
            return held
        raise
    return None


def _repeated(observations: list[Row]) -> list[Row]:
    """Name items answered twice and slots filled twice."""
    items = [item for item, n in Counter(o["item"] for o in observations).items() if n > 1]
    slots = [o["item"] for o in observations for kind in ("photos", "attachments") if _slot_twice(o.get(kind, ()))]
    twice = {"zh": "同一题出现两次", "en": "the item is answered twice"}
    filled = {"zh": "同一照片或附件位置出现两次", "en": "a slot of photos or attachments is filled twice"}
    return [{"item": i, "code": "repeated", "message": twice} for i in items] + [
        {"item": i, "code": "slot_repeated", "message": filled} for i in slots
    ]


def _slot_twice(named: Sequence[Row]) -> bool:
    return len({reference["slot"] for reference in named}) != len(named)


def _invalid(field: str, zh: str, en: str) -> Problem:
    members = {"errors": [{"field": field, "message": {"zh": zh, "en": en}}]}
    return Problem(problems.INVALID, zh=zh, en=en, members=members)


def _row(visit_id: str, content: dict[str, Any], assignment: Row, at: datetime) -> Row:
    started_at, ended_at = _moment(content["started_at"]), _moment(content["ended_at"])
    recorded = [content["started_at"], content["ended_at"], *(o["answered_at"] for o in content["observations"])]
    # One call for all: this is the hot path.
    latest = max(msgspec.convert([text for text in recorded if text is not None], list[datetime]))
    received_at = to_milliseconds(at)
    return {
        "_id": visit_id,
        "revision": content["revision"],
        "content_hash": rules.content_hash(content),
        "state": State.STARTED.value,
        "active": True,
        "assignment": assignment["_id"],
        **{name: assignment[name] for name in ("wave", "programme", "brand", "dealer", "mode", "domain")},
        "selected_by": assignment["selected_by"],
        "auditor": assignment["auditor"],
        "checklist": assignment["checklist"],
        "started_at": started_at,
        "ended_at": ended_at,
        "locale": content["locale"],
        "client": content["client"],
        "observations": content["observations"],
        "received_at": received_at,
        "updated_at": received_at,
        "skew_seconds": rules.skew_seconds(latest, received_at),
        "correction": content.get("correction"),
        "record_revision": 1,
    }


def _moment(text: str | None) -> datetime | None:
    """Read a time by the same rules as the decoder that let it in."""
    return None if text is None else to_milliseconds(msgspec.convert(text, datetime))


def _held(visit_id: str) -> Row | None:
    row: Row | None = visits.Visit._get_collection().find_one({"_id": visit_id})
    return row


def _insert(fresh: Row) -> bool:
    try:
        visits.Visit._get_collection().insert_one(fresh)
    except DuplicateKeyError:
        return False
    return True


def _in_the_way(fresh: Row) -> Row | None:
    """Find the visit that an insert ran into: of the same id, or active on the same assignment."""
    rival: Row | None = visits.Visit._get_collection().find_one({"assignment": fresh["assignment"], "active": True})
    return _held(fresh["_id"]) or rival


def _judge(held: Row, fresh: Row, actor: Actor) -> str:
    if held["auditor"] != actor.id:
        raise Problem(problems.NOT_FOUND)
    if held["_id"] != fresh["_id"] or held["assignment"] != fresh["assignment"]:
        return SECOND_VISIT
    offered = (fresh["revision"], fresh["content_hash"])
    return rules.judge_revision(State(held["state"]), (held["revision"], held["content_hash"]), offered).value


def _replace(held: Row, fresh: Row) -> Row | None:
    """Put the next revision in place of the one held; None when another writer was quicker.

    The old content is copied first, so that a crash in between loses nothing and sending again heals it.
    """
    old = {"_id": f"{held['_id']}:{held['revision']}", "visit": held["_id"], **{n: held.get(n) for n in CONTENT}}
    revisions = visits.VisitRevision._get_collection()
    revisions.update_one({"_id": old["_id"]}, {"$setOnInsert": old}, upsert=True)
    unchanged = {n: held[n] for n in ("_id", "revision", "content_hash", "state")}
    changed = {n: fresh[n] for n in CONTENT}
    if held.get("follow_ups"):
        old_and_new = (held["observations"], fresh["observations"])
        changed["follow_ups"] = stamped(held["follow_ups"], *old_and_new, fresh["updated_at"])
    done = visits.Visit._get_collection().update_one(unchanged, {"$set": changed, "$inc": {"record_revision": 1}})
    return {**held, **changed} if done.matched_count else None
