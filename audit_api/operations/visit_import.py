"""The import of past visits: each once by its source's id, scored as any other, stamped as imported."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from audit_api import problems
from audit_api.domain import visits as rules
from audit_api.domain.directory import Actor, Role
from audit_api.domain.rows import RowError, batches, shown
from audit_api.domain.survey_mappings import VISITS
from audit_api.domain.surveys import ColumnsError, nearest_name
from audit_api.domain.visit_columns import LONG_COLUMNS, VISIT_COLUMNS, AuditItem, AuditItems, commented_item, is_long
from audit_api.domain.visit_groups import by_visit, scattered_visits
from audit_api.domain.visit_heads import LONGEST_SOURCE, UNKNOWN, Places, VisitDefaults, is_source
from audit_api.domain.visit_rows import PastVisit, PastVisitReader
from audit_api.intake.tables import Table
from audit_api.models import trail, visits
from audit_api.models.base import Row, collection, to_milliseconds
from audit_api.models.checklists import find_checklist, meanings
from audit_api.models.directory import Person
from audit_api.operations.import_ledger import BatchReport, Document, Ledger, Outcome, collector_paused, second_thread
from audit_api.operations.survey_import import dealer_places, wave_spans
from audit_api.operations.survey_mappings import TranslatedTable, open_mapping
from audit_api.operations.visit_import_documents import Importing, content_of, past_visit
from audit_api.operations.visit_import_writing import VisitWriter, held_hashes
from audit_api.problems import Problem
from audit_api.settings import Settings

BATCH = 250
"""Visits of one unordered insert: with their scores some 25 KB each."""
PREVIEWED = 5
MOST_NAMED = 20
MOST_CHECKLISTS = 200


@dataclass
class VisitImportReport(BatchReport):
    """What an import of past visits did; `read` counts visits, `rows` the rows of the file.

    `corrected` of the changed ones took the place of what was kept, the others are kept beside it. `unknown_names`
    has what nobody knows: dealers, auditors, checklists, each with its number of visits.
    """

    source: str = ""
    rows: int = 0
    corrected: int = 0
    selected_by: Counter[str] = field(default_factory=Counter)
    unknown_names: dict[str, dict[str, int]] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Give the report as it goes on the wire; `waves` counts new visits by wave, `selected_by` all read."""
        named = {"batch": self.batch, "source": self.source, "rows": self.rows, "corrected": self.corrected}
        counted = {"waves": dict(sorted(self.waves.items())), "selected_by": dict(sorted(self.selected_by.items()))}
        return {
            **named, **super().document(), **counted, "unknown_names": self.unknown_names, "changes": self.changes,
            "preview": self.preview,
        }  # fmt: skip

    def change(self, row: int, document: Document, became: Outcome) -> Row:
        """Name a visit that came with other content, and whether it took the place of what was kept."""
        name = document["imported"]["visit_id"]
        return {"row": row, "visit_id": name, "visit": document["_id"], "corrected": became.direction == "corrected"}

    def too_many(self, row: int, document: Document) -> RowError:
        """Say that there is no room for another content of a visit."""
        zh = f"该走访已保留 {visits.MOST_CONFLICTS} 份不同内容，此份未保存；请检查编号是否被不同走访共用"
        en = (
            f"{visits.MOST_CONFLICTS} other contents of this visit are kept already, this one is not; is the id shared?"
        )
        return RowError(row, "visit_id", document["imported"]["visit_id"], zh, en)


@dataclass(frozen=True)
class FileOptions:
    """What the importer says of a whole file.

    `source` names where visits come from that do not say so (else the mapping's name does), `checklist`, `version` and
    `selected_by` hold where the file says nothing, `programme` narrows the waves, `correct` is the reason why changed
    content takes the place of what was kept.
    """

    source: str | None = None
    mapping: str | None = None
    checklist: str | None = None
    version: int | None = None
    selected_by: str | None = None
    programme: str | None = None
    correct: str | None = None
    dry_run: bool = False


def import_visits(
    table: Table,
    options: FileOptions,
    *,
    settings: Settings,
    actor: Actor,
    at: datetime,
    refuse: Callable[[RowError], None] = lambda error: None,
    progress: Callable[[int], None] = lambda rows: None,
) -> VisitImportReport:
    """Import the past visits of a file, one row a visit or one row an answer; good visits go in.

    Each is taken in once by source and id, whatever the order or repetition. Other content under a known id is kept
    beside it, for a person to decide, or with `options.correct` becomes its next revision, and what it replaced is
    kept. A visit with a cell that cannot be taken is refused whole, and each such cell told to `refuse`.
    Raises IMPORT_REFUSED for a header that does not fit or where no source is named, NOT_FOUND for an unknown mapping.
    """
    items = _items(table, options.mapping)
    translated = TranslatedTable(table, VISITS, options.mapping, items)
    checklist = lru_cache(MOST_CHECKLISTS)(find_checklist)  # an unknown one is asked for once, too
    places = Places(dealer_places(actor), _auditors(), wave_spans(options.programme), checklist)
    columns = tuple(translated.columns)
    source = _source(options, columns)
    defaults = _defaults(options, source)
    long = is_long(columns)
    try:
        reader = PastVisitReader(
            columns, items, places, long=long, defaults=defaults, before=at, answer=translated.answer
        )
    except ColumnsError as error:
        raise _columns_refused(error, items, long=long) from None
    report = VisitImportReport(options.dry_run, batch=uuid.uuid4().hex, source=source)
    importing = Importing(
        source=source,
        batch=report.batch,
        by=actor.id,
        at=to_milliseconds(at),
        programmes={row["_id"]: row["programme"] for row in collection("waves").find({}, {"programme": 1})},
        hold_days=settings.covert_hold_days,
    )
    writer = VisitWriter(importing, report, correct=options.correct, actor=actor)

    def tell(error: RowError) -> None:
        refuse(translated.in_their_words(error))

    found = (_wide if not long else _long)(translated, reader, report)
    with collector_paused(), second_thread() as thread:

        def write(documents: list[Document]) -> Future[dict[int, Outcome]]:
            return thread.submit(writer.would if options.dry_run else writer.write, documents)

        ledger = Ledger(report, write, tell, None, lambda _: progress(report.rows), size=BATCH)
        for batch in batches(found, BATCH):
            _take(batch, ledger, report, importing)
        ledger.close()
    report.corrected = writer.corrected
    report.unknown_names = {what: _most(names) for what, names in reader.unknown.items() if names}
    report.errors = [translated.in_their_words(error) for error in report.errors]
    if not options.dry_run and (report.new or report.changed):
        details = {"correct": options.correct or "", "mapping": options.mapping or "", **_counts(report)}
        trail.append("visit_import", report.batch, "imported", actor_id=actor.id, at=at, details=details)
    return report


def _take(
    batch: Sequence[PastVisit | list[RowError]], ledger: Ledger, report: VisitImportReport, importing: Importing
) -> None:
    """Make documents of a batch; those that are known with the same content are not scored again."""
    read: list[tuple[PastVisit, str, Row, str]] = []
    for one in batch:
        report.read += 1
        if isinstance(one, list):
            ledger.refused(one)
            continue
        content = content_of(one)
        read.append((one, importing.visit_id(one), content, rules.content_hash(content)))
    held = held_hashes([visit_id for _, visit_id, _, _ in read])
    for visit, visit_id, content, content_hash in read:
        report.selected_by[visit.head.selected_by] += 1
        known = held.get(visit_id)
        preview = report.dry_run and len(report.preview) < PREVIEWED
        document = past_visit(
            visit, visit_id, content, content_hash, importing, scored=known != content_hash or preview
        )
        if preview:
            report.preview.append(_previewed(visit, document))
        ledger.add(visit.row, document)


def _wide(
    translated: TranslatedTable, reader: PastVisitReader, report: VisitImportReport
) -> Iterable[PastVisit | list[RowError]]:
    for row, cells in translated.rows():
        report.rows += 1
        yield [cells] if isinstance(cells, RowError) else reader.read(row, cells)


def _long(
    translated: TranslatedTable, reader: PastVisitReader, report: VisitImportReport
) -> Iterable[PastVisit | list[RowError]]:
    scattered = scattered_visits(translated.rows(), reader.visit_id)

    def counted() -> Iterable[tuple[int, Sequence[Any] | RowError]]:
        for row in translated.rows():
            report.rows += 1
            yield row

    for group in by_visit(counted(), reader.visit_id, scattered):
        yield [group] if isinstance(group, RowError) else reader.read_answers(group)


def _source(options: FileOptions, columns: Sequence[str]) -> str:
    source = (options.source or options.mapping or "").strip()
    if not is_source(source) and (source or "source" not in columns):
        raise Problem(
            problems.IMPORT_REFUSED,
            zh=f"请注明来源（1 至 {LONGEST_SOURCE} 个字符）：走访编号只在同一来源内唯一",
            en=f"Name the source (1 to {LONGEST_SOURCE} characters): an id is one visit's within its source",
        )
    return source


def _defaults(options: FileOptions, source: str) -> VisitDefaults:
    code, version = options.checklist or "", options.version
    if options.mapping is not None:
        mapped = open_mapping(options.mapping)["mapping"]
        code = code or mapped.get("checklist", "")
        version = version or mapped.get("checklist_version")
    return VisitDefaults(source, code, version, options.selected_by or UNKNOWN)


def _items(table: Table, mapping: str | None) -> AuditItems:
    """Find the items that a file, its mapping or the mapping's words name, as they were published."""
    names = set(table.columns)
    if mapping is not None:
        row = open_mapping(mapping)["mapping"]
        names |= {*row["columns"].values(), *row["constants"], *row["values"]}
    if "item" in names:  # which items the rows name, only the rows tell
        return audit_items(None)
    return audit_items(sorted({commented_item(name) or name for name in names if len(name) <= LONGEST_SOURCE}))


def audit_items(names: list[str] | None) -> AuditItems:
    """Look up items of checklists by id, or all; unknown names and items of questionnaires are left out."""
    found = meanings(names)
    kinds = {name: row["meaning"]["type"] for name, row in found.items()}
    return AuditItems({name: AuditItem(name, kind) for name, kind in kinds.items() if "/" not in kind})


def _auditors() -> dict[str, str]:
    """Read who audits or did so once: ids by id and by e-mail address."""
    rows = Person._get_collection().find({"role": Role.AUDITOR.value}, {"email": 1})
    return {name: row["_id"] for row in rows for name in (row["_id"].casefold(), row["email"].casefold())}


def _most(names: dict[str, int]) -> dict[str, int]:
    ordered = sorted(names.items(), key=lambda pair: (-pair[1], pair[0]))
    return {shown(name): count for name, count in ordered[:MOST_NAMED]}


def _counts(report: VisitImportReport) -> Row:
    left_out = ("batch", "dry_run", "errors", "changes", "preview", "unknown_names")
    return {name: value for name, value in report.document().items() if name not in left_out}


def _previewed(visit: PastVisit, document: Row) -> Row:
    """Show a visit as understood, with its score."""
    head = visit.head
    return {
        "row": visit.row,
        "visit_id": head.visit_id,
        "dealer": head.dealer.code,
        "auditor": head.auditor,
        "wave": head.wave,
        "checklist": {"code": head.checklist.code, "version": head.checklist.version},
        "started_at": head.started_at.isoformat(),
        "ended_at": head.ended_at.isoformat() if head.ended_at else None,
        "selected_by": head.selected_by,
        "score": {name: document["score"][name] for name in ("raw", "capped", "coverage")},
        "answers": {o["item"]: o["value"] for o in visit.observations if o["value"] is not None},
        "comments": {o["item"]: o["comment"] for o in visit.observations if o["comment"]},
    }


def _columns_refused(error: ColumnsError, items: AuditItems, *, long: bool) -> Problem:
    known = [*VISIT_COLUMNS, *(LONG_COLUMNS if long else items.by_id)]
    zh, en = [], []
    for names, chinese, english in (
        (error.missing, "缺少列", "missing columns"),
        (error.unknown, "未知的列", "unknown columns"),
        (error.twice, "重复的列", "columns named twice"),
    ):
        if names:
            near = [nearest_name(name, known) if names is error.unknown else "" for name in names[:MOST_NAMED]]
            pairs = [(shown(name), other) for name, other in zip(names, near, strict=False)]
            zh.append(f"{chinese}：" + "、".join(n + (f"（是否为 {o}？）" if o else "") for n, o in pairs))
            en.append(f"{english}: " + ", ".join(n + (f" (did you mean {o}?)" if o else "") for n, o in pairs))
    kind = ("一行一个答案", "one row an answer") if long else ("一行一次走访", "one row a visit")
    return Problem(
        problems.IMPORT_REFUSED,
        zh=f"表头不符（{kind[0]}）；" + "；".join(zh),
        en=f"The header does not fit ({kind[1]}); " + "; ".join(en),
    )
