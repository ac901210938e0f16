"""One entry appended to the trail against a journaled insert of the very same document.

An append outside of an operation has a transaction of its own; within one it adds to what is committed anyway, which
the second line shows: a transaction that changes a document, with an entry and without.
"""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from pymongo.client_session import ClientSession

from audit_api.models import trail
from audit_api.models.base import collection, in_transaction
from tests.benchmarks.figures import Figure, interleaved
from tests.benchmarks.system import System

ROUNDS, ENTRIES = 12, 40
DETAILS = {"from": "in_qc", "to": "approved", "revision": 3, "content_hash": "0" * 64, "raw": 81.5, "capped": 75.0}


def measure(_: System) -> list[Figure]:
    """Give seconds an append over seconds an insert, for a new chain each time and for one that grows."""
    kept = collection("bench_trail_floor")
    kept.insert_one({"_id": "changed", "n": 0})
    sample = _append("warm", None)

    def bare() -> float:
        begun = time.perf_counter()
        for _ in range(ENTRIES):
            kept.insert_one({**sample, "_id": str(uuid.uuid4())})
        return (time.perf_counter() - begun) / ENTRIES

    def growing() -> float:
        begun = time.perf_counter()
        for _ in range(ENTRIES):
            _append("one chain", None)
        return (time.perf_counter() - begun) / ENTRIES

    def fresh() -> float:
        names = [str(uuid.uuid4()) for _ in range(ENTRIES)]
        begun = time.perf_counter()
        for name in names:
            _append(name, None)
        return (time.perf_counter() - begun) / ENTRIES

    def change(session: ClientSession) -> None:
        kept.update_one({"_id": "changed"}, {"$inc": {"n": 1}}, session=session)

    def change_and_tell(session: ClientSession) -> None:
        change(session)
        _append("another chain", session)

    def without() -> float:
        begun = time.perf_counter()
        for _ in range(ENTRIES):
            in_transaction(change)
        return (time.perf_counter() - begun) / ENTRIES

    def within() -> float:
        begun = time.perf_counter()
        for _ in range(ENTRIES):
            in_transaction(change_and_tell)
        return (time.perf_counter() - begun) / ENTRIES

    figures = []
    for what, work, against, floor in (
        ("trail append, a chain that grows", growing, "journaled insert", bare),
        ("trail append, a new chain", fresh, "journaled insert", bare),
        ("a change with its trail entry", within, "same transaction without", without),
    ):
        work(), floor()
        ratio, spread = interleaved(ROUNDS, work, floor, best=min)
        note = f"{ENTRIES} a round"
        figures.append(Figure(what, against, ratio, at_least=False, spread=spread, note=note))
    return figures


def _append(object_id: str, session: ClientSession | None) -> dict[str, object]:
    return trail.append(
        "bench", object_id, "approved", actor_id="p1", at=datetime.now(UTC), details=dict(DETAILS), session=session
    )
