"""Chaos: whatever was acknowledged exists once, byte by byte; what was not is never shown; no part of it stays.

Phones with chunked photos over a bad network (cut, swallowed, doubled, delayed calls), two processes to each phone's
queue, clocks a day off, and kill -9 of server, workers, database and phones, and full disks, while they send.
300 visits with 1,500 photos with FULL=1 (`make test-all`), a tenth of that otherwise. CHAOS_SEED=… for other chances.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.chaos import Chaos, a_chaos
from tests.faults.chaos_balance import hold_after_expiry, hold_against
from tests.faults.full_disk import a_small_disk

FULL = os.environ.get("FULL") == "1"
SEED = int(os.environ.get("CHAOS_SEED", "4"))
VISITS, UNFINISHED, AUDITORS = (300, 15, 3) if FULL else (30, 3, 2)
DISK_MEGABYTES = 6_000 if FULL else 1_500
# What happens, in an order drawn from the seed, evenly over the time that the phones need.
EVENTS = {
    "kill_server": 5 if FULL else 1,
    "kill_worker": 4 if FULL else 1,
    "kill_database": 5 if FULL else 1,
    "kill_phone": 8 if FULL else 2,
    "fill_disk": 4 if FULL else 1,
    "limit_files": 3 if FULL else 1,
    "sweep_by_wrong_clocks": 4 if FULL else 1,
}


@pytest.mark.timeout(1800)
def test_nothing_lost_nothing_twice_nothing_shown_that_is_not_there(tmp_path: Path) -> None:
    try:
        with a_small_disk(tmp_path / "disk", DISK_MEGABYTES) as disk, a_chaos(tmp_path, disk, SEED) as chaos:
            chaos.plan(VISITS, UNFINISHED, AUDITORS)
            chaos.run(EVENTS)
            _report(chaos)
            hold_against(chaos)
            hold_after_expiry(chaos)
    except BaseException as error:
        error.add_note(f"CHAOS_SEED={SEED}")
        raise


def _report(chaos: Chaos) -> None:
    counts = chaos.counts()
    photos = sum(len(errand.photos) for _, errand in chaos.errands)
    disk = "a small disk" if chaos.disk else "no right to mount: limits on files in the place of a small disk"
    print(f"\nseed {SEED}: {len(chaos.errands)} visits, {photos} photos, {disk}, events {dict(chaos.events)}")
    print(f"seconds that these took: { {name: round(seconds, 1) for name, seconds in chaos.spent.items()} }")
    print(f"network {dict(chaos.network.happened)}")
    print(f"phones {dict(counts)}; looked at {chaos.watcher.looked} photos meanwhile")
