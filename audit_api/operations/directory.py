"""Verbs on dealers, people and tokens."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from audit_api import problems
from audit_api.domain.directory import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, Actor, Role, parse_dealer
from audit_api.domain.rows import ImportReport, batches, repeated_code
from audit_api.intake.tables import Row as TableRow
from audit_api.intake.tables import Table, check_columns
from audit_api.models import directory, trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.problems import Problem

TOKEN_BYTES = 32
BATCH = 200
DEALER_COLUMNS = tuple(c for c in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS) if c != "code")


def scope_filter(actor: Actor, *, brand_field: str = "brand", dealer_field: str = "dealer") -> Row:
    """Give the MongoDB filter that holds a query within the actor's scope."""
    if actor.role is Role.DEALER or actor.dealers:
        return {dealer_field: {"$in": sorted(actor.dealers)}}
    return {} if actor.sees_everything else {brand_field: {"$in": sorted(actor.brands)}}


def list_dealers(
    actor: Actor, *, limit: int, after: str | None = None, brand: str | None = None, region: str | None = None
) -> Row:
    """List the dealers in scope by code; returns `{"items": [...], "next": code or None}`."""
    conditions: list[Row] = [scope_filter(actor, dealer_field="_id")]
    if after:
        conditions.append({"_id": {"$gt": after}})
    if brand:
        conditions.append({"brand": brand})
    if region:
        conditions.append({"region": region})
    found = list(directory.Dealer._get_collection().find({"$and": conditions}).sort("_id", 1).limit(limit + 1))
    items = [row | {"code": row["_id"]} for row in found[:limit]]
    return {"items": items, "next": items[-1]["code"] if len(found) > limit else None}


def open_dealer(actor: Actor, code: str) -> Row:
    """Read one dealer; raises NOT_FOUND when it does not exist or lies out of scope."""
    row = directory.Dealer._get_collection().find_one({"_id": code})
    if row is None or not actor.sees(brand=row["brand"], dealer=code):
        raise Problem(problems.NOT_FOUND)
    return {**row, "code": row["_id"]}


def import_dealers(rows: Iterable[TableRow], *, dry_run: bool, actor: Actor, at: datetime) -> ImportReport:
    """Add and change dealers by a table's rows; good rows go in, the others are reported by row number.

    Columns that the file lacks keep what is known of a dealer; the same file again changes nothing. A dry
    run checks everything and writes nothing. Raises FORBIDDEN without scope over all brands, IMPORT_REFUSED
    for a table with missing or unknown columns.
    """
    if isinstance(rows, Table):
        check_columns(rows.columns, required=REQUIRED_COLUMNS, optional=OPTIONAL_COLUMNS)
    if not actor.sees_everything:
        raise Problem(
            problems.FORBIDDEN,
            zh="导入经销商需要全部品牌的权限",
            en="Importing dealers needs scope over all brands",
        )
    report = ImportReport(dry_run)
    first_rows: dict[str, int] = {}
    for batch in batches(rows, BATCH):
        wanted: list[Row] = []
        for row in batch:
            report.read += 1
            parsed = [row.error] if row.error else parse_dealer(row.number, row.values)
            if isinstance(parsed, list):
                report.refuse(parsed)
            elif (first := first_rows.setdefault(parsed.code, row.number)) != row.number:
                report.refuse([repeated_code(row.number, parsed.code, first)])
            else:
                wanted.append(
                    {"_id": parsed.code, **{c: getattr(parsed, c) for c in DEALER_COLUMNS}, "named": row.values}
                )
        new, changed = _keep_dealers(wanted, dry_run=dry_run, actor=actor, at=at)
        report.new, report.changed = report.new + new, report.changed + changed
        report.same += len(wanted) - new - changed
    return report


def _keep_dealers(wanted: list[Row], *, dry_run: bool, actor: Actor, at: datetime) -> tuple[int, int]:
    """Write one batch in one transaction; gives how many are new and how many changed."""
    dealers = directory.Dealer._get_collection()

    def write(session: ClientSession | None) -> tuple[int, int]:
        codes = {"_id": {"$in": [row["_id"] for row in wanted]}}
        present = {row["_id"]: row for row in dealers.find(codes, session=session)}
        new = changed = 0
        for row in wanted:
            known = present.get(row["_id"])
            fields = {c: row[c] for c in DEALER_COLUMNS if known is None or c in row["named"]}
            change = {c: value for c, value in fields.items() if known is None or known.get(c) != value}
            if not change:
                continue
            new, changed = new + (known is None), changed + (known is not None)
            if session is not None:
                update = {"$set": change | {"updated_at": to_milliseconds(at)}}
                dealers.update_one({"_id": row["_id"]}, update, upsert=True, session=session)
                verb = "added" if known is None else "changed"
                trail.append("dealer", row["_id"], verb, actor_id=actor.id, at=at, details=change, session=session)
        return new, changed

    return write(None) if dry_run or not wanted else in_transaction(write)


def list_people(actor: Actor, *, at: datetime, limit: int, after: str | None = None) -> Row:
    """List people by e-mail address, without tokens; `live_tokens` counts those that still work at `at`.

    Returns `{"items": [...], "next": e-mail or None}`; raises FORBIDDEN for anybody but an administrator.
    """
    if actor.role is not Role.ADMIN or not actor.sees_everything:
        raise Problem(problems.FORBIDDEN)
    condition = {"email": {"$gt": after}} if after else {}
    found = list(directory.Person._get_collection().find(condition).sort("email", 1).limit(limit + 1))
    items = []
    for row in found[:limit]:
        live = sum(1 for t in row.pop("tokens", []) if not t.get("revoked_at") and t["expires_at"] > at)
        items.append(row | {"id": row["_id"], "live_tokens": live})
    return {"items": items, "next": items[-1]["email"] if len(found) > limit else None}


def describe_self(actor: Actor) -> Row:
    """Give who the actor is, with role and scope."""
    who = {"id": actor.id, "email": actor.email, "name": actor.name, "role": actor.role.value, "locale": actor.locale}
    return {**who, "brands": sorted(actor.brands), "dealers": sorted(actor.dealers)}


def add_person(
    *,
    email: str,
    name: str,
    role: Role,
    brands: Iterable[str] = (),
    dealers: Iterable[str] = (),
    locale: str = "zh",
    actor: Actor,
    at: datetime,
) -> str:
    """Register a person and return the id; raises EMAIL_TAKEN, INVALID for a scope that makes no sense."""
    brands, dealers = sorted(set(brands)), sorted(set(dealers))
    if role is Role.DEALER and not dealers:
        raise Problem(
            problems.INVALID,
            zh="经销商角色必须指定所属经销商",
            en="A dealer's person needs at least one dealer",
        )
    if role is not Role.DEALER and not brands and not dealers:
        raise Problem(problems.INVALID, zh="请指定品牌范围（* 表示全部）", en="Name the brands in scope (* for all)")
    row: Row = {
        "_id": uuid.uuid4().hex,
        "email": email.strip().lower(),
        "name": name,
        "role": role.value,
        "brands": brands,
        "dealers": dealers,
        "locale": locale,
        "active": True,
        "created_at": to_milliseconds(at),
    }

    def write(session: ClientSession) -> None:
        directory.Person._get_collection().insert_one(row, session=session)
        details = {"role": role.value, "brands": brands, "dealers": dealers}
        trail.append("person", row["_id"], "added", actor_id=actor.id, at=at, details=details, session=session)

    try:
        in_transaction(write)
    except DuplicateKeyError:
        raise Problem(problems.EMAIL_TAKEN) from None
    return str(row["_id"])


def create_token(
    *, email: str, label: str = "", days: int, actor: Actor, at: datetime, hash_token: Any
) -> tuple[str, datetime]:
    """Make a bearer token for a person; returns it, shown only now, and its expiry.

    `hash_token` is `auth.hash_token`. Raises NOT_FOUND for an unknown e-mail address, INVALID when
    the person holds too many live tokens.
    """
    people = directory.Person._get_collection()
    person = people.find_one({"email": email.strip().lower()})
    if person is None:
        raise Problem(problems.NOT_FOUND, zh=f"没有邮箱为 {email} 的人员", en=f"Nobody is registered as {email}")
    live = [t for t in person.get("tokens", []) if not t.get("revoked_at") and t["expires_at"] > at]
    if len(live) >= directory.TOKENS_PER_PERSON:
        raise Problem(problems.INVALID, zh="有效令牌过多，请先吊销", en="Too many live tokens; revoke some first")
    token, entry = new_token(label=label, days=days, at=at, hash_token=hash_token)
    expires_at: datetime = entry["expires_at"]

    def write(session: ClientSession) -> None:
        people.update_one({"_id": person["_id"]}, {"$push": {"tokens": entry}}, session=session)
        details = {"token": entry["hash"][:12], "label": label, "expires_at": expires_at.isoformat()}
        trail.append(
            "person",
            person["_id"],
            "token_created",
            actor_id=actor.id,
            at=at,
            details=details,
            session=session,
        )

    in_transaction(write)
    return token, expires_at


def new_token(*, label: str, days: int, at: datetime, hash_token: Any) -> tuple[str, Row]:
    """Draw a token; returns it and what is kept of it."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, {
        "hash": hash_token(token),
        "label": label,
        "created_at": to_milliseconds(at),
        "expires_at": to_milliseconds(at + timedelta(days=days)),
        "revoked_at": None,
    }


def mark_revoked(person: str, hashes: list[str], at: datetime, session: ClientSession) -> None:
    """Write into a person's tokens of these hashes that they are revoked."""
    directory.Person._get_collection().update_one(
        {"_id": person},
        {"$set": {"tokens.$[chosen].revoked_at": to_milliseconds(at)}},
        array_filters=[{"chosen.hash": {"$in": hashes}, "chosen.revoked_at": None}],
        session=session,
    )


def revoke_tokens(*, email: str, prefix: str = "", actor: Actor, at: datetime) -> int:
    """Revoke a person's live tokens whose hash begins with `prefix` (all of them when empty); returns how many."""
    people = directory.Person._get_collection()
    person = people.find_one({"email": email.strip().lower()})
    if person is None:
        raise Problem(problems.NOT_FOUND, zh=f"没有邮箱为 {email} 的人员", en=f"Nobody is registered as {email}")
    chosen = [t["hash"] for t in person.get("tokens", []) if not t.get("revoked_at") and t["hash"].startswith(prefix)]

    def write(session: ClientSession) -> None:
        mark_revoked(person["_id"], chosen, at, session)
        details = {"tokens": [h[:12] for h in chosen]}
        trail.append(
            "person",
            person["_id"],
            "tokens_revoked",
            actor_id=actor.id,
            at=at,
            details=details,
            session=session,
        )

    if chosen:
        in_transaction(write)
    return len(chosen)
