"""Verbs on programmes and waves."""

from __future__ import annotations

from datetime import date, datetime

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from audit_api import problems
from audit_api.domain import programmes as rules
from audit_api.domain.directory import ALL_BRANDS, Actor, known_timezone
from audit_api.models import programmes, trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.problems import Problem

# Of programmes registered before there was such a field.
NEW_FIELDS: Row = {"recording_allowed": False}


def add_programme(
    *,
    code: str,
    name_zh: str,
    name_en: str = "",
    brand: str,
    market: str = "",
    recording_allowed: bool = False,
    actor: Actor,
    at: datetime,
) -> Row:
    """Register a programme and return it; the same content again changes nothing.

    `recording_allowed`: whether sound may be recorded on its visits, which needs legal approval. Raises FORBIDDEN
    for a brand out of scope, ALREADY_EXISTS when the code stands for other content.
    """
    require_brand(actor, brand)
    row: Row = {
        "_id": code,
        "name_zh": name_zh,
        "name_en": name_en,
        "brand": brand,
        "market": market,
        "recording_allowed": recording_allowed,
    }

    def write(session: ClientSession) -> None:
        kept = row | {"waves": 0, "created_at": to_milliseconds(at)}
        programmes.Programme._get_collection().insert_one(kept, session=session)
        trail.append("programme", code, "added", actor_id=actor.id, at=at, details=dict(row), session=session)

    try:
        in_transaction(write)
    except DuplicateKeyError:
        present = programmes.Programme._get_collection().find_one({"_id": code})
        _require_same(NEW_FIELDS | present if present else None, row)
    return {**row, "code": code}


def set_recording(code: str, *, allowed: bool, reason: str, actor: Actor, at: datetime) -> Row:
    """Allow sound recordings on a programme's visits from now on, or forbid them; returns the programme.

    What was submitted before stays. The reason (who approved it, on what grounds) enters the trail; what is so
    already changes nothing. Raises NOT_FOUND.
    """
    open_programme(actor, code)

    def write(session: ClientSession) -> None:
        kept = programmes.Programme._get_collection()
        wanted: Row = {"_id": code, "recording_allowed": {"$ne": True} if allowed else True}
        if kept.update_one(wanted, {"$set": {"recording_allowed": allowed}}, session=session).matched_count:
            verb = "recording_allowed" if allowed else "recording_forbidden"
            details = {"reason": reason}
            trail.append("programme", code, verb, actor_id=actor.id, at=at, details=details, session=session)

    in_transaction(write)
    return open_programme(actor, code)


def is_recording_allowed(code: str) -> bool:
    """Tell whether a programme allows sound recordings, whatever the scope; an unknown one does not."""
    row = programmes.Programme._get_collection().find_one({"_id": code}, {"recording_allowed": 1}) or {}
    return row.get("recording_allowed") is True


def add_wave(
    *, code: str, programme: str, timezone: str, from_on: date, to_on: date, actor: Actor, at: datetime
) -> Row:
    """Register a wave of a programme and return it; the same content again changes nothing.

    Raises INVALID for an unknown programme or time zone, for dates out of order, and for a wave that
    overlaps another one of its programme (a response belongs to the wave that holds its event, so two
    would claim it); ALREADY_EXISTS when the code stands for other content.
    """
    parent = programmes.Programme._get_collection().find_one({"_id": programme})
    if parent is None or not sees_brand(actor, parent["brand"]):
        raise invalid("programme", f"没有项目 {programme}", f"There is no programme {programme}")
    if not known_timezone(timezone):
        raise invalid("timezone", f"未知时区 {timezone}", f"Unknown time zone {timezone}; use names like Asia/Shanghai")
    try:
        starts_at, ends_at = rules.wave_bounds(timezone, from_on, to_on)
    except ValueError as error:
        raise invalid("to_on", f"波次日期有误：{error}", f"The wave's dates do not work: {error}") from error
    row: Row = {
        "_id": code,
        "programme": programme,
        "brand": parent["brand"],
        "timezone": timezone,
        "from_on": from_on.isoformat(),
        "to_on": to_on.isoformat(),
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    waves = programmes.Wave._get_collection()

    def write(session: ClientSession) -> None:
        if present := waves.find_one({"_id": code}, session=session):
            _require_same(present, row)
            return
        # Two writers of one programme's waves collide here, and the later one looks again.
        programmes.Programme._get_collection().update_one({"_id": programme}, {"$inc": {"waves": 1}}, session=session)
        others = [programmes.wave_of_row(r) for r in waves.find({"programme": programme}, session=session)]
        if rival := rules.overlapping(others, starts_at, ends_at):
            raise invalid(
                "from_on",
                f"与波次 {rival.code} 重叠；一份问卷按事件时间只能归属一个波次",
                f"It overlaps wave {rival.code}; a survey response must belong to one wave by the time of its event",
            )
        waves.insert_one(row | {"created_at": to_milliseconds(at)}, session=session)
        details = {k: v for k, v in row.items() if isinstance(v, str)}
        trail.append("wave", code, "added", actor_id=actor.id, at=at, details=details, session=session)

    in_transaction(write)
    return {**row, "code": code}


def list_programmes(actor: Actor, *, limit: int, after: str | None = None) -> Row:
    """List the programmes in scope by code; returns `{"items": [...], "next": code or None}`."""
    found = page(programmes.Programme._get_collection(), [brand_filter(actor)], limit, after)
    return found | {"items": [NEW_FIELDS | row for row in found["items"]]}


def open_programme(actor: Actor, code: str) -> Row:
    """Read one programme; raises NOT_FOUND when it does not exist or lies out of scope."""
    return NEW_FIELDS | _in_scope(actor, programmes.Programme._get_collection().find_one({"_id": code}))


def list_waves(actor: Actor, *, limit: int, after: str | None = None, programme: str | None = None) -> Row:
    """List the waves in scope by code; returns `{"items": [...], "next": code or None}`."""
    conditions = [brand_filter(actor)] + ([{"programme": programme}] if programme else [])
    return page(programmes.Wave._get_collection(), conditions, limit, after)


def open_wave(actor: Actor, code: str) -> Row:
    """Read one wave; raises NOT_FOUND when it does not exist or lies out of scope."""
    return _in_scope(actor, programmes.Wave._get_collection().find_one({"_id": code}))


def sees_brand(actor: Actor, brand: str) -> bool:
    """Tell whether the actor's scope is a whole brand (and not single dealers of it)."""
    return not actor.dealers and (ALL_BRANDS in actor.brands or brand in actor.brands)


def require_brand(actor: Actor, brand: str) -> None:
    """Refuse to act on a brand out of scope; raises FORBIDDEN."""
    if not sees_brand(actor, brand):
        raise Problem(
            problems.FORBIDDEN, zh=f"品牌 {brand} 不在您的范围内", en=f"The brand {brand} lies outside your scope"
        )


def brand_filter(actor: Actor) -> Row:
    """Hold a query within the brands of the actor; whoever is limited to dealers sees no programme as a whole."""
    if actor.dealers:
        return {"_id": {"$in": []}}
    return {} if ALL_BRANDS in actor.brands else {"brand": {"$in": sorted(actor.brands)}}


def invalid(field: str, zh: str, en: str) -> Problem:
    """Make the problem of one field that cannot be taken."""
    return Problem(
        problems.INVALID, zh=zh, en=en, members={"errors": [{"field": field, "message": {"zh": zh, "en": en}}]}
    )


def page(collection: Collection[Row], conditions: list[Row], limit: int, after: str | None) -> Row:
    """Read one page by code; returns `{"items": [...], "next": code or None}`."""
    if after:
        conditions = [*conditions, {"_id": {"$gt": after}}]
    found = list(collection.find({"$and": conditions}).sort("_id", 1).limit(limit + 1))
    items = [row | {"code": row["_id"]} for row in found[:limit]]
    return {"items": items, "next": items[-1]["code"] if len(found) > limit else None}


def _in_scope(actor: Actor, row: Row | None) -> Row:
    if row is None or not sees_brand(actor, row["brand"]):
        raise Problem(problems.NOT_FOUND)
    return {**row, "code": row["_id"]}


def _require_same(present: Row | None, wanted: Row) -> None:
    if present is None or any(present.get(key) != value for key, value in wanted.items()):
        raise Problem(
            problems.ALREADY_EXISTS,
            zh=f"编号 {wanted['_id']} 已用于其他内容，请换一个编号",
            en=f"The code {wanted['_id']} stands for other content already; choose another",
        )
