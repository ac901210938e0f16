"""`make bench-detection`: how well screening tells bent surveys from honest ones, on seeds never used for tuning.

    python -m tests.benchmarks.detection                     two networks of each kind
    python -m tests.benchmarks.detection --networks full     as many as the page promises (hours)
    python -m tests.benchmarks.detection --networks 8 --only gamed-5-0.12-0.5

One JSON per network is kept in the folder, so that an interrupted run goes on where it was. Change the code, and
give another folder.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

HEAD = """# How well it detects, measured

Made by `make bench-detection`; what the figures mean is said in [detection.md](detection.md). Simulated networks of
500 dealers (1,000 in `honest` and `calibration`), every unknown of the generator drawn anew for each
(`NetworkSpec.draw`), a quarter of the dealers look-alikes. Seeds 1 to 99 served for tuning, those of `calibration` for
reading p, those of `bound` for the supervised bound; what is measured comes from the others.
The simulator belongs to this project: a network of another kind may behave differently.
"""


def main() -> None:
    """Run what is missing, then write the page."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--networks", default="2", help="networks of each kind, or full")
    arguments.add_argument("--only", default="", help="only scenarios whose name begins so")
    arguments.add_argument("--folder", type=Path, default=Path(".bench-detection"))
    arguments.add_argument("--processes", type=int, default=2)
    arguments.add_argument("--first", type=int, default=0, help="number of the first network of each kind")
    arguments.add_argument("--page", type=Path, default=None, help="file to write the page to, beside printing it")
    given = arguments.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, "1")
    from tests.benchmarks import detection_networks, detection_table

    given.folder.mkdir(parents=True, exist_ok=True)
    work = []
    for scenario in detection_networks.scenarios():
        count = scenario.count if given.networks == "full" else min(int(given.networks), scenario.count)
        if scenario.name.startswith(given.only):
            work += [(number, scenario) for number in range(given.first, given.first + count)]
    # One network of every kind first: an interrupted run then has something of everything.
    work.sort(key=lambda job: (job[0], job[1].name))
    missing = [(s, n) for n, s in work if not (given.folder / f"{s.name}-{n:03d}.json").exists()]
    begun, done = time.monotonic(), 0
    with ProcessPoolExecutor(given.processes) as pool:
        jobs = [pool.submit(one, given.folder, scenario, number) for scenario, number in missing]
        for job in as_completed(jobs):
            done += 1
            print(f"{done}/{len(jobs)} {job.result()} {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    page = HEAD + "\n" + detection_table.write(given.folder)
    print(page)
    if given.page:
        given.page.write_text(page, encoding="utf-8")


def one(folder: Path, scenario: object, number: int) -> str:
    """Screen one network and keep it; written under another name first, so that no half file is ever read."""
    from tests.benchmarks.detection_networks import Scenario, network

    assert isinstance(scenario, Scenario)
    path = folder / f"{scenario.name}-{number:03d}.json"
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(network(scenario, number)))
    draft.replace(path)
    return path.stem


if __name__ == "__main__":
    main()
