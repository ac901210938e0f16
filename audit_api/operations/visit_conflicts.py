"""Verbs on visits: keep content that is refused, list it for a person to decide."""

from __future__ import annotations

from typing import NoReturn

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.visits import Verdict
from audit_api.models import visits
from audit_api.models.base import Row
from audit_api.operations.visit_reading import find_visit
from audit_api.problems import Problem

MOST_ERRORS = 100
SECOND_VISIT = "second_visit"
"""Reason: another visit for an assignment that has one, or another assignment for a visit that has one."""

_REASONS = {
    Verdict.SAME_REVISION.value: (
        "同一修订号下服务器已有不同内容；两份均已保留，由人工裁定",
        "The server holds other content under this revision; both are kept and a person decides",
    ),
    Verdict.STALE.value: (
        "服务器上已有更新的修订；两份均已保留，由人工裁定",
        "The server holds a later revision; both are kept and a person decides",
    ),
    SECOND_VISIT: (
        "该任务已有另一份走访；两份均已保留，由人工裁定",
        "The assignment has another visit already; both are kept and a person decides",
    ),
}


def refuse(
    held: Row, fresh: Row, content: Row, reason: str, actor: Actor, *, errors: list[Row] | None = None
) -> NoReturn:
    """Keep refused content for a person to decide, then refuse it; `errors`: what a submitted visit cannot change."""
    _keep(held, fresh, content, reason, actor)
    members = {
        "reason": reason,
        "visit": held["_id"],
        "state": held["state"],
        "current_revision": held["revision"],
        "current_hash": held["content_hash"],
    }
    if reason == Verdict.LOCKED.value:
        raise Problem(problems.VISIT_LOCKED, members=members | ({"errors": errors[:MOST_ERRORS]} if errors else {}))
    zh, en = _REASONS[reason]
    raise Problem(problems.REVISION_CONFLICT, zh=zh, en=en, members=members)


def _keep(held: Row, fresh: Row, content: Row, reason: str, actor: Actor) -> None:
    replaced = f"{fresh['_id']}:{fresh['revision']}"
    if visits.VisitRevision._get_collection().find_one({"_id": replaced, "content_hash": fresh["content_hash"]}):
        return  # a late repetition of a revision that was accepted and replaced: kept already
    conflicts = visits.VisitConflict._get_collection()
    conflict_id = f"{replaced}:{fresh['content_hash']}"
    if conflicts.find_one({"_id": conflict_id}, {"_id": 1}):
        return
    if conflicts.count_documents({"visit": held["_id"]}, limit=visits.MOST_CONFLICTS) >= visits.MOST_CONFLICTS:
        raise Problem(
            problems.TOO_MANY_REQUESTS,
            zh="该走访的冲突内容过多，本次未保留；请先联系审核员裁定",
            en="Too many contents conflict on this visit and this one was not kept; ask a reviewer to decide first",
            headers={"Retry-After": "3600"},
        )
    row = {
        "_id": conflict_id,
        "visit": held["_id"],
        "sent_as": fresh["_id"],
        "revision": fresh["revision"],
        "content_hash": fresh["content_hash"],
        "reason": reason,
        "actor": actor.id,
        "received_at": fresh["updated_at"],
        "content": content,
    }
    conflicts.update_one({"_id": conflict_id}, {"$setOnInsert": row}, upsert=True)


def list_conflicts(actor: Actor, visit_id: str, *, limit: int, after: str | None = None) -> Row:
    """List the refused contents kept for a visit; raises NOT_FOUND for a visit out of sight."""
    find_visit(actor, visit_id)
    conditions: Row = {"visit": visit_id} | ({"_id": {"$gt": after}} if after else {})
    rows = visits.VisitConflict._get_collection().find(conditions).sort("_id", 1).limit(limit + 1)
    found = [{"conflict": row["_id"], **row} for row in rows]
    return {"items": found[:limit], "next": found[limit - 1]["conflict"] if len(found) > limit else None}
