"""Verbs on visits: find, open, list."""

from __future__ import annotations

from datetime import datetime

from audit_api import problems
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor, Role
from audit_api.domain.scoring import VisitScore
from audit_api.models import visits
from audit_api.models.base import Row, to_milliseconds
from audit_api.operations.checklists import open_checklist
from audit_api.operations.directory import scope_filter
from audit_api.problems import Problem

# An auditor must not learn scores, nor that a dealer was chosen because something was noticed.
HIDDEN_FROM_AUDITOR = frozenset(
    {
        "score", "scores", "selected_by", "unverified", "earliest_release_at", "released_at", "checks", "check_counts",
        "cleared", "imported",
    }
)  # fmt: skip
WITHOUT_CONTENT = {"observations": 0, "score": 0, "scores": 0, "checks": 0}
QUEUED = ("submitted", "in_qc")


def find_visit(actor: Actor, visit_id: str) -> Row:
    """Find a visit in one's sight: an auditor's own, or within a reviewer's scope; raises NOT_FOUND."""
    row: Row | None = visits.Visit._get_collection().find_one({"$and": [{"_id": visit_id}, in_sight(actor)]})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return row


def in_sight(actor: Actor) -> Row:
    """Give the filter that holds a query on visits within one's sight."""
    return {"auditor": actor.id} if actor.role is Role.AUDITOR else scope_filter(actor)


def open_visit(actor: Actor, visit_id: str) -> Row:
    """Read one visit; an auditor sees neither scores nor why the dealer was chosen. Raises NOT_FOUND."""
    row = find_visit(actor, visit_id)
    hidden = HIDDEN_FROM_AUDITOR if actor.role is Role.AUDITOR else frozenset()
    return {"visit": row["_id"], **{name: value for name, value in row.items() if name not in hidden}}


def list_visits(
    actor: Actor,
    *,
    limit: int,
    after: str | None = None,
    state: str | None = None,
    wave: str | None = None,
    dealer: str | None = None,
) -> Row:
    """List the visits in one's sight by id, without content; returns `{"items": [...], "next": id or None}`."""
    wanted = {"state": state, "wave": wave, "dealer": dealer}
    conditions = [in_sight(actor), {name: value for name, value in wanted.items() if value is not None}]
    if after:
        conditions.append({"_id": {"$gt": after}})
    rows = visits.Visit._get_collection().find({"$and": conditions}, WITHOUT_CONTENT).sort("_id", 1).limit(limit + 1)
    found = [{"visit": row["_id"], **row} for row in rows]
    return {"items": found[:limit], "next": found[limit - 1]["visit"] if len(found) > limit else None}


def review_queue(actor: Actor, *, limit: int) -> Row:
    """Give the visits that wait for review, those with most failed quality checks first, then the oldest.

    Blocking checks weigh before advisory ones. What is decided leaves the queue, so its head is all one needs.
    """
    order = [("check_counts.blocking", -1), ("check_counts.advisory", -1), ("submitted_at", 1), ("_id", 1)]
    wanted = {"$and": [{"state": {"$in": list(QUEUED)}}, in_sight(actor)]}
    rows = visits.Visit._get_collection().find(wanted, WITHOUT_CONTENT).sort(order).limit(limit)
    return {"items": [{"visit": row["_id"], **row} for row in rows], "next": None}


def checklist_of(visit: Row) -> Checklist:
    """Load the checklist version a visit was answered on."""
    return open_checklist(visit["checklist"]["code"], visit["checklist"]["version"])


def version_of(visit: Row, revision: int) -> Row:
    """Give a version of a visit, held or replaced; raises NOT_FOUND for one that never was."""
    if revision == visit["revision"]:
        return visit
    row: Row | None = visits.VisitRevision._get_collection().find_one({"_id": f"{visit['_id']}:{revision}"})
    if row is None:
        raise Problem(
            problems.NOT_FOUND, zh=f"没有第 {revision} 个版本", en=f"There is no version {revision} of this visit"
        )
    return row


def score_entry(visit: Row, score: VisitScore, reason: str, actor: Actor, at: datetime) -> Row:
    """Make the entry under which a score is kept for good."""
    return {
        "at": to_milliseconds(at),
        "reason": reason,
        "by": actor.id,
        "revision": visit["revision"],
        "content_hash": visit["content_hash"],
        "score": score.as_document(),
    }
