"""Verbs on findings: raise, withdraw, list, open."""

from __future__ import annotations

from datetime import datetime

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor, Role
from audit_api.domain.scoring import VisitScore
from audit_api.models.base import Row, to_milliseconds
from audit_api.models.findings import Finding
from audit_api.operations.checklists import open_checklist
from audit_api.operations.directory import scope_filter
from audit_api.problems import Problem


def raise_findings(
    visit: Row, checklist: Checklist, score: VisitScore, *, at: datetime, session: ClientSession
) -> None:
    """Raise one finding for each item below 50, withdraw those no longer below; ids derive from visit and item."""
    moment = to_milliseconds(at)
    failed = score.failed_items()
    changes = [
        UpdateOne(
            {"_id": f"{visit['_id']}:{result.item}"},
            {
                "$set": {
                    "score": result.score,
                    "state": "open",
                    "released": False,
                    "updated_at": moment,
                },
                "$setOnInsert": {
                    "visit": visit["_id"],
                    "item": result.item,
                    "touchpoint": result.touchpoint,
                    "dealer": visit["dealer"],
                    "brand": visit["brand"],
                    "wave": visit["wave"],
                    "mode": visit["mode"],
                    "checklist": f"{checklist.code}:{checklist.version}",
                    "critical": checklist.item(result.item).critical is not None,
                    "created_at": moment,
                },
            },
            upsert=True,
        )
        for result in failed
    ]
    if changes:
        Finding._get_collection().bulk_write(changes, ordered=True, session=session)
    keep = [result.item for result in failed]
    Finding._get_collection().update_many(
        {"visit": visit["_id"], "item": {"$nin": keep}, "state": "open"},
        {"$set": {"state": "withdrawn", "released": False, "updated_at": moment}},
        session=session,
    )


def release_findings(visit_id: str, *, at: datetime, session: ClientSession) -> None:
    """Let the dealer see the open findings of a visit."""
    Finding._get_collection().update_many(
        {"visit": visit_id, "state": "open"},
        {"$set": {"released": True, "updated_at": to_milliseconds(at)}},
        session=session,
    )


def withdraw_findings(visit_id: str, *, at: datetime, session: ClientSession) -> None:
    """Withdraw every finding of a visit that became void."""
    Finding._get_collection().update_many(
        {"visit": visit_id, "state": "open"},
        {"$set": {"state": "withdrawn", "released": False, "updated_at": to_milliseconds(at)}},
        session=session,
    )


def findings_of(visit_id: str) -> list[Row]:
    """Give the open findings of a visit, in the order of their items' ids."""
    rows = Finding._get_collection().find({"visit": visit_id, "state": "open"}).sort("_id", 1)
    return [_shown(row) for row in rows]


def list_findings(
    actor: Actor,
    *,
    limit: int,
    after: str | None = None,
    state: str | None = None,
    wave: str | None = None,
    dealer: str | None = None,
    visit: str | None = None,
    touchpoint: str | None = None,
) -> Row:
    """List the findings in scope by id; a dealer's are those of its own released visits."""
    wanted = {"state": state, "wave": wave, "dealer": dealer, "visit": visit, "touchpoint": touchpoint}
    conditions = [_in_scope(actor), {name: value for name, value in wanted.items() if value is not None}]
    if after:
        conditions.append({"_id": {"$gt": after}})
    rows = Finding._get_collection().find({"$and": conditions}).sort("_id", 1).limit(limit + 1)
    found = [_shown(row) for row in rows]
    return {"items": found[:limit], "next": found[limit - 1]["finding"] if len(found) > limit else None}


def open_finding(actor: Actor, finding_id: str) -> Row:
    """Read one finding; raises NOT_FOUND when it does not exist or lies out of scope."""
    row = Finding._get_collection().find_one({"$and": [{"_id": finding_id}, _in_scope(actor)]})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return _shown(row)


def _in_scope(actor: Actor) -> Row:
    scope = scope_filter(actor)
    return {**scope, "released": True} if actor.role is Role.DEALER else scope


def _shown(row: Row) -> Row:
    """Add the item's words, from the checklist version the visit was answered on."""
    code, _, version = row["checklist"].rpartition(":")
    item = open_checklist(code, int(version)).item(row["item"])
    return {**row, "finding": row["_id"], "text": {"zh": item.text.zh, "en": item.text.en}}
