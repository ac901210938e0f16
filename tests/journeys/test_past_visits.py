"""Past visits, 50,000 of them in full size: memory that does not grow, and a second run that changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from audit_api.models.base import collection
from audit_api.models.directory import Dealer
from tests.benchmarks import visit_import

FEW, MANY = (5_000, 50_000) if os.environ.get("FULL") else (500, 3_500)
GROWTH_BYTES = 25 << 20
"""The second run has 2,500 new visits more than the first; kept in memory they would take some 50 MB."""


def imported(settings, path):
    """Import in a process of its own; gives the new, the same, and the most bytes it took."""
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.visit_import",
        settings.mongodb_uri,
        settings.database,
        str(path),
    ]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    new, same, _, peak = (float(word) for word in done.stdout.split())
    return int(new), int(same), peak


def test_a_large_file(database, settings, tmp_path):
    Dealer._get_collection().insert_many(
        {"_id": f"D{n:04d}", "name_zh": f"经销商{n}", "brand": "Aurora", "timezone": "Asia/Shanghai"}
        for n in range(1, 51)
    )
    visit_import.prepare()
    few, many = tmp_path / "few.csv", tmp_path / "many.csv"
    visit_import.write_file(few, FEW, 50)
    visit_import.write_file(many, MANY, 50)
    new, same, small = imported(settings, few)
    assert (new, same) == (FEW, 0)
    new, same, large = imported(settings, many)
    assert (new, same) == (MANY - FEW, FEW)
    assert large - small < GROWTH_BYTES
    assert collection("visits").count_documents({"score.raw": {"$gt": 0}}) == MANY
    newest = collection("visits").find_one(sort=[("imported.at", -1)])["imported"]["at"]
    trail = collection("trail").count_documents({})
    assert imported(settings, many)[:2] == (0, MANY)
    assert collection("visits").count_documents({}) == collection("assignments").count_documents({}) == MANY
    assert collection("visits").find_one(sort=[("imported.at", -1)])["imported"]["at"] == newest
    assert (collection("trail").count_documents({}), collection("visit_conflicts").count_documents({})) == (trail, 0)
