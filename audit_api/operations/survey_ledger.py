"""What becomes of the responses of an import: gathered into batches, written, counted."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from bson.raw_bson import RawBSONDocument

from audit_api.domain.rows import ERRORS_SHOWN, ImportReport, RowError
from audit_api.models import surveys
from audit_api.models.base import Row
from audit_api.operations.survey_versions import Outcome

NEW = Outcome("new")
MOST_UNDER_WAY = 2
Document = Row | RawBSONDocument
Written = Future[dict[int, Outcome]]


@dataclass
class SurveyReport(ImportReport):
    """What an import of responses did.

    `changed` rows are kept as later versions: the first answer counts. `changes` names the first of them,
    `preview` shows in a dry run the first rows as understood, contacts by their kind alone.
    """

    batch: str = ""
    questionnaire: str = ""
    version: int = 0
    waves: Counter[str] = field(default_factory=Counter)
    unasked: tuple[str, ...] = ()
    changes: list[Row] = field(default_factory=list)
    preview: list[Row] = field(default_factory=list)

    def document(self) -> dict[str, object]:
        """Give the report as it goes on the wire; `waves` counts new responses by wave."""
        named = {"batch": self.batch, "questionnaire": self.questionnaire, "version": self.version}
        more = {"waves": dict(sorted(self.waves.items())), "changes": self.changes, "preview": self.preview}
        return {**named, **super().document(), **more}


@dataclass
class _Batch:
    """Responses by row, wave and document."""

    rows: list[int] = field(default_factory=list)
    waves: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)

    def cut(self, size: int) -> _Batch:
        """Take the first responses out."""
        taken = _Batch(self.rows[:size], self.waves[:size], self.documents[:size])
        del self.rows[:size], self.waves[:size], self.documents[:size]
        return taken


class Ledger:
    """Sends responses to be written a batch at a time, in their order, and counts what became of the rows.

    `write` begins to write documents, `outcome` hears (row, new|same|changed) of every row that was taken, `refuse`
    each cell that was not, `progress` the number of rows done.
    """

    def __init__(
        self,
        report: SurveyReport,
        write: Callable[[list[Document]], Written],
        refuse: Callable[[RowError], None],
        outcome: Callable[[int, str], None] | None,
        progress: Callable[[int], None],
    ) -> None:
        self._report, self._write = report, write
        self._refuse, self._outcome, self._progress = refuse, outcome, progress
        self._gathered = _Batch()
        self._under_way: deque[tuple[_Batch, Written]] = deque()

    def refused(self, errors: list[RowError]) -> None:
        """Count a row that could not be read."""
        self._report.refuse(errors)
        for error in errors:
            self._refuse(error)

    def add(self, row: int, document: Row) -> None:
        """Take one response."""
        self.extend((row,), (document["wave"],), (document,))

    def extend(self, rows: Iterable[int], waves: Iterable[str], documents: Sequence[Document]) -> None:
        """Take responses in the order of their rows."""
        gathered = self._gathered
        gathered.rows.extend(rows)
        gathered.waves.extend(waves)
        gathered.documents.extend(documents)
        while len(gathered.documents) >= surveys.BATCH:
            self._send(gathered.cut(surveys.BATCH))

    def close(self) -> None:
        """Write and count what is left."""
        if self._gathered.documents:
            self._send(self._gathered)
        while self._under_way:
            self._settle()
        self._progress(self._report.read)

    def _send(self, batch: _Batch) -> None:
        # While the server has one, the next waits at its door.
        while len(self._under_way) >= MOST_UNDER_WAY:
            self._settle()
        self._under_way.append((batch, self._write(batch.documents)))
        self._progress(self._report.read)

    def _settle(self) -> None:
        """Wait for the oldest batch under way and count it; a failed write raises here."""
        batch, written = self._under_way.popleft()
        known = written.result()
        report = self._report
        report.new += len(batch.documents) - len(known)
        report.waves.update(batch.waves)
        report.waves -= Counter(batch.waves[place] for place in known)
        for place in range(len(batch.rows)) if self._outcome else known:
            self._count(batch.rows[place], batch.documents[place], known.get(place, NEW))

    def _count(self, row: int, document: Document, became: Outcome) -> None:
        report = self._report
        if became.result == "full":
            self.refused([_too_many_versions(row, document)])
            return
        if became.result == "same":
            report.same += 1
        elif became.result == "changed":
            report.changed += 1
            if len(report.changes) < ERRORS_SHOWN:
                change = {"row": row, "response_id": document["response_id"], "direction": became.direction}
                report.changes.append(change)
        if self._outcome:
            self._outcome(row, became.result)


def _too_many_versions(row: int, document: Document) -> RowError:
    return RowError(
        row,
        "response_id",
        document["response_id"],
        f"同一编号已有 {surveys.MOST_VERSIONS} 个后续版本，此份未保存；请检查编号是否被不同的答卷共用",
        f"this id has {surveys.MOST_VERSIONS} later versions already, this one is not kept; "
        "check whether different responses share the id",
    )
