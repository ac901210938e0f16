"""Verbs on the sample frame: import events and staff contacts, list them without hashes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from audit_api import problems
from audit_api.domain import survey_frame as rules
from audit_api.domain.directory import Actor
from audit_api.domain.rows import ImportReport, RowError, batches
from audit_api.domain.survey_frame import EventRecord, StaffRecord
from audit_api.domain.survey_mappings import EVENTS, STAFF
from audit_api.domain.surveys import DealerPlace, nearest_name
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.tables import Table
from audit_api.models import survey_frame, trail
from audit_api.models.base import Row, to_milliseconds
from audit_api.operations.directory import scope_filter
from audit_api.operations.survey_import import DUPLICATE_KEY, dealer_places
from audit_api.operations.survey_mappings import TranslatedTable
from audit_api.problems import Problem

BATCH = 2_000
Rows = Iterable[tuple[int, Sequence[Any] | RowError]]
Parsed = TypeVar("Parsed")
Refuse = Callable[[RowError], None]


def import_events(
    rows: Rows,
    *,
    columns: Sequence[str],
    hasher: ContactHasher,
    actor: Actor,
    at: datetime,
    dry_run: bool = False,
    refuse: Refuse = lambda error: None,
    progress: Callable[[int], None] = lambda rows: None,
) -> ImportReport:
    """Import eligible events, each once by dealer, kind and id; the same file again changes nothing.

    The last import of an event counts, for a frame is completed over time; what it replaced is kept beside it. Columns
    that a file lacks keep what is known. Bad rows are told to `refuse`. Raises IMPORT_REFUSED for a header that does
    not fit.
    """
    _check_header(columns, rules.REQUIRED_EVENT_COLUMNS, rules.EVENT_COLUMNS)
    report = ImportReport(dry_run)
    dealers = dealer_places(actor)
    pending: dict[str, Row] = {}
    brought = _brought(columns)
    moment = to_milliseconds(at)
    for batch in batches(rows, BATCH):
        parsed = _parsed(batch, columns, dealers=dealers, parse=rules.parse_event, report=report, refuse=refuse)
        documents = [_event(record, hasher, moment) for _, record in parsed]
        new, changed = _keep_events(documents, brought, pending if dry_run else None, hasher)
        report.new, report.changed = report.new + new, report.changed + changed
        report.same += len(documents) - new - changed
        progress(report.read)
    _note("survey_events", report, actor, at)
    return report


def import_staff(
    rows: Rows,
    *,
    columns: Sequence[str],
    hasher: ContactHasher,
    actor: Actor,
    at: datetime,
    dry_run: bool = False,
    refuse: Refuse = lambda error: None,
    progress: Callable[[int], None] = lambda rows: None,
) -> ImportReport:
    """Import contacts of dealers' staff, each once by dealer and contact, as keyed hashes; nothing is removed."""
    _check_header(columns, rules.STAFF_COLUMNS, rules.STAFF_COLUMNS)
    report = ImportReport(dry_run)
    dealers = dealer_places(actor)
    seen: set[tuple[str, str]] = set()
    for batch in batches(rows, BATCH):
        parsed = _parsed(batch, columns, dealers=dealers, parse=rules.parse_staff, report=report, refuse=refuse)
        new = _keep_staff([record for _, record in parsed], hasher, to_milliseconds(at), seen, dry_run=dry_run)
        report.new, report.same = report.new + new, report.same + len(parsed) - new
        progress(report.read)
    _note("staff_contacts", report, actor, at)
    return report


def import_table(
    table: Table,
    kind: str,
    *,
    mapping: str | None = None,
    dry_run: bool = False,
    hasher: ContactHasher,
    actor: Actor,
    at: datetime,
    refuse: Refuse = lambda error: None,
    progress: Callable[[int], None] = lambda rows: None,
) -> ImportReport:
    """Import a file of events or staff contacts, translated by a saved mapping where one is named."""
    translated = TranslatedTable(table, kind, mapping)
    report = {EVENTS: import_events, STAFF: import_staff}[kind](
        translated.rows(),
        columns=translated.columns,
        hasher=hasher,
        actor=actor,
        at=at,
        dry_run=dry_run,
        refuse=lambda error: refuse(translated.in_their_words(error)),
        progress=progress,
    )
    report.errors = [translated.in_their_words(error) for error in report.errors]
    return report


def list_events(
    actor: Actor, *, limit: int, after: str | None = None, dealer: str | None = None, kind: str | None = None
) -> Row:
    """List events in scope by id, without any hash."""
    wanted = ({"dealer": dealer} if dealer else {}) | ({"kind": kind} if kind else {})
    return _page(survey_frame.Event, actor, wanted, limit, after)


def list_staff(actor: Actor, *, limit: int, after: str | None = None, dealer: str | None = None) -> Row:
    """List staff contacts in scope by id: dealer and kind of contact, without any hash."""
    return _page(survey_frame.StaffContact, actor, {"dealer": dealer} if dealer else {}, limit, after)


def _page(model: Any, actor: Actor, wanted: Row, limit: int, after: str | None) -> Row:
    conditions = {"$and": [scope_filter(actor), wanted, {"_id": {"$gt": after}} if after else {}]}
    hidden = dict.fromkeys((*survey_frame.HASHES, "contact_key_id", "earlier"), 0)
    rows = list(model._get_collection().find(conditions, hidden).sort("_id", 1).limit(limit + 1))
    return {"items": rows[:limit], "next": rows[limit - 1]["_id"] if len(rows) > limit else None}


def _parsed(
    batch: list[tuple[int, Sequence[Any] | RowError]],
    columns: Sequence[str],
    *,
    dealers: Mapping[str, DealerPlace],
    parse: Callable[[int, Mapping[str, str], Mapping[str, DealerPlace]], Parsed | list[RowError]],
    report: ImportReport,
    refuse: Refuse,
) -> list[tuple[int, Parsed]]:
    found = []
    for number, cells in batch:
        report.read += 1
        made: Parsed | list[RowError]
        if isinstance(cells, RowError):
            made = [cells]
        else:
            made = parse(number, dict(zip(columns, cells, strict=True)), dealers)
        if isinstance(made, list):
            report.refuse(made)
            for error in made:
                refuse(error)
        else:
            found.append((number, made))
    return found


def _event(record: EventRecord, hasher: ContactHasher, at: datetime) -> Row:
    return survey_frame.event_document(
        record,
        contact=hasher.contact(record.contact),
        vin_hash=hasher.vehicle(record.vin),
        key_id=hasher.key_id,
        at=at,
    )


def _brought(columns: Sequence[str]) -> tuple[str, ...]:
    """Name the fields of an event that a file with these columns speaks of."""
    named = {"contact_hash": "contact", "vin_hash": "vin"}
    return tuple(name for name in survey_frame.CONTENT if named.get(name, name) in columns)


def _keep_events(
    documents: list[Row], brought: tuple[str, ...], pending: dict[str, Row] | None, hasher: ContactHasher
) -> tuple[int, int]:
    """Write one batch; gives how many were new and how many changed. `pending` stands for the database when dry."""
    events = survey_frame.Event._get_collection()
    known: dict[str, Row] = {}
    for row in events.find({"_id": {"$in": [document["_id"] for document in documents]}}):
        known[row["_id"]] = _wrapped(row, hasher)
    if pending is not None:
        known |= {d["_id"]: pending[d["_id"]] for d in documents if d["_id"] in pending}
    inserts: dict[str, Row] = {}
    updates: dict[str, tuple[Row, list[Row]]] = {}
    new = changed = 0
    for document in documents:
        name = document["_id"]
        there = known.get(name)
        if there is None:
            new += 1
            known[name] = inserts[name] = document
            continue
        change = {field: document[field] for field in brought if document[field] != there.get(field)}
        if not change:
            continue
        changed += 1
        earlier = {field: there.get(field) for field in (*change, "received_at", "contact_key_id")}
        if "contact_hash" in change:
            change["contact_kind"] = document["contact_kind"]
        hashes = {field: change.get(field, there.get(field)) for field in survey_frame.HASHES}
        key_id = hasher.key_id if any(hashes.values()) else ""
        change |= hashes | {"contact_key_id": key_id, "received_at": document["received_at"]}
        known[name] = there | change
        if name in inserts:  # a file may hold an event twice
            inserts[name] |= change
            inserts[name].setdefault("earlier", []).append(earlier)
        else:
            whole, before = updates.setdefault(name, ({}, []))
            whole |= change
            before.append(earlier)
    if pending is not None:
        pending.update({document["_id"]: known[document["_id"]] for document in documents})
    elif inserts or updates:
        _write(events, [*map(InsertOne, inserts.values()), *(_update(n, *u) for n, u in updates.items())])
    return new, changed


def _update(name: str, change: Row, earlier: list[Row]) -> UpdateOne:
    push = {"earlier": {"$each": earlier, "$slice": -survey_frame.MOST_EARLIER}}
    return UpdateOne({"_id": name}, {"$set": change, "$push": push})


def _wrapped(row: Row, hasher: ContactHasher) -> Row:
    """Bring the hashes of a kept event under the present keys, to compare them."""
    key_id = row.get("contact_key_id")
    if not key_id or key_id == hasher.key_id or key_id not in hasher.chains:
        return row
    wrapped = {name: hasher.wrap(row.get(name) or "", key_id) for name in survey_frame.HASHES}
    return row | wrapped | {"contact_key_id": hasher.key_id}


def _write(collection: Any, operations: list[Any]) -> None:
    """Write a batch; what another import has put there meanwhile is left, the next import meets it as known."""
    try:
        collection.bulk_write(operations, ordered=False)
    except BulkWriteError as failed:
        errors = failed.details["writeErrors"]
        if any(error["code"] != DUPLICATE_KEY for error in errors) or failed.details["writeConcernErrors"]:
            raise


def _keep_staff(
    records: list[StaffRecord], hasher: ContactHasher, at: datetime, seen: set[tuple[str, str]], *, dry_run: bool
) -> int:
    staff = survey_frame.StaffContact._get_collection()
    stages = [hasher.contact_stages(record.contact) for record in records]
    hashes = [stage for found in stages for stage in found]
    # A contact kept before a rotation has the hash of an earlier chain: all of them are looked for.
    there = {(row["dealer"], row["contact_hash"]) for row in staff.find({"contact_hash": {"$in": hashes}})}
    operations = []
    for record, found in zip(records, stages, strict=True):
        key = (record.dealer, found[-1])
        if key in seen or any((record.dealer, stage) in there for stage in found):
            continue
        seen.add(key)
        row = {
            "_id": uuid.uuid4().hex, "dealer": record.dealer, "brand": record.brand, "contact_hash": found[-1],
            "contact_kind": hasher.contact(record.contact).kind, "contact_key_id": hasher.key_id, "received_at": at,
        }  # fmt: skip
        operations.append(InsertOne(row))
    if operations and not dry_run:
        _write(staff, operations)
    return len(operations)


def _check_header(columns: Sequence[str], required: Sequence[str], known: Sequence[str]) -> None:
    missing = [name for name in required if name not in columns]
    unknown = [name for name in columns if name not in known]
    if not missing and not unknown:
        return
    zh, en = [], []
    if missing:
        zh.append(f"缺少列：{'、'.join(missing)}")
        en.append(f"missing columns: {', '.join(missing)}")
    if unknown:
        near = [(name[:60], nearest_name(name, known)) for name in unknown[:20]]
        zh.append("未知的列：" + "、".join(n + (f"（是否为 {o}？）" if o else "") for n, o in near))
        en.append("unknown columns: " + ", ".join(n + (f" (did you mean {o}?)" if o else "") for n, o in near))
    listed = ", ".join(known)
    raise Problem(
        problems.IMPORT_REFUSED,
        zh=f"{'；'.join(zh)}。可用的列：{listed}",
        en=f"{'; '.join(en)}. Known columns: {listed}",
    )


def _note(kind: str, report: ImportReport, actor: Actor, at: datetime) -> None:
    if not report.dry_run and (report.new or report.changed):
        details = {name: getattr(report, name) for name in ("read", "new", "changed", "same", "refused")}
        trail.append(kind, uuid.uuid4().hex, "imported", actor_id=actor.id, at=at, details=details)
