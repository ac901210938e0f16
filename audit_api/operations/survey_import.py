"""The import of survey responses: each once by its id, in batches, read and written side by side."""

from __future__ import annotations

import gc
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.errors import BulkWriteError

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.questionnaires import Questionnaire
from audit_api.domain.rows import ERRORS_SHOWN, ImportReport, RowError
from audit_api.domain.surveys import ColumnsError, DealerPlace, ResponseReader, ResponseRecord, WaveSpan
from audit_api.intake.contacts import ContactHasher
from audit_api.models import surveys, trail
from audit_api.models.base import Row, collection, to_milliseconds
from audit_api.models.directory import Dealer
from audit_api.operations.directory import scope_filter
from audit_api.problems import Problem

DUPLICATE_KEY = 11000


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
    ledger = _Ledger(report, refuse, outcome)
    found: dict[str, str] = {}
    write = (lambda documents: _known_in_dry_run(documents, found)) if dry_run else _insert
    numbers: list[int] = []
    documents: list[Row] = []
    # A second thread waits for the server while this one reads the next rows; one batch is under way at most.
    with _collector_paused(), ThreadPoolExecutor(1) as writer:
        for row, cells in rows:
            report.read += 1
            record = [cells] if isinstance(cells, RowError) else reader.read(row, cells)
            if isinstance(record, list):
                ledger.refused(record)
                continue
            numbers.append(row)
            documents.append(to_document(record))
            if len(documents) == surveys.BATCH:
                ledger.settle()
                ledger.await_(numbers, documents, writer.submit(write, documents))
                numbers, documents = [], []
                progress(report.read)
        ledger.settle()
        if documents:
            ledger.await_(numbers, documents, writer.submit(write, documents))
            ledger.settle()
        progress(report.read)
    if not dry_run and (report.new or report.changed):
        trail.append("survey_import", report.batch, "imported", actor_id=actor.id, at=at, details=_counts(report))
    return report


class _Ledger:
    """Counts what became of the rows of an import, a batch at a time."""

    def __init__(
        self, report: SurveyReport, refuse: Callable[[RowError], None], outcome: Callable[[int, str], None]
    ) -> None:
        self._report, self._refuse, self._outcome = report, refuse, outcome
        self._under_way: tuple[list[int], list[Row], Future[dict[int, str]]] | None = None

    def refused(self, errors: list[RowError]) -> None:
        """Count a row that could not be read."""
        self._report.refuse(errors)
        for error in errors:
            self._refuse(error)

    def await_(self, numbers: list[int], documents: list[Row], written: Future[dict[int, str]]) -> None:
        """Remember the batch that is being written."""
        self._under_way = (numbers, documents, written)

    def settle(self) -> None:
        """Wait for the batch under way and count it; a failed write raises here."""
        if self._under_way is None:
            return
        numbers, documents, written = self._under_way
        known, self._under_way = written.result(), None
        report = self._report
        report.new += len(documents) - len(known)
        report.waves.update(document["wave"] for i, document in enumerate(documents) if i not in known)
        for position, (row, document) in enumerate(zip(numbers, documents, strict=True)):
            kept = known.get(position)
            if kept is None:
                self._outcome(row, "new")
            elif kept == document["content_hash"]:
                report.same += 1
                self._outcome(row, "same")
            else:
                report.changed += 1
                error = _changed(row, document)
                report.errors.extend([error] if len(report.errors) < ERRORS_SHOWN else [])
                self._refuse(error)
                self._outcome(row, "changed")


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the search for reference cycles: it would walk the thousands of documents of a batch again and again.

    Measured at a quarter of an import's time. There are no cycles among them: they go when their batch is written.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
