"""The import of survey responses: each once by its id, in batches, read and written side by side."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.programmes import Wave
from audit_api.domain.questionnaires import Questionnaire
from audit_api.domain.rows import RowError, shown
from audit_api.domain.surveys import (
    COLUMNS,
    PERSONAL,
    ColumnsError,
    DealerPlace,
    ResponseReader,
    ResponseRecord,
    nearest_name,
)
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.records import TextColumns
from audit_api.models import surveys, trail
from audit_api.models.base import Row, collection, to_milliseconds
from audit_api.models.directory import Dealer
from audit_api.models.programmes import wave_of_row
from audit_api.operations import survey_versions
from audit_api.operations.directory import scope_filter
from audit_api.operations.import_ledger import Ledger, Outcome, collector_paused, second_thread
from audit_api.operations.survey_report import Document, SurveyReport
from audit_api.problems import Problem

if TYPE_CHECKING:
    from audit_api.operations.survey_columns import ColumnImport

DUPLICATE_KEY = 11000
PREVIEWED = 5
TIMES_KEPT = ("event_at", "invited_at", "started_at", "submitted_at", "received_at")
OPENED = CodecOptions[Row](tz_aware=True)


def import_responses(
    rows: Iterable[TextColumns | tuple[int, Sequence[Any] | RowError]],
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
    outcome: Callable[[int, str], None] | None = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> SurveyReport:
    """Import responses, each once by its id, whatever the order, split or repetition of the rows.

    `rows` are numbers with cells in the order of `columns` (or the reason why the row cannot be read), or many rows
    as columns; good rows go in, bad ones are told to `refuse` cell by cell.
    Other content for a known response is kept as a later version of it, with the direction of the edit, and counted
    as changed: the first answer counts. Content that is known already, as the first or a later answer, is the same.
    `outcome` hears (row, new|same|changed) of every row that was taken, `progress` the number of rows done.
    `programme` narrows the waves where several hold one time. Raises IMPORT_REFUSED for a header that does not fit.
    """
    dealers, waves = dealer_places(actor), wave_spans(programme)
    try:
        reader = ResponseReader(questionnaire, columns, dealers, waves, typed=typed)
    except ColumnsError as error:
        raise _columns_refused(error, questionnaire) from None
    report = SurveyReport(
        dry_run,
        batch=uuid.uuid4().hex,
        questionnaire=questionnaire.code,
        version=questionnaire.version,
        unasked=reader.unasked,
    )
    at = to_milliseconds(at)
    to_document = row_documents(questionnaire, hasher, report.batch, at)
    columns_in: ColumnImport | None = None
    if not dry_run:
        survey_versions.adopt_conflicts(hasher)
    found: dict[int, list[int]] = {}

    def write(documents: list[Document]) -> dict[int, Outcome]:
        if dry_run:
            return _known_in_dry_run(list(map(_opened, documents)), found, hasher)
        return insert_responses(documents, hasher)

    def read(row: int, cells: Sequence[Any] | RowError) -> Row | None:
        report.read += 1
        record = [cells] if isinstance(cells, RowError) else reader.read(row, cells)
        if isinstance(record, list):
            ledger.refused(record)
            return None
        if dry_run and len(report.preview) < PREVIEWED:
            report.preview.append(_previewed(row, record, questionnaire))
        return to_document(record)

    # A second thread waits for the server while this one reads the next rows; a bounded number of batches waits.
    with collector_paused(), second_thread() as writer:
        ledger = Ledger(
            report, lambda documents: writer.submit(write, documents), refuse, outcome, progress, size=surveys.BATCH
        )
        for part in rows:
            if isinstance(part, tuple):
                if document := read(*part):
                    ledger.add(part[0], document)
            elif dry_run:
                for row, cells in part.rows():
                    if document := read(row, cells):
                        ledger.add(row, document)
            else:
                columns_in = columns_in or _column_import(
                    questionnaire, dealers, waves, hasher=hasher, batch=report.batch, at=at
                )
                taken = columns_in.read(part, read)
                report.read += taken.at_sight
                ledger.extend(taken.rows, taken.waves, taken.documents)
        ledger.close()
    if not dry_run and (report.new or report.changed):
        trail.append("survey_import", report.batch, "imported", actor_id=actor.id, at=at, details=_counts(report))
    return report


def _column_import(*given: Any, **more: Any) -> ColumnImport:
    from audit_api.operations.survey_columns import ColumnImport  # noqa: PLC0415 - Arrow only where a file is read

    return ColumnImport(*given, **more)


def _counts(report: SurveyReport) -> Row:
    left_out = ("batch", "dry_run", "errors", "changes", "preview")
    return {name: value for name, value in report.document().items() if name not in left_out}


def dealer_places(actor: Actor) -> dict[str, DealerPlace]:
    """Read the dealers in scope with brand and time zone, by code."""
    within = scope_filter(actor, dealer_field="_id")
    return {
        row["_id"]: DealerPlace(row["_id"], row["brand"], row.get("timezone") or "Asia/Shanghai")
        for row in Dealer._get_collection().find(within, {"brand": 1, "timezone": 1})
    }


def wave_spans(programme: str | None) -> list[Wave]:
    """Read the waves, of one programme where it is named."""
    return [wave_of_row(row) for row in collection("waves").find({"programme": programme} if programme else {})]


def row_documents(
    questionnaire: Questionnaire, hasher: ContactHasher, batch: str, at: datetime
) -> Callable[[ResponseRecord], Row]:
    """Make the maker of documents from records; contacts are hashed here."""

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


def insert_responses(documents: list[Document], hasher: ContactHasher) -> dict[int, Outcome]:
    """Insert what is not there yet; returns what became of the rest, by position."""
    try:
        surveys.Response._get_collection().insert_many(map(_plain, documents), ordered=False)
        return {}
    except BulkWriteError as failed:
        errors = failed.details["writeErrors"]
        if any(error["code"] != DUPLICATE_KEY for error in errors) or failed.details["writeConcernErrors"]:
            raise
    positions = sorted(int(error["index"]) for error in errors)
    outcomes = survey_versions.keep_versions([_opened(documents[position]) for position in positions], hasher)
    return dict(zip(positions, outcomes, strict=True))


def _plain(document: Document) -> Document:
    """Copy a document with its times as UTC without a zone, which encode in a third of the time."""
    if isinstance(document, RawBSONDocument):
        return document
    made = document.copy()
    for name in TIMES_KEPT:
        if moment := made[name]:
            made[name] = moment.replace(tzinfo=None)
    return made


def _opened(document: Document) -> Row:
    if isinstance(document, RawBSONDocument):
        return bson.decode(document.raw, OPENED)
    return document


def _known_in_dry_run(documents: list[Row], found: dict[int, list[int]], hasher: ContactHasher) -> dict[int, Outcome]:
    """Say what `_insert` would, without writing; `found` remembers the rows before, as numbers to be small."""
    ids = [document["_id"] for document in documents]
    unmet = [name for name in ids if _number(name) not in found]
    for name, kept in survey_versions.known_fingerprints(unmet, hasher).items():
        found[_number(name)] = [_number(*mark) for mark in kept]
    known = {}
    for position, (name, document) in enumerate(zip(ids, documents, strict=True)):
        mark = _number(*survey_versions.fingerprint(document, hasher))
        marks = found.setdefault(_number(name), [])
        if mark in marks:
            known[position] = Outcome("same")
        elif len(marks) > surveys.MOST_VERSIONS:
            known[position] = Outcome("full")
        else:
            known.update({position: Outcome("changed")} if marks else {})
            marks.append(mark)
    return known


def _number(*texts: str) -> int:
    return int.from_bytes(hashlib.blake2b("\n".join(texts).encode(), digest_size=8).digest())


def _previewed(row: int, record: ResponseRecord, questionnaire: Questionnaire) -> Row:
    """Show a row as understood; of contact, device and adviser only that they are there."""
    made: Row = {"row": row}
    for name, value in zip(record._fields[:-1], record[:-1], strict=True):
        if name in PERSONAL and name != "comment":
            made[name] = "***" if value else ""
        else:
            made[name] = value.isoformat() if isinstance(value, datetime) else value
    pairs = zip(questionnaire.items, record.answers, strict=True)
    return {**made, "answers": {item.id: answer for item, answer in pairs if answer is not None}}


def _columns_refused(error: ColumnsError, questionnaire: Questionnaire) -> Problem:
    zh, en = [], []
    known = [*COLUMNS, *questionnaire.by_id]
    for names, chinese, english in (
        (error.missing, "缺少列", "missing columns"),
        (error.unknown, "未知的列", "unknown columns"),
        (error.twice, "重复的列", "columns named twice"),
    ):
        if names:
            near = [nearest_name(n, known) if names is error.unknown else "" for n in names[:20]]
            pairs = [(shown(name), other) for name, other in zip(names, near, strict=False)]
            zh.append(f"{chinese}：" + "、".join(n + (f"（是否为 {o}？）" if o else "") for n, o in pairs))
            en.append(f"{english}: " + ", ".join(n + (f" (did you mean {o}?)" if o else "") for n, o in pairs))
    name = f"{questionnaire.code}:{questionnaire.version}"
    return Problem(
        problems.IMPORT_REFUSED,
        zh=f"表头与问卷 {name} 不符；" + "；".join(zh),
        en=f"The header does not fit questionnaire {name}; " + "; ".join(en),
    )
