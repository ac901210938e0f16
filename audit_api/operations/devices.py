"""Verbs on auditors' phones: make a code, sign in with it, read the recovery key."""

from __future__ import annotations

import base64
import hmac
import secrets
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain.devices import (
    MOST_TRIES,
    MOST_TRIES_OF_ONE,
    REPEAT_MINUTES,
    draw_code,
    read_code,
)
from audit_api.domain.directory import Actor, Role
from audit_api.models import devices, directory, trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.operations.directory import mark_revoked, new_token
from audit_api.problems import Problem
from audit_api.settings import Settings

RECOVERY_BYTES = 32
TRY_SECONDS = 60
KEPT_AFTERWARDS = timedelta(days=1)
SHOWN_HASH = 12  # characters of a hash in the trail


def make_code(*, person: str, minutes: int, settings: Settings, actor: Actor, at: datetime) -> tuple[str, datetime]:
    """Make a code that signs one phone of an auditor in; returns it, shown only now, and when it expires.

    `person` is an id or an e-mail address. A code made earlier and not yet used no longer works. Raises NOT_FOUND
    for somebody unknown or not wholly in the actor's scope, INVALID for somebody who is no auditor.
    """
    found = _person_in_scope(person, actor)
    if found["role"] != Role.AUDITOR.value:
        raise Problem(
            problems.INVALID,
            zh="只能为审核员生成登录码",
            en="A sign-in code can be made for auditors only",
        )
    code = draw_code(secrets.choice)
    expires_at = to_milliseconds(at + timedelta(minutes=minutes))
    row: Row = {
        "_id": _code_hash(code, settings),
        "person": found["_id"],
        "made_at": to_milliseconds(at),
        "expires_at": expires_at,
        "used_at": None,
        "device": None,
        "forget_at": expires_at + KEPT_AFTERWARDS,
    }

    def write(session: ClientSession) -> None:
        codes = devices.DeviceCode._get_collection()
        codes.delete_many({"person": found["_id"], "used_at": None}, session=session)
        codes.insert_one(row, session=session)
        details = {"code": row["_id"][:SHOWN_HASH], "expires_at": expires_at.isoformat()}
        trail.append(
            "person", found["_id"], "device_code_made", actor_id=actor.id, at=at, details=details, session=session
        )

    in_transaction(write)
    return code, expires_at


def sign_in(
    *,
    code: str,
    device: uuid.UUID,
    label: str,
    origin: str,
    settings: Settings,
    at: datetime,
    hash_token: Callable[[str], str],
) -> Row:
    """Sign a phone in with a code: `{"token", "expires_at", "person": {…}, "recovery_key": base64}`.

    A code works once. The same phone may repeat the request for REPEAT_MINUTES, since the answer may have been lost,
    and gets a new token; whatever token it had is revoked. Raises TOO_MANY_REQUESTS, and DEVICE_CODE_REFUSED alike
    for a code that is unknown, used, expired, or of somebody who may no longer work here.
    """
    _count_try(origin, settings, at)
    read = read_code(code)
    key = _code_hash(read, settings) if read else ""
    token, entry = new_token(label=label, days=settings.token_days, at=at, hash_token=hash_token)
    recovery_key = secrets.token_bytes(RECOVERY_BYTES)

    def write(session: ClientSession) -> Row:
        person = _claim(key, str(device), at, session)
        if person is None:
            raise Problem(
                problems.DEVICE_CODE_REFUSED,
                zh="登录码无效、已使用或已过期；请向项目经理索取新的登录码",
                en="The code is unknown, used or expired; ask the programme manager for a new one",
            )
        place = f"{person['_id']}:{device}"
        known = devices.Device._get_collection().find_one({"_id": place}, session=session)
        _replace_token(person, known["token"] if known else None, entry, at, session)
        kept = {"label": label, "token": entry["hash"], "signed_in_at": to_milliseconds(at)}
        fresh = {
            "person": person["_id"], "device": str(device), "recovery_key": recovery_key,
            "created_at": to_milliseconds(at),
        }  # fmt: skip
        stored: Row = devices.Device._get_collection().find_one_and_update(
            {"_id": place},
            {"$set": kept, "$setOnInsert": fresh},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        details = {
            "device": str(device), "label": label, "code": key[:SHOWN_HASH], "token": entry["hash"][:SHOWN_HASH],
            "expires_at": entry["expires_at"].isoformat(),
        }  # fmt: skip
        trail.append(
            "person", person["_id"], "device_signed_in", actor_id=person["_id"], at=at, details=details, session=session
        )
        return {"person": _described(person), "recovery_key": _base64(stored["recovery_key"])}

    return {"token": token, "expires_at": entry["expires_at"], **in_transaction(write)}


def read_recovery_key(device: uuid.UUID, *, actor: Actor) -> Row:
    """Give the key that opens what the actor sealed on this phone; raises NOT_FOUND for one never signed in on."""
    row = devices.Device._get_collection().find_one({"_id": f"{actor.id}:{device}"})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return {"device": device, "recovery_key": _base64(row["recovery_key"])}


def shut_out(person: str, device: str, *, actor: Actor, at: datetime) -> None:
    """Revoke the token of one phone, a lost one; what is sealed on it stays sealed. Repeating it changes nothing.

    Raises NOT_FOUND for a phone of somebody who is not wholly in the actor's scope.
    """

    def write(session: ClientSession) -> None:
        place = {"_id": f"{person}:{device}"}
        row = devices.Device._get_collection().find_one(place, session=session)
        wanted = {"$and": [{"_id": person}, _within(actor)]}
        found = row and directory.Person._get_collection().find_one(wanted, session=session)
        if row is None or not found:
            raise Problem(problems.NOT_FOUND)
        # Or it could repeat, for some minutes, the request that it signed in with.
        devices.DeviceCode._get_collection().delete_many({"person": person, "device": device}, session=session)
        if any(t["hash"] == row["token"] and not t.get("revoked_at") for t in found["tokens"]):
            mark_revoked(person, [row["token"]], at, session)
            details = {"device": device, "token": row["token"][:SHOWN_HASH]}
            trail.append(
                "person", person, "device_shut_out", actor_id=actor.id, at=at, details=details, session=session
            )

    in_transaction(write)


def list_devices(actor: Actor, *, at: datetime, limit: int) -> list[Row]:
    """List the phones last signed in with, of people wholly within the actor's scope, the latest first.

    Each: `{"person", "device", "name", "email", "label", "signed_in_at", "live"}`; `live` while its token works.
    """
    steps: list[Row] = [
        {"$sort": {"signed_in_at": -1, "_id": 1}},
        {
            "$lookup": {
                "from": directory.Person._get_collection().name, "localField": "person", "foreignField": "_id",
                "pipeline": [{"$match": _within(actor)}], "as": "who",
            }
        },
        {"$match": {"who": {"$ne": []}}},
        {"$limit": limit},
        {"$project": {"recovery_key": 0}},
    ]  # fmt: skip
    return [_shown(row, row["who"][0], at) for row in devices.Device._get_collection().aggregate(steps)]


def _shown(row: Row, person: Row, at: datetime) -> Row:
    live = person.get("active") and any(
        t["hash"] == row["token"] and not t.get("revoked_at") and t["expires_at"] > at for t in person["tokens"]
    )
    told = {name: row[name] for name in ("person", "device", "label", "signed_in_at")}
    return {**told, "name": person["name"], "email": person["email"], "live": bool(live)}


def _within(actor: Actor) -> Row:
    """Give the filter of people all of whose dealers, or brands, the actor sees; of somebody without any, nobody's."""
    if actor.sees_everything:
        return {}
    field, own = ("dealers", actor.dealers) if actor.dealers else ("brands", actor.brands)
    return {field: {"$exists": True, "$ne": [], "$not": {"$elemMatch": {"$nin": sorted(own)}}}}


def _person_in_scope(person: str, actor: Actor) -> Row:
    """Find somebody wholly within the scope: with a code, one could act in that person's name."""
    named = {"$or": [{"_id": person}, {"email": person.strip().lower()}], "active": True}
    wanted = {"$and": [named, _within(actor)]}
    row: Row | None = directory.Person._get_collection().find_one(wanted, {"tokens": 0})
    if row is None:
        raise Problem(problems.NOT_FOUND, zh="您的权限范围内没有该人员", en="There is no such person within your scope")
    return row


def _claim(key: str, device: str, at: datetime, session: ClientSession) -> Row | None:
    """Use a code up for a phone; gives the person, None where the code does not work for it."""
    codes = devices.DeviceCode._get_collection()
    row = codes.find_one({"_id": key}, session=session)
    if row is None:
        return None
    if row["used_at"] is None:
        good = row["expires_at"] > at
    else:
        good = row["device"] == device and row["used_at"] + timedelta(minutes=REPEAT_MINUTES) > at
    if not good:
        return None
    # Two phones at once meet here: the later one is told to begin anew, and finds the code used.
    used = {"used_at": row["used_at"] or to_milliseconds(at), "device": device}
    codes.update_one({"_id": key}, {"$set": used}, session=session)
    found: Row | None = directory.Person._get_collection().find_one(
        {"_id": row["person"], "active": True, "role": Role.AUDITOR.value}, session=session
    )
    return found


def _replace_token(person: Row, former: str | None, entry: Row, at: datetime, session: ClientSession) -> None:
    """Give a person a phone's new token in the place of the one it had."""
    live = [
        t for t in person.get("tokens", [])
        if t["hash"] != former and not t.get("revoked_at") and t["expires_at"] > at
    ]  # fmt: skip
    if len(live) >= directory.TOKENS_PER_PERSON:
        raise Problem(problems.INVALID, zh="有效令牌过多，请先吊销", en="Too many live tokens; revoke some first")
    people = directory.Person._get_collection()
    if former is not None:
        mark_revoked(person["_id"], [former], at, session)
    people.update_one({"_id": person["_id"]}, {"$push": {"tokens": entry}}, session=session)


def _count_try(origin: str, settings: Settings, at: datetime) -> None:
    """Count a try before it is looked at, so that many at once cannot slip through; raises TOO_MANY_REQUESTS."""
    minute = int(at.timestamp()) // TRY_SECONDS
    limits = [("all", MOST_TRIES)]
    if origin:
        # An address is personal: kept as a keyed hash, for minutes.
        limits.append((_keyed(f"origin {origin}", settings)[:32], MOST_TRIES_OF_ONE))
    forget_at = to_milliseconds(at + timedelta(seconds=2 * TRY_SECONDS))
    for name, most in limits:
        row = devices.DeviceTries._get_collection().find_one_and_update(
            {"_id": f"{minute}:{name}"},
            {"$inc": {"count": 1}, "$setOnInsert": {"forget_at": forget_at}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        if row["count"] > most:
            seconds = TRY_SECONDS - int(at.timestamp()) % TRY_SECONDS
            raise Problem(
                problems.TOO_MANY_REQUESTS,
                zh=f"尝试次数过多，请在 {seconds} 秒后重试",
                en=f"Too many codes were tried; try again in {seconds} seconds",
                headers={"Retry-After": str(seconds)},
            )


def _described(person: Row) -> Row:
    return {"id": person["_id"], "name": person["name"], "locale": person.get("locale") or "zh", "role": person["role"]}


def _code_hash(code: str, settings: Settings) -> str:
    """Give what is kept of a code: a keyed hash, since 49 bits could be found back from a plain one."""
    return _keyed(f"device code {read_code(code)}", settings)


def _keyed(text: str, settings: Settings) -> str:
    return hmac.digest(settings.secret_key.encode(), text.encode(), "sha256").hex()


def _base64(key: bytes) -> str:
    return base64.b64encode(key).decode()
