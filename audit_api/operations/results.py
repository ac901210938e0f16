"""Verbs on results: open one, list them; each reader sees its own part."""

from __future__ import annotations

from audit_api import problems
from audit_api.domain import results
from audit_api.domain.directory import Actor, Role
from audit_api.domain.packaged import packaged_code_book
from audit_api.domain.visits import State, is_visible_to_dealer
from audit_api.models import visits
from audit_api.models.base import Row
from audit_api.models.directory import Dealer
from audit_api.operations.directory import scope_filter
from audit_api.operations.findings import findings_of
from audit_api.operations.submissions import dealer_timezone
from audit_api.operations.visit_reading import checklist_of
from audit_api.problems import Problem

WITHOUT_ITEMS = {"observations": 0, "scores": 0, "score.items": 0, "score.sections": 0, "score.touchpoints": 0}


def open_result(actor: Actor, visit_id: str) -> Row:
    """Read the result of a visit; raises NOT_FOUND out of scope, before it is scored, to a dealer before release."""
    row = visits.Visit._get_collection().find_one({"$and": [{"_id": visit_id}, _in_sight(actor)]})
    if row is None:
        raise Problem(problems.NOT_FOUND, zh="没有可供您查看的结果", en="There is no result here for you to read")
    checklist, findings, book = checklist_of(row), findings_of(visit_id), packaged_code_book()
    if actor.role is Role.DEALER:
        return results.dealer_result(row, checklist, findings, book, dealer_timezone(row["dealer"]))
    return results.staff_result(row, checklist, findings, book)


def list_results(
    actor: Actor, *, limit: int, after: str | None = None, wave: str | None = None, dealer: str | None = None
) -> Row:
    """List the results in sight by visit id; returns `{"items": [...], "next": id or None}`."""
    wanted = {"wave": wave, "dealer": dealer}
    conditions = [_in_sight(actor), {name: value for name, value in wanted.items() if value is not None}]
    if after:
        conditions.append({"_id": {"$gt": after}})
    rows = list(
        visits.Visit._get_collection().find({"$and": conditions}, WITHOUT_ITEMS).sort("_id", 1).limit(limit + 1)
    )
    codes = sorted({row["dealer"] for row in rows})
    zones = {
        row["_id"]: row.get("timezone") or "Asia/Shanghai"
        for row in Dealer._get_collection().find({"_id": {"$in": codes}}, {"timezone": 1})
    }
    found = [results.result_summary(row, zones.get(row["dealer"], "Asia/Shanghai")) for row in rows]
    return {"items": found[:limit], "next": found[limit - 1]["visit"] if len(found) > limit else None}


def _in_sight(actor: Actor) -> Row:
    scope = scope_filter(actor)
    if actor.role is Role.DEALER:
        return {**scope, "state": {"$in": [state.value for state in State if is_visible_to_dealer(state)]}}
    return {**scope, "submitted_at": {"$exists": True}}
