"""A watch run over one wave, from MongoDB to frozen flags, in a process of its own: seconds, memory, growth.

python -m tests.benchmarks screening           100,000 responses, 2,000 dealers; growth from 10,000
python -m tests.benchmarks screening --full    1,000,000 and 100,000, as the product promises
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from audit_api.domain.directory import OPERATOR
from audit_api.domain.packaged import packaged_checklists, packaged_questionnaires
from audit_api.models.base import collection
from audit_api.models.surveys import BATCH
from audit_api.operations import checklists, programmes
from tests.benchmarks.figures import Figure
from tests.benchmarks.system import System

FULL = 1_000_000
DEALERS = 2_000
BRAND, PROGRAMME = "Scale", "P-scale"
MOST_SECONDS, MOST_GB, MOST_GROWTH = 60.0, 2.0, 12.0
COMMENT = "服务顾问很耐心，交车时间比约定晚了半小时。"
CHILD = """
import json, sys, time
from datetime import UTC, datetime
begun = time.perf_counter()
from audit_api.domain.directory import OPERATOR
from audit_api.models import base
from audit_api.operations import screening
base.connect(sys.argv[1], sys.argv[2])
steps = []
run = screening.run_screening(
    sys.argv[3], "SSQ", actor=OPERATOR, at=datetime.now(UTC),
    progress=lambda line: steps.append((line, round(time.perf_counter() - begun, 1))),
)
used = time.process_time()
from tests.benchmarks.system import peak_bytes
peak = peak_bytes() / 1024**3
print(json.dumps({"seconds": time.perf_counter() - begun, "cpu": used, "gb": peak, "steps": steps,
                  "counts": run["run"]["counts"]}))
"""


def dealers() -> list[dict[str, Any]]:
    """Make the dealers: eight regions, three volume bands."""
    return [
        {
            "_id": f"S{n:04d}", "name_zh": f"规模{n}", "brand": BRAND, "region": f"R{n % 8}",
            "volume_band": "LMS"[n % 3], "city_tier": str(n % 4 + 1), "opened_on": "2015-01-01",
            "timezone": "Asia/Shanghai",
        }
        for n in range(DEALERS)
    ]  # fmt: skip


def responses(wave: str, rows: int, begin: datetime) -> Iterator[list[dict[str, Any]]]:
    """Make responses in batches: 15 rated items as customers give them, keyed hashes, a comment in five."""
    found = next(q for q in packaged_questionnaires() if q.code == "SSQ")
    places = [place for place, item in enumerate(found.items) if item.role == "driver"]
    chance = np.random.default_rng(11)
    level = chance.normal(0.9, 0.25, DEALERS)
    for first in range(0, rows, BATCH):
        numbers = np.arange(first, min(first + BATCH, rows))
        mood = level[numbers % DEALERS] + chance.normal(0, 0.9, len(numbers))
        marks = np.clip(np.round(3.3 + mood[:, None] + chance.normal(0, 0.6, (len(numbers), len(places)))), 1, 5)
        batch = []
        for number, sheet in zip(numbers.tolist(), marks.astype(int).tolist(), strict=True):
            answers: list[Any] = [None] * len(found.items)
            for place, mark in zip(places, sheet, strict=True):
                answers[place] = mark
            event = begin + timedelta(minutes=number % 120_000)
            batch.append(
                {
                    "_id": f"SSQ:{wave}-{number:07d}", "response_id": f"{wave}-{number:07d}", "questionnaire": "SSQ",
                    "version": 1, "dealer": f"S{number % DEALERS:04d}", "brand": BRAND, "wave": wave,
                    "event_id": f"E{number}", "event_at": event, "invited_at": event + timedelta(days=7),
                    "started_at": event + timedelta(days=8, seconds=-200 - number % 300),
                    "submitted_at": event + timedelta(days=8), "channel": "sms_link",
                    "contact_hash": _hash(f"c{number}"), "contact_kind": "phone", "contact_key_id": "k1",
                    "device_hash": _hash(f"d{number % (rows * 9 // 10)}"), "adviser_hash": _hash(f"a{number % 9000}"),
                    "job_type": "", "vehicle_class": "SUV", "comment": COMMENT if number % 5 == 0 else "",
                    "answers": answers, "content_hash": _hash(f"r{number}"), "batch": "b", "received_at": event,
                }
            )  # fmt: skip
        yield batch


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def visits(wave: str, begin: datetime) -> list[dict[str, Any]]:
    """Make two covert visits and an announced one a dealer, on the packaged checklists."""
    known = {checklist.code: checklist for checklist in packaged_checklists()}
    chance = np.random.default_rng(12)
    made = []
    for n in range(DEALERS):
        for number, (code, mode) in enumerate((("SMS", "covert"), ("SMS", "covert"), ("SAA", "announced"))):
            items = [item for item in known[code].items if item.weight > 0]
            passed = chance.random(len(items)) < 0.8
            name = f"{wave}-{n:04d}-{number}"
            made.append(
                {
                    "_id": name, "state": "released", "active": True, "assignment": name, "programme": PROGRAMME,
                    "wave": wave, "brand": BRAND, "dealer": f"S{n:04d}", "domain": "sales", "selected_by": "plan",
                    "mode": mode, "auditor": f"A{(n + 7 * number) % 60}", "checklist": {"code": code, "version": 1},
                    "started_at": begin + timedelta(days=n % 80),
                    "score": {"items": [
                        {"item": item.id, "touchpoint": item.touchpoint, "weight": item.weight,
                         "score": 100.0 if good else 0.0, "reason": None}
                        for item, good in zip(items, passed.tolist(), strict=True)
                    ]},
                }
            )  # fmt: skip
    return made


def fill(sizes: dict[str, int]) -> None:
    """Put the network and one wave for each size into the connected database."""
    at = datetime.now(UTC)
    for published in (*packaged_checklists(), *packaged_questionnaires()):
        checklists.publish(published, actor=OPERATOR, at=at)
    collection("dealers").insert_many(dealers())
    programmes.add_programme(code=PROGRAMME, name_zh="规模", brand=BRAND, actor=OPERATOR, at=at)
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    for year, (wave, rows) in enumerate(sizes.items()):
        # More than a year apart, so that the visits of one wave are not those of the other.
        from_on = date(begin.year + 2 * year, 1, 1)
        programmes.add_wave(
            code=wave, programme=PROGRAMME, timezone="Asia/Shanghai", from_on=from_on,
            to_on=from_on + timedelta(days=100), actor=OPERATOR, at=at,
        )  # fmt: skip
        start = datetime(from_on.year, 1, 2, tzinfo=UTC)
        collection("visits").insert_many(visits(wave, start))
        for batch in responses(wave, rows, start):
            collection("responses").insert_many(batch, ordered=False)


def screened(uri: str, database: str, wave: str) -> dict[str, Any]:
    """Screen a wave in a process of its own, as the command does; seconds with imports, peak memory of that process."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, uri, database, wave], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def measure(system: System, *, full: bool = False) -> list[Figure]:
    """Give seconds and memory of a run, and how the time grows over a tenfold number of responses."""
    rows = FULL if full else FULL // 10
    fill({"W-small": rows // 10, "W-large": rows})
    small = screened(system.uri, system.database, "W-small")
    large = screened(system.uri, system.database, "W-large")
    begun = 0.0
    for line, at in large["steps"]:
        print(f"  {at - begun:5.1f} s until: {line}", file=sys.stderr)
        begun = at
    # On a busy machine the seconds of processor say more than those of the clock.
    note = f"{rows} responses, {DEALERS} dealers, 15 items; {large['cpu']:.0f} s CPU; load {os.getloadavg()[0]:.1f}"
    growth = f"time for ten times the responses; CPU {large['cpu'] / small['cpu']:.1f} x"
    return [
        Figure("screening run", "a limit", large["seconds"], MOST_SECONDS, at_least=False, unit="s", note=note),
        Figure("screening run, memory", "a limit", large["gb"], MOST_GB, at_least=False, unit="GB", note=note),
        Figure(
            "screening run, growth", f"{rows // 10} responses", large["seconds"] / small["seconds"], MOST_GROWTH,
            at_least=False, note=growth,
        ),
    ]  # fmt: skip
