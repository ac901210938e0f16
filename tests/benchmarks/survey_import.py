"""Import of survey responses from CSV against a bare insert_many of the same documents, ready made."""

from __future__ import annotations

import csv
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from audit_api.domain.directory import OPERATOR
from audit_api.domain.packaged import packaged_questionnaires
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.surveys import read_responses
from audit_api.models.base import collection
from audit_api.models.surveys import BATCH, Response
from audit_api.operations import checklists, surveys
from audit_api.operations.programmes import add_programme, add_wave
from tests.benchmarks.figures import Figure, interleaved
from tests.benchmarks.system import System

ROUNDS, ROWS = 7, 20_000
HEAD = [
    "response_id", "dealer", "questionnaire", "version", "event_id", "event_at", "invited_at", "started_at",
    "submitted_at", "channel", "contact", "device", "adviser", "job_type", "vehicle_class", "comment",
]  # fmt: skip


def write_file(path: Path, questionnaire: str, rows: int) -> None:
    """Write responses as a call centre delivers them: every driver answered, a contact each, a comment now and then."""
    found = next(q for q in packaged_questionnaires() if q.code == questionnaire)
    drivers = [item.id for item in found.items if item.role == "driver"]
    chance = np.random.default_rng(3)
    levels = chance.integers(3, 6, (rows, len(drivers)))
    begin = datetime(2026, 11, 1, 9, tzinfo=UTC)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow([*HEAD, *drivers])
        for number in range(rows):
            event = begin + timedelta(minutes=number % 20_000)
            times = [(event + timedelta(days=d)).isoformat() for d in (0, 7, 8, 8)]
            comment = "服务顾问很耐心，交车时间比约定晚了半小时。" if number % 5 == 0 else ""
            out.writerow(
                [f"R{number:07d}", f"D{number % 400 + 1:04d}", questionnaire, 1, f"E{number}", *times, "sms_link",
                 f"1380{number:07d}", f"dev{number % 9000}", f"A{number % 3000}", "", "SUV", comment, *levels[number]]
            )  # fmt: skip


def measure(system: System) -> list[Figure]:
    """Give rows a second over rows a second of insert_many."""
    at = datetime.now(UTC)
    found = next(q for q in packaged_questionnaires() if q.code == "SSQ")
    checklists.publish(found, actor=OPERATOR, at=at)
    add_programme(code="P-survey", name_zh="测量", brand="Aurora", actor=OPERATOR, at=at)
    day = datetime(2026, 10, 1, tzinfo=UTC).date()
    add_wave(
        code="W-survey", programme="P-survey", timezone="Asia/Shanghai", from_on=day, to_on=day + timedelta(days=100),
        actor=OPERATOR, at=at,
    )  # fmt: skip
    path = system.folder / "responses.csv"
    write_file(path, "SSQ", ROWS)
    responses = Response._get_collection()

    def imported(rows: int = ROWS) -> float:
        responses.delete_many({})
        begun = time.perf_counter()
        source = read_responses(path)
        report = surveys.import_responses(
            source.rows(), columns=source.columns, questionnaire=found, hasher=ContactHasher.of(system.settings),
            programme="P-survey", actor=OPERATOR, at=at,
        )  # fmt: skip
        elapsed = time.perf_counter() - begun
        if report.new != rows:
            raise RuntimeError(f"{report.new} new, {report.refused} refused: {report.errors[:3]}")
        return rows / elapsed

    imported()
    documents = list(responses.find())

    def bare() -> float:
        """Insert into a collection with the same indexes, in batches of the same size, unordered."""
        kept = collection(f"bench_{uuid.uuid4().hex[:8]}")
        for name, index in responses.index_information().items():
            if name != "_id_":
                kept.create_index(index["key"], name=name, unique=index.get("unique", False))
        begun = time.perf_counter()
        for start in range(0, len(documents), BATCH):
            kept.insert_many(documents[start : start + BATCH], ordered=False)
        elapsed = time.perf_counter() - begun
        kept.drop()
        return len(documents) / elapsed

    ratio, spread = interleaved(ROUNDS, imported, bare)
    columns = len(HEAD) + sum(item.role == "driver" for item in found.items)
    note = f"{ROWS} rows of {columns} columns, same indexes and batches"
    return [Figure("survey import from CSV", "insert_many", ratio, 0.6, spread=spread, note=note)]
