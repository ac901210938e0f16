"""What becomes of the documents of an import: gathered into batches, written, counted."""

from __future__ import annotations

import gc
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from bson.raw_bson import RawBSONDocument

from audit_api.domain.rows import ERRORS_SHOWN, ImportReport, RowError
from audit_api.models.base import Row

MOST_UNDER_WAY = 2
Document = Row | RawBSONDocument


class Outcome(NamedTuple):
    """What became of a document that was there already: same, changed, or full (no room for another version)."""

    result: str
    direction: str = ""


NEW = Outcome("new")
Written = Future[dict[int, Outcome]]


@dataclass
class BatchReport(ImportReport, ABC):
    """What an import of batches did; `changes` names the first documents that came with other content.

    `preview` shows in a dry run the first of them as understood."""

    batch: str = ""
    waves: Counter[str] = field(default_factory=Counter)
    changes: list[Row] = field(default_factory=list)
    preview: list[Row] = field(default_factory=list)

    @abstractmethod
    def change(self, row: int, document: Document, became: Outcome) -> Row:
        """Name a document that came with other content."""

    @abstractmethod
    def too_many(self, row: int, document: Document) -> RowError:
        """Say that there is no room for another version of a document."""


@dataclass
class _Batch:
    """Documents with their rows and waves."""

    rows: list[int] = field(default_factory=list)
    waves: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)

    def cut(self, size: int) -> _Batch:
        """Take the first out."""
        taken = _Batch(self.rows[:size], self.waves[:size], self.documents[:size])
        del self.rows[:size], self.waves[:size], self.documents[:size]
        return taken


class Ledger:
    """Sends documents to be written a batch at a time, in their order, and counts what became of the rows.

    `write` begins to write documents, `outcome` hears (row, new|same|changed) of every row that was taken, `refuse`
    each cell that was not, `progress` the number of rows done.
    """

    def __init__(
        self,
        report: BatchReport,
        write: Callable[[list[Document]], Written],
        refuse: Callable[[RowError], None],
        outcome: Callable[[int, str], None] | None,
        progress: Callable[[int], None],
        *,
        size: int,
    ) -> None:
        self._report, self._write, self._size = report, write, size
        self._refuse, self._outcome, self._progress = refuse, outcome, progress
        self._gathered = _Batch()
        self._under_way: deque[tuple[_Batch, Written]] = deque()

    def refused(self, errors: list[RowError]) -> None:
        """Count a row that could not be read."""
        self._report.refuse(errors)
        for error in errors:
            self._refuse(error)

    def add(self, row: int, document: Row) -> None:
        """Take one document."""
        self.extend((row,), (document["wave"],), (document,))

    def extend(self, rows: Iterable[int], waves: Iterable[str], documents: Sequence[Document]) -> None:
        """Take documents in the order of their rows."""
        gathered = self._gathered
        gathered.rows.extend(rows)
        gathered.waves.extend(waves)
        gathered.documents.extend(documents)
        while len(gathered.documents) >= self._size:
            self._send(gathered.cut(self._size))

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
            self.refused([report.too_many(row, document)])
            return
        if became.result == "same":
            report.same += 1
        elif became.result == "changed":
            report.changed += 1
            if len(report.changes) < ERRORS_SHOWN:
                report.changes.append(report.change(row, document, became))
        if self._outcome:
            self._outcome(row, became.result)


@contextmanager
def second_thread() -> Iterator[ThreadPoolExecutor]:
    """Give a thread that leaves what waits at its door when the import fails."""
    writer = ThreadPoolExecutor(1)
    try:
        yield writer
    finally:
        writer.shutdown(cancel_futures=True)


@contextmanager
def collector_paused() -> Iterator[None]:
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
