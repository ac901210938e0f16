"""Measures what the product aims at, as ratios within one run: absolute times say more about the machine.

    python -m tests.benchmarks [checklist|visit|photo|chunks|copies|import|past-visits|trail|screening …]
                               [--full] [--profile]

Each figure is the median of rounds in which ours and its floor take turns; "calm" is
the ratio of the best round of each, which a busy machine disturbs less. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import platform
import pstats
import sys
from collections.abc import Callable
from functools import partial

from tests.benchmarks import (
    checklist_get,
    copies,
    photo_chunks,
    photo_intake,
    screening_scale,
    survey_import,
    trail_append,
    visit_import,
    visit_put,
)
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.system import System, a_system

MEASURES: dict[str, Callable[[System], list[Figure]]] = {
    "checklist": checklist_get.measure,
    "visit": visit_put.measure,
    "photo": lambda _: photo_intake.measure(),
    "chunks": photo_chunks.measure,
    "copies": lambda _: copies.measure(),
    "import": survey_import.measure,
    "trail": trail_append.measure,
    "past-visits": visit_import.measure,
    "screening": screening_scale.measure,
}
SHOWN = 25


def main() -> None:
    """Run the chosen measures and print one table."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("chosen", nargs="*", choices=[*MEASURES, []], help="which of them; all when none is named")
    parser.add_argument("--profile", action="store_true", help="print where the time goes inside this process as well")
    parser.add_argument(
        "--full", action="store_true", help="import and screen 1,000,000 rows and 50,000 visits, not a tenth"
    )
    given = parser.parse_args()
    measures = MEASURES | {
        "import": partial(survey_import.measure, full=given.full),
        "past-visits": partial(visit_import.measure, full=given.full),
        "screening": partial(screening_scale.measure, full=given.full),
    }
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load before the run {load:.1f}", flush=True)
    figures: list[Figure] = []
    with a_system() as system:
        for name in given.chosen or MEASURES:
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            profile = cProfile.Profile()
            if given.profile:
                figures += profile.runcall(measures[name], system)
                pstats.Stats(profile).sort_stats("tottime").print_stats(SHOWN)
            else:
                figures += measures[name](system)
    print(table(figures))
    missed = [figure for figure in figures if figure.reached == "NO"]
    print(f"\n{len(missed)} of {sum(figure.aim is not None for figure in figures)} aims not reached")


if __name__ == "__main__":
    main()
