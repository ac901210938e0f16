"""Verbs on assignments: who visits which dealer with which checklist, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain import programmes as rules
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor, Role
from audit_api.domain.programmes import AssignmentRequest
from audit_api.domain.rows import ImportReport, RowError, batches, repeated_code
from audit_api.intake.tables import Row as TableRow
from audit_api.intake.tables import Table, check_columns
from audit_api.models import programmes, trail
from audit_api.models.base import Row, collection, in_transaction, to_milliseconds
from audit_api.models.checklists import find_checklist
from audit_api.models.directory import Dealer, Person, actor_of
from audit_api.operations.directory import scope_filter
from audit_api.operations.programmes import page, sees_brand
from audit_api.problems import Problem

BATCH = 200
Refusal = tuple[str, str, str]
"""Field, and the reason in Chinese and in English."""
FOR_AUDITORS = (
    "code", "wave", "programme", "dealer", "checklist", "mode", "domain", "window_from", "window_to", "scenario",
    "briefing", "visit",
)  # fmt: skip
DEALER_FIELDS = ("code", "name_zh", "name_en", "city", "lat", "lon", "datum", "fence_m", "timezone")


@dataclass(frozen=True)
class _Known:
    """What the requests of one batch name: three queries however many they are, and the cached checklists."""

    waves: dict[str, rules.Wave]
    dealers: dict[str, Row]
    checklists: dict[tuple[str, int], Checklist | None]
    auditors: dict[str, Row]


def assign(request: AssignmentRequest, *, actor: Actor, at: datetime) -> Row:
    """Make one assignment and return it; the same content again changes nothing.

    Raises INVALID naming each field that cannot be taken (unknown or out of scope, brands that differ,
    a checklist that is not published, an inactive auditor, a window outside the wave), ALREADY_EXISTS
    when the code stands for other content.
    """
    (outcome,) = _place([request], dry_run=False, actor=actor, at=at)
    if isinstance(outcome, list):
        if any(field == "code" for field, _, _ in outcome):
            _, zh, en = outcome[0]
            raise Problem(problems.ALREADY_EXISTS, zh=zh, en=en)
        errors = [{"field": field, "message": {"zh": zh, "en": en}} for field, zh, en in outcome]
        raise Problem(problems.INVALID, members={"errors": errors})
    return open_assignment(actor, request.code)


def import_assignments(rows: Iterable[TableRow], *, dry_run: bool, actor: Actor, at: datetime) -> ImportReport:
    """Make assignments from a table's rows; good rows go in, the others are reported by row number.

    An assignment that exists with the same content counts as same, with other content as refused. A dry
    run checks everything and writes nothing.
    """
    if isinstance(rows, Table):
        check_columns(rows.columns, required=rules.REQUIRED_COLUMNS, optional=rules.OPTIONAL_COLUMNS)
    report = ImportReport(dry_run)
    first_rows: dict[str, int] = {}
    for batch in batches(rows, BATCH):
        requests: list[tuple[TableRow, AssignmentRequest]] = []
        for row in batch:
            report.read += 1
            parsed = [row.error] if row.error else rules.parse_assignment(row.number, row.values)
            if isinstance(parsed, list):
                report.refuse(parsed)
            elif (first := first_rows.setdefault(parsed.code, row.number)) != row.number:
                report.refuse([repeated_code(row.number, parsed.code, first)])
            else:
                requests.append((row, parsed))
        outcomes = _place([request for _, request in requests], dry_run=dry_run, actor=actor, at=at)
        for (row, _), outcome in zip(requests, outcomes, strict=True):
            if isinstance(outcome, list):
                report.refuse([RowError(row.number, f, row.values.get(f, ""), zh, en) for f, zh, en in outcome])
            else:
                report.new, report.same = report.new + outcome, report.same + (not outcome)
        report.errors.sort(key=lambda error: error.row)
    return report


def list_assignments(
    actor: Actor, *, limit: int, after: str | None = None, wave: str | None = None, dealer: str | None = None
) -> Row:
    """List assignments by code, each with its dealer and its visit; an auditor's own only, else those in scope."""
    conditions = [_scope(actor)]
    if wave:
        conditions.append({"wave": wave})
    if dealer:
        conditions.append({"dealer": dealer})
    found = page(programmes.Assignment._get_collection(), conditions, limit, after)
    return {"items": _presented(actor, found["items"]), "next": found["next"]}


def open_assignment(actor: Actor, code: str) -> Row:
    """Read one assignment with its dealer and visit; NOT_FOUND when it is missing, out of scope, somebody else's."""
    row = programmes.Assignment._get_collection().find_one({"$and": [{"_id": code}, _scope(actor)]})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return _presented(actor, [row])[0]


def _scope(actor: Actor) -> Row:
    if actor.role is Role.AUDITOR:
        return {"auditor": actor.id, "imported": None}  # what is long done is no task
    if actor.role is Role.DEALER:  # a dealer never learns who comes when
        return {"_id": {"$in": []}}
    return scope_filter(actor)


def _presented(actor: Actor, rows: list[Row]) -> list[Row]:
    """Join dealers and visits in two queries; an auditor gets FOR_AUDITORS, nothing that hints at scores or flags."""
    dealers = {
        d["_id"]: {name: d.get(name) for name in DEALER_FIELDS} | {"code": d["_id"]}
        for d in Dealer._get_collection().find({"_id": {"$in": [row["dealer"] for row in rows]}})
    }
    in_use = {"assignment": {"$in": [row["_id"] for row in rows]}, "active": True}
    visits = {
        v["assignment"]: {"id": v["_id"], "state": v["state"]}
        for v in collection("visits").find(in_use, {"assignment": 1, "state": 1})
    }
    shown = [
        row
        | {
            "code": row["_id"],
            "dealer": dealers.get(row["dealer"], {"code": row["dealer"]}),
            "visit": visits.get(row["_id"]),
        }
        for row in rows
    ]
    if actor.role is Role.AUDITOR:
        return [{name: row[name] for name in FOR_AUDITORS} for row in shown]
    return shown


def _place(
    requests: list[AssignmentRequest], *, dry_run: bool, actor: Actor, at: datetime
) -> list[bool | list[Refusal]]:
    """Check and write a batch in one transaction; for each: True new, False same, or what refuses it."""
    known = _look_up(requests)
    checked = [_checked(request, known, actor) for request in requests]
    assignments = programmes.Assignment._get_collection()

    def write(session: ClientSession | None) -> list[bool | list[Refusal]]:
        present = {
            row["_id"]: row for row in assignments.find({"_id": {"$in": [r.code for r in requests]}}, session=session)
        }
        outcomes: list[bool | list[Refusal]] = []
        for outcome in checked:
            if isinstance(outcome, list):
                outcomes.append(outcome)
            elif kept := present.get(outcome["_id"]):
                outcomes.append(_difference(kept, outcome))
            else:
                outcomes.append(True)
                if session is not None:
                    _insert(outcome, actor, at, session)
        return outcomes

    return write(None) if dry_run or not requests else in_transaction(write)


def _insert(row: Row, actor: Actor, at: datetime, session: ClientSession) -> None:
    kept = row | {"created_at": to_milliseconds(at)}
    programmes.Assignment._get_collection().insert_one(kept, session=session)
    details = {name: row[name] for name in ("wave", "dealer", "checklist", "auditor", "selected_by")}
    trail.append("assignment", row["_id"], "assigned", actor_id=actor.id, at=at, details=details, session=session)


def _difference(kept: Row, wanted: Row) -> bool | list[Refusal]:
    names = [name for name, value in wanted.items() if kept.get(name) != value]
    if not names:
        return False
    listed = ", ".join(names)
    return [
        (
            "code",
            f"派单 {wanted['_id']} 已存在且内容不同（{listed}）",
            f"Assignment {wanted['_id']} exists already with other content ({listed})",
        )
    ]


def _look_up(requests: list[AssignmentRequest]) -> _Known:
    people = [request.auditor for request in requests]
    either = {"$or": [{"_id": {"$in": people}}, {"email": {"$in": [name.lower() for name in people]}}]}
    auditors: dict[str, Row] = {}
    for person in Person._get_collection().find(either, {"tokens": 0}):
        auditors |= {person["_id"]: person, person["email"]: person}
    waves = programmes.Wave._get_collection().find({"_id": {"$in": [r.wave for r in requests]}})
    dealers = Dealer._get_collection().find({"_id": {"$in": [r.dealer for r in requests]}})
    versions = {(r.checklist, r.version) for r in requests}
    return _Known(
        waves={row["_id"]: programmes.wave_of_row(row) for row in waves},
        dealers={row["_id"]: row for row in dealers},
        checklists={version: find_checklist(*version) for version in versions},
        auditors=auditors,
    )


def _checked(request: AssignmentRequest, known: _Known, actor: Actor) -> Row | list[Refusal]:
    """Give the row to keep, or every reason against it."""
    refusals: list[Refusal] = []
    wave = known.waves.get(request.wave)
    dealer = known.dealers.get(request.dealer)
    checklist = known.checklists[request.checklist, request.version]
    if wave is None or not sees_brand(actor, wave.brand):
        refusals.append(("wave", f"没有波次 {request.wave}", f"There is no wave {request.wave}"))
        wave = None
    if dealer is None or not actor.sees(brand=dealer["brand"], dealer=request.dealer):
        refusals.append(("dealer", f"没有经销商 {request.dealer}", f"There is no dealer {request.dealer}"))
        dealer = None
    if wave and dealer and dealer["brand"] != wave.brand:
        zh = f"经销商属于品牌 {dealer['brand']}，波次属于 {wave.brand}"
        refusals.append(("dealer", zh, f"The dealer is of brand {dealer['brand']}, the wave of {wave.brand}"))
    if checklist is None:
        zh = f"检查表 {request.checklist} 第 {request.version} 版未发布"
        en = f"Version {request.version} of checklist {request.checklist} is not published"
        refusals.append(("checklist", zh, en))
    auditor = known.auditors.get(request.auditor) or known.auditors.get(request.auditor.lower())
    refusals += _auditor_refusals(request, auditor, dealer)
    mode, domain = (checklist.mode, checklist.domain) if checklist else ("", "")
    for name, asked, said in (("mode", request.mode, mode), ("domain", request.domain, domain)):
        if checklist and asked and asked != said:
            refusals.append((name, f"检查表规定为 {said}", f"The checklist says {said}"))
    window = _window(request, wave, dealer) if wave and dealer else None
    if isinstance(window, list):
        refusals += window
    if refusals or wave is None or auditor is None or not isinstance(window, tuple):
        return refusals
    return {
        "_id": request.code,
        "wave": wave.code,
        "programme": wave.programme,
        "brand": wave.brand,
        "dealer": request.dealer,
        "checklist": {"code": request.checklist, "version": request.version},
        "mode": mode,
        "domain": domain,
        "auditor": auditor["_id"],
        "window_from": window[0],
        "window_to": window[1],
        "scenario": request.scenario,
        "briefing": request.briefing,
        "selected_by": request.selected_by,
    }


def _auditor_refusals(request: AssignmentRequest, auditor: Row | None, dealer: Row | None) -> list[Refusal]:
    if auditor is None or auditor["role"] != Role.AUDITOR.value or not auditor.get("active"):
        return [("auditor", f"没有在职审核员 {request.auditor}", f"There is no active auditor {request.auditor}")]
    if dealer and not actor_of(auditor).sees(brand=dealer["brand"], dealer=dealer["_id"]):
        return [("auditor", "该经销商不在审核员的范围内", "The dealer lies outside the auditor's scope")]
    return []


def _window(request: AssignmentRequest, wave: rules.Wave, dealer: Row) -> tuple[datetime, datetime] | list[Refusal]:
    ends: list[datetime] = []
    for field, value in (("window_from", request.window_from), ("window_to", request.window_to)):
        try:
            moment = (
                rules.window_moment(value, dealer["timezone"], closing=field == "window_to")
                if isinstance(value, str)
                else value
            )
        except ValueError:
            zh = "须为 ISO 8601 日期或时间，如 2026-11-20 或 2026-11-20T10:00+08:00"
            en = "It must be an ISO 8601 date or time such as 2026-11-20 or 2026-11-20T10:00+08:00"
            return [(field, zh, en)]
        ends.append(to_milliseconds(moment))
    refusal = rules.window_refusal(wave, ends[0], ends[1])
    return [refusal] if refusal else (ends[0], ends[1])
