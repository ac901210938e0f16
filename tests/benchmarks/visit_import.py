"""Import of past visits from CSV against a bare insert_many of the same documents, ready made."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from audit_api.domain.directory import OPERATOR, Role
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.rows import batches
from audit_api.domain.visit_cells import NOT_IMPORTED
from audit_api.intake.tables import read_table
from audit_api.models import base
from audit_api.models.base import Row, collection
from audit_api.models.visits import Visit
from audit_api.operations import checklists
from audit_api.operations.directory import add_person
from audit_api.operations.programmes import add_programme, add_wave
from audit_api.operations.visit_import import BATCH, FileOptions, import_visits
from audit_api.settings import Settings
from audit_api.simulator.observations import draw_visit
from tests.benchmarks.figures import Figure, interleaved
from tests.benchmarks.system import System, peak_bytes

ROUNDS, VISITS = 3, 5_000
FULL_ROUNDS, FULL_VISITS = 2, 50_000
MEBIBYTE = 1 << 20
DRAWN = 40
BEGIN = datetime(2025, 1, 6, 1, 0, tzinfo=UTC)
CHECKLIST = next(c for c in packaged_checklists() if c.code == "SAA")
ITEMS = [item.id for item in CHECKLIST.items if item.type not in NOT_IMPORTED]


def write_file(path: Path, visits: int, dealers: int) -> None:
    """Write past visits as an agency keeps them: one row a visit, every item answered, a comment now and then."""
    chance = np.random.default_rng(5)
    bodies = []
    for number in range(DRAWN):
        drawn = draw_visit(CHECKLIST, 0.75, np.random.default_rng(number), started_at=BEGIN, position=(30.0, 120.0))
        bodies.append({o["item"]: _cell(o["value"]) for o in drawn.observations})
    scored = [item.id for item in CHECKLIST.items if item.type == "yes_no"]
    commented = scored[:3]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        head = ["visit_id", "dealer", "auditor", "checklist", "version", "started_at", "ended_at"]
        out.writerow([*head, *ITEMS, *(f"{item} comment" for item in commented)])
        for number in range(visits):
            begin = BEGIN + timedelta(minutes=5 * (number % 40_000))
            answers = bodies[number % DRAWN] | {item: ("yes", "no")[int(chance.random() < 0.25)] for item in scored}
            out.writerow(
                [f"V{number:06d}", f"D{number % dealers + 1:04d}", f"past{number % 7}@example.com", "SAA", 1,
                 begin.isoformat(), (begin + timedelta(hours=3)).isoformat(), *(answers.get(i, "") for i in ITEMS),
                 *(["展厅地面有水渍，前台无人接待约五分钟。"] * 3 if number % 4 == 0 else [""] * 3)]
            )  # fmt: skip


def _cell(value: object) -> str:
    return "" if value is None else ";".join(value) if isinstance(value, list) else str(value)


def prepare(wave: str = "W-past") -> None:
    """Publish the checklist, add the wave and the people that the file names."""
    at = datetime.now(UTC)
    checklists.publish(CHECKLIST, actor=OPERATOR, at=at)
    add_programme(code="P-past", name_zh="测量", brand="Aurora", actor=OPERATOR, at=at)
    add_wave(
        code=wave, programme="P-past", timezone="Asia/Shanghai", from_on=date(2025, 1, 1), to_on=date(2025, 12, 31),
        actor=OPERATOR, at=at,
    )  # fmt: skip
    for number in range(7):
        email = f"past{number}@example.com"
        add_person(email=email, name=email, role=Role.AUDITOR, brands=("*",), dealers=(), actor=OPERATOR, at=at)


def measure(system: System, *, full: bool = False) -> list[Figure]:
    """Give visits a second over those of insert_many, of a second import as well, and the memory taken at most.

    The import runs in a process of its own, as `audit-api import visits` does.
    """
    visits, rounds = (FULL_VISITS, FULL_ROUNDS) if full else (VISITS, ROUNDS)
    prepare()
    path = system.folder / "visits.csv"
    write_file(path, visits, 400)
    kept, peaks, rates, again = Visit._get_collection(), [], [], []
    mine: Row = {"imported.source": "bench"}

    def run() -> tuple[int, float]:
        command = [sys.executable, "-m", "tests.benchmarks.visit_import", system.uri, system.database, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        new, same, elapsed, peak = (float(word) for word in done.stdout.split())
        if new + same != visits:
            raise RuntimeError(f"{new} new, {same} the same: {done.stderr}")
        peaks.append(peak)
        return int(new), elapsed

    def imported() -> float:
        kept.delete_many(mine)
        collection("assignments").delete_many({"imported": {"$ne": None}})
        new, elapsed = run()
        if new != visits:
            raise RuntimeError(f"{new} of {visits} are new")
        rates.append(visits / elapsed)
        again.append(visits / run()[1])
        return visits / elapsed

    def bare() -> float:
        """Insert the same documents into a collection with the same indexes, in the same batches, unordered."""
        beside = collection(f"bench_{uuid.uuid4().hex[:8]}")
        for name, index in kept.index_information().items():
            if name != "_id_":
                beside.create_index(index["key"], name=name)
        elapsed = 0.0
        for batch in batches(kept.find(mine).batch_size(BATCH), BATCH):
            begun = time.perf_counter()
            beside.insert_many(batch, ordered=False)
            elapsed += time.perf_counter() - begun
        beside.drop()
        return visits / elapsed

    imported()
    ratio, spread = interleaved(rounds, imported, bare)
    note = f"{visits} visits of {len(ITEMS)} items, scored: {max(rates):.0f} a second; again {max(again):.0f}"
    peak = max(peaks) / MEBIBYTE
    return [
        Figure("import of past visits", "insert_many", ratio, 0.3, spread=spread, note=note),
        Figure("import of past visits, memory", "1 MiB", peak, 300, at_least=False, unit="", note="peak"),
    ]


def import_here(uri: str, database: str, path: Path) -> None:
    """Import the file in this process; prints the new, the same, the seconds, the most bytes taken."""
    settings = Settings(mongodb_uri=uri, database=database, secret_key="s" * 40, contact_key="c" * 40)
    base.connect(uri, database)
    begun = time.perf_counter()
    options = FileOptions(source="bench", programme="P-past")
    report = import_visits(read_table(path), options, settings=settings, actor=OPERATOR, at=datetime.now(UTC))
    elapsed = time.perf_counter() - begun
    peak = peak_bytes()
    print(report.errors[:3], report.unknown_names, file=sys.stderr)
    print(report.new, report.same, elapsed, peak)
    base.disconnect()


if __name__ == "__main__":
    import_here(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
