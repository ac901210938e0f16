"""Verbs on results: open one, list them; each reader sees its own part."""

from __future__ import annotations

from audit_api import problems
from audit_api.domain import results
from audit_api.domain.directory import Actor, Role
from audit_api.domain.packaged import packaged_code_book
from audit_api.domain.regions import photo_name
from audit_api.domain.visits import State, is_visible_to_dealer
from audit_api.models import visits
from audit_api.models.base import Row
from audit_api.models.directory import Dealer
from audit_api.models.photos import sent_by
from audit_api.operations import regions
from audit_api.operations.directory import scope_filter
from audit_api.operations.findings import findings_of
from audit_api.operations.submissions import dealer_timezone
from audit_api.operations.visit_reading import checklist_of
from audit_api.problems import Problem
from audit_api.settings import Settings

WITHOUT_ITEMS = {"observations": 0, "scores": 0, "score.items": 0, "score.sections": 0, "score.touchpoints": 0}


def open_result(actor: Actor, visit_id: str, *, settings: Settings) -> Row:
    """Read the result of a visit; raises NOT_FOUND out of scope, before it is scored, to a dealer before release."""
    row = _find_result(actor, visit_id)
    if actor.role is Role.DEALER:
        return _for_dealer(row, settings)
    return results.staff_result(row, checklist_of(row), findings_of(visit_id), packaged_code_book())


def open_dealer_result(actor: Actor, visit_id: str, *, settings: Settings) -> Row:
    """Read a released result as its dealer reads it; raises NOT_FOUND out of scope and before release."""
    row = _find_result(actor, visit_id)
    if not is_visible_to_dealer(State(row["state"])):
        raise _no_result()
    return _for_dealer(row, settings)


def open_result_photo(actor: Actor, visit_id: str, name: str, *, settings: Settings, thumbnail: bool = False) -> bytes:
    """Give a photo of the dealer's form of a result, a JPEG with all regions covered; raises NOT_FOUND.

    Whoever asks is given the dealer's derivative and nothing else. There is none while the photo waits to be looked at.
    """
    row = _find_result(actor, visit_id)
    named = _photo_names(row, results.dealer_items(row, checklist_of(row)), settings)
    sha256 = next((sha256 for sha256, known in named.items() if known == name), None)
    picture = None if sha256 is None else regions.covered_picture(sha256, thumbnail=thumbnail)
    if picture is None:
        raise Problem(problems.NOT_FOUND)
    return picture


def _find_result(actor: Actor, visit_id: str) -> Row:
    row: Row | None = visits.Visit._get_collection().find_one({"$and": [{"_id": visit_id}, _in_sight(actor)]})
    if row is None:
        raise _no_result()
    return row


def _no_result() -> Problem:
    return Problem(problems.NOT_FOUND, zh="没有可供您查看的结果", en="There is no result here for you to read")


def _for_dealer(row: Row, settings: Settings) -> Row:
    checklist, findings, book = checklist_of(row), findings_of(row["_id"]), packaged_code_book()
    found = results.dealer_result(row, checklist, findings, book, dealer_timezone(row["dealer"]))
    named = _photo_names(row, found["items"], settings)
    shown = regions.ready(list(named))
    for item in found["items"]:
        item["photos"] = [
            {"name": named[sha256], "ready": sha256 in shown} for sha256 in item["photos"] if sha256 in named
        ]
    return found


def _photo_names(row: Row, items: list[Row], settings: Settings) -> dict[str, str]:
    """Name the photos of the dealer's form which the visit's own auditor has sent, by SHA-256."""
    hashes = sorted({sha256 for item in items for sha256 in item["photos"]})
    sent = sent_by(row["auditor"], hashes)
    secret = settings.secret_key.encode()
    return {sha256: photo_name(secret, row["_id"], sha256) for sha256 in hashes if sha256 in sent}


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
