"""Verbs on survey responses: import them, list them."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from pymongo.errors import BulkWriteError

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.questionnaires import Questionnaire
from audit_api.domain.rows import ERRORS_SHOWN, ImportReport, RowError, shown
from audit_api.domain.surveys import COLUMNS, ColumnsError, DealerPlace, ResponseReader, ResponseRecord, WaveSpan
from audit_api.intake.contacts import ContactHasher
from audit_api.models import surveys, trail
from audit_api.models.base import Row, collection, to_milliseconds
from audit_api.models.directory import Dealer
from audit_api.operations import checklists
from audit_api.operations.directory import scope_filter
from audit_api.problems import Problem

DUPLICATE_KEY = 11000
HIDDEN = {"contact_hash": 0, "device_hash": 0, "adviser_hash": 0, "contact_key_id": 0, "content_hash": 0, "batch": 0}


@dataclass
class SurveyReport(ImportReport):
    """What an import of responses did; `changed` rows were not taken in: the first answer counts."""

    batch: str = ""
    questionnaire: str = ""
    version: int = 0
    waves: Counter[str] = field(default_factory=Counter)
    unasked: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Give the report as it goes on the wire; `waves` counts new responses by wave."""
        named = {"batch": self.batch, "questionnaire": self.questionnaire, "version": self.version}
        return {**named, **super().document(), "waves": dict(sorted(self.waves.items()))}


def import_responses(
    rows: Iterable[tuple[int, Sequence[Any] | RowError]],
    *,
    columns: Sequence[str],
    questionnaire: Questionnaire,
    hasher: ContactHasher,
    actor: Actor,
    at: datetime,
    programme: str | None = None,
    typed: bool = False,
    dry_run: bool = False,
    refuse: Callable[[RowError], None] = lambda error: None,
    outcome: Callable[[int, str], None] = lambda row, result: None,
    progress: Callable[[int], None] = lambda rows: None,
) -> SurveyReport:
    """Import responses, each once by its id, whatever the order, split or repetition of the rows.

    `rows` are numbers with cells in the order of `columns` (or the reason why the row cannot be read); good rows go
    in, bad ones are told to `refuse` cell by cell.
    Other content for a known response is refused, kept in response_conflicts and counted as changed: the first
    answer counts. `outcome` hears (row, new|same|changed) of every row that could be read, `progress` the number of
    rows done. `programme` narrows the waves where several hold one time. Raises IMPORT_REFUSED for a header that
    does not fit.
    """
    reader = _reader(columns, questionnaire, actor, programme, typed=typed)
    report = SurveyReport(
        dry_run,
        batch=uuid.uuid4().hex,
        questionnaire=questionnaire.code,
        version=questionnaire.version,
        unasked=reader.unasked,
    )
    to_document = _documents(questionnaire, hasher, report.batch, to_milliseconds(at))
    found: dict[str, str] = {}

    def settle(numbers: list[int], documents: list[Row], known: dict[int, str]) -> None:
        """Count one written batch; `known` maps positions that were there already to the kept content hash."""
        for position, (row, document) in enumerate(zip(numbers, documents, strict=True)):
            kept = known.get(position)
            if kept is None:
                result = "new"
                report.new += 1
                report.waves[document["wave"]] += 1
            elif kept == document["content_hash"]:
                result = "same"
                report.same += 1
            else:
                result = "changed"
                report.changed += 1
                error = _changed(row, document)
                report.errors.extend([error] if len(report.errors) < ERRORS_SHOWN else [])
                refuse(error)
            outcome(row, result)

    write = (lambda documents: _known_in_dry_run(documents, found)) if dry_run else _insert
    # A second thread waits for the server while this one reads the next rows; one batch is under way at most.
    with ThreadPoolExecutor(1) as writer:
        under_way: tuple[list[int], list[Row], Future[dict[int, str]]] | None = None
        pending = iter(rows)
        while chunk := list(islice(pending, surveys.BATCH)):
            numbers, documents = [], []
            for row, cells in chunk:
                record = [cells] if isinstance(cells, RowError) else reader.read(row, cells)
                if isinstance(record, list):
                    report.refuse(record)
                    for error in record:
                        refuse(error)
                else:
                    numbers.append(row)
                    documents.append(to_document(record))
            if under_way is not None:
                settle(under_way[0], under_way[1], under_way[2].result())
            under_way = (numbers, documents, writer.submit(write, documents)) if documents else None
            report.read += len(chunk)
            progress(report.read)
        if under_way is not None:
            settle(under_way[0], under_way[1], under_way[2].result())
    if not dry_run and (report.new or report.changed):
        trail.append("survey_import", report.batch, "imported", actor_id=actor.id, at=at, details=_counts(report))
    return report


def list_responses(
    actor: Actor, questionnaire: str, *, limit: int, after: str | None = None, wave: str | None = None
) -> Row:
    """List the responses to a questionnaire in scope by response id, without any hash of a contact.

    Raises NOT_FOUND for a questionnaire that is not published.
    """
    checklists.open_questionnaire(questionnaire)
    conditions: list[Row] = [scope_filter(actor), {"questionnaire": questionnaire}]
    if wave:
        conditions.append({"wave": wave})
    # The prefix keeps the scan inside this questionnaire; ";" follows ":".
    conditions.append({"_id": {"$gt": f"{questionnaire}:{after or ''}", "$lt": f"{questionnaire};"}})
    rows = list(surveys.Response._get_collection().find({"$and": conditions}, HIDDEN).sort("_id", 1).limit(limit + 1))
    items = rows[:limit]
    return {"items": items, "next": items[-1]["response_id"] if len(rows) > limit else None}


def _counts(report: SurveyReport) -> Row:
    return {name: value for name, value in report.document().items() if name not in ("batch", "dry_run", "errors")}


def _reader(
    columns: Sequence[str], questionnaire: Questionnaire, actor: Actor, programme: str | None, *, typed: bool
) -> ResponseReader:
    within = scope_filter(actor, dealer_field="_id")
    dealers = {
        row["_id"]: DealerPlace(row["_id"], row["brand"], row.get("timezone") or "Asia/Shanghai")
        for row in Dealer._get_collection().find(within, {"brand": 1, "timezone": 1})
    }
    waves = [
        WaveSpan(row["_id"], row["brand"], row["starts_at"], row["ends_at"])
        for row in collection("waves").find({"programme": programme} if programme else {})
    ]
    try:
        return ResponseReader(questionnaire, columns, dealers, waves, typed=typed)
    except ColumnsError as error:
        raise _columns_refused(error, questionnaire) from None


def _documents(
    questionnaire: Questionnaire, hasher: ContactHasher, batch: str, at: datetime
) -> Callable[[ResponseRecord], Row]:
    def to_document(record: ResponseRecord) -> Row:
        return surveys.response_document(
            record,
            questionnaire=questionnaire.code,
            version=questionnaire.version,
            contact=hasher.contact(record.contact),
            key_id=hasher.key_id,
            device_hash=hasher.device(record.device),
            adviser_hash=hasher.adviser(record.dealer, record.adviser),
            batch=batch,
            at=at,
        )

    return to_document


def _insert(documents: list[Row]) -> dict[int, str]:
    """Insert what is not there yet; returns the kept content hash of what is, by position, and keeps conflicts."""
    responses = surveys.Response._get_collection()
    try:
        responses.insert_many(documents, ordered=False)
        return {}
    except BulkWriteError as failed:
        errors = failed.details["writeErrors"]
        if any(error["code"] != DUPLICATE_KEY for error in errors) or failed.details["writeConcernErrors"]:
            raise
    positions = [int(error["index"]) for error in errors]
    ids = list({documents[position]["_id"] for position in positions})
    kept = {row["_id"]: row["content_hash"] for row in responses.find({"_id": {"$in": ids}}, {"content_hash": 1})}
    known = {position: kept[documents[position]["_id"]] for position in positions}
    for position, content_hash in known.items():
        if content_hash != documents[position]["content_hash"]:
            _keep_conflict(documents[position])
    return known


def _keep_conflict(document: Row) -> None:
    content = {name: value for name, value in document.items() if name not in ("_id", "received_at")}
    surveys.ResponseConflict._get_collection().update_one(
        {"_id": f"{document['_id']}:{document['content_hash']}"},
        {"$setOnInsert": {"response": document["_id"], "content": content, "received_at": document["received_at"]}},
        upsert=True,
    )


def _known_in_dry_run(documents: list[Row], found: dict[str, str]) -> dict[int, str]:
    """Say what `_insert` would, without writing; `found` remembers the rows before."""
    new = [document["_id"] for document in documents if document["_id"] not in found]
    for row in surveys.Response._get_collection().find({"_id": {"$in": new}}, {"content_hash": 1}):
        found[row["_id"]] = row["content_hash"]
    known = {}
    for position, document in enumerate(documents):
        if document["_id"] in found:
            known[position] = found[document["_id"]]
        else:
            found[document["_id"]] = document["content_hash"]
    return known


def _changed(row: int, document: Row) -> RowError:
    return RowError(
        row,
        "response_id",
        document["response_id"],
        "同一编号已有另一份答卷；以第一份为准，此份已另存",
        "this id already has another answer; the first one counts, this one is kept aside",
    )


def _columns_refused(error: ColumnsError, questionnaire: Questionnaire) -> Problem:
    zh, en = [], []
    for names, chinese, english in (
        (error.missing, "缺少列", "missing columns"),
        (error.unknown, "未知的列", "unknown columns"),
        (error.twice, "重复的列", "columns named twice"),
    ):
        if names:
            listed = ", ".join(name[:60] for name in names[:20])
            zh.append(f"{chinese}：{listed}")
            en.append(f"{english}: {listed}")
    name = f"{questionnaire.code}:{questionnaire.version}"
    return Problem(
        problems.IMPORT_REFUSED,
        zh=f"表头与问卷 {name} 不符；" + "；".join(zh),
        en=f"The header does not fit questionnaire {name}; " + "; ".join(en),
    )


def receive_responses(
    code: str,
    *,
    version: int | None = None,
    responses: Sequence[Row],
    hasher: ContactHasher,
    actor: Actor,
    at: datetime,
) -> Row:
    """Take in responses sent as JSON: each a mapping by column with `answers` by item id.

    Returns the counts, what became of every row (`results`, by index), and `errors`. Raises NOT_FOUND for a
    questionnaire that is not published, IMPORT_REFUSED for an unknown item or when no row could be taken.
    """
    questionnaire = checklists.open_questionnaire(code, version)
    items = {item for response in responses for item in response["answers"]}
    columns = [*COLUMNS, *sorted(items)]
    results = ["refused"] * len(responses)

    def rows() -> Iterator[tuple[int, Sequence[Any]]]:
        for index, response in enumerate(responses):
            answers = response["answers"]
            words = [str(response.get(name) or "").strip() for name in COLUMNS]
            yield index, [*words, *(answers.get(item) for item in columns[len(COLUMNS) :])]

    report = import_responses(
        rows(),
        columns=columns,
        questionnaire=questionnaire,
        hasher=hasher,
        actor=actor,
        at=at,
        typed=True,
        outcome=results.__setitem__,
    )
    errors = [
        {"index": e.row, "field": e.column, "value": shown(e.value), "message": {"zh": e.zh, "en": e.en}}
        for e in report.errors
    ]
    if report.new + report.same + report.changed == 0:
        raise Problem(
            problems.IMPORT_REFUSED,
            zh="没有一份答卷可以接收",
            en="None of the responses could be taken in",
            members={"errors": errors},
        )
    named = [
        {"index": i, "response_id": r["response_id"], "result": result}
        for i, (r, result) in enumerate(zip(responses, results, strict=True))
    ]
    return {**report.document(), "results": named, "errors": errors}


def count_responses(actor: Actor) -> list[Row]:
    """Count the responses in scope by wave and questionnaire, the newest waves last; at most 1,000 lines."""
    lines = surveys.Response._get_collection().aggregate(
        [
            {"$match": scope_filter(actor)},
            {"$group": {"_id": {"wave": "$wave", "questionnaire": "$questionnaire"}, "responses": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
            {"$limit": 1000},
        ]
    )
    return [{**line["_id"], "responses": line["responses"]} for line in lines]
