"""Import of survey responses from CSV against a bare insert_many of the same documents, ready made."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from audit_api.domain.directory import OPERATOR
from audit_api.domain.packaged import packaged_questionnaires
from audit_api.domain.rows import batches
from audit_api.intake.contacts import ContactHasher
from audit_api.intake.tables import read_table
from audit_api.models import base
from audit_api.models.base import collection
from audit_api.models.surveys import BATCH, Response
from audit_api.operations import checklists, surveys
from audit_api.operations.programmes import add_programme, add_wave
from audit_api.settings import Settings
from tests.benchmarks.figures import Figure, interleaved
from tests.benchmarks.system import System, peak_bytes

ROUNDS, ROWS = 5, 100_000
FULL_ROUNDS, FULL_ROWS = 2, 1_000_000
MEBIBYTE = 1 << 20
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


def measure(system: System, *, full: bool = False) -> list[Figure]:
    """Give rows a second over rows a second of insert_many, and the memory the import takes at most.

    The import runs in a process of its own, as `audit-api survey import` does.
    """
    rows, rounds = (FULL_ROWS, FULL_ROUNDS) if full else (ROWS, ROUNDS)
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
    write_file(path, "SSQ", rows)
    responses = Response._get_collection()
    peaks, spent = [], []

    def imported() -> float:
        responses.delete_many({})
        command = [sys.executable, "-m", "tests.benchmarks.survey_import", system.uri, system.database, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        new, elapsed, spent_here, peak = (float(word) for word in done.stdout.split())
        if new != rows:
            raise RuntimeError(f"{new} new: {done.stderr}")
        peaks.append(peak)
        spent.append(spent_here / rows * 1e6)
        return rows / elapsed

    def bare() -> float:
        """Insert the same documents into a collection with the same indexes, in the same batches, unordered."""
        kept = collection(f"bench_{uuid.uuid4().hex[:8]}")
        for name, index in responses.index_information().items():
            if name != "_id_":
                kept.create_index(index["key"], name=name, unique=index.get("unique", False))
        elapsed = 0.0
        for batch in batches(responses.find().batch_size(BATCH), BATCH):
            begun = time.perf_counter()
            kept.insert_many(batch, ordered=False)
            elapsed += time.perf_counter() - begun
        kept.drop()
        return rows / elapsed

    imported()
    ratio, spread = interleaved(rounds, imported, bare)
    columns = len(HEAD) + sum(item.role == "driver" for item in found.items)
    note = f"{rows} rows of {columns} columns, same indexes and batches; {min(spent):.0f} µs of our CPU a row"
    peak = max(peaks) / MEBIBYTE
    return [
        Figure("survey import from CSV", "insert_many", ratio, 0.6, spread=spread, note=note),
        Figure("survey import, memory", "1 MiB", peak, 500, at_least=False, unit="", note=f"peak of {rows} rows"),
    ]


def import_here(uri: str, database: str, path: Path) -> None:
    """Import the file in this process; prints the new, the seconds, those of CPU, the most bytes taken."""
    settings = Settings(mongodb_uri=uri, database=database, secret_key="s" * 40, contact_key="c" * 40)
    base.connect(uri, database)
    begun, begun_here = time.perf_counter(), time.process_time()
    report = surveys.import_table(
        read_table(path), programme="P-survey", hasher=ContactHasher.of(settings), actor=OPERATOR, at=datetime.now(UTC)
    )
    elapsed, spent = time.perf_counter() - begun, time.process_time() - begun_here
    peak = peak_bytes()
    print(report.errors[:3], file=sys.stderr)
    print(report.new, elapsed, spent, peak)
    base.disconnect()


if __name__ == "__main__":
    import_here(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
