"""Count how often honest dealers reach a p among the draws: prints the table of `audit_api.anomaly.calibration`.

python -m tests.benchmarks.detection --networks full --only calibration --folder FOLDER
python -m tests.benchmarks.detection_calibration FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

POINTS = (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0003, 0.0002)


def main(folder: Path) -> None:
    """Print the knots, and what they rest on."""
    p = np.concatenate([json.loads(path.read_text())["drawn"] for path in sorted(folder.glob("calibration-*.json"))])
    knots = [(1.0, 1.0), *((point, round(float(np.mean(p <= point)), 6)) for point in POINTS)]
    print(f"# {len(p)} honest dealers, {np.count_nonzero(p <= POINTS[-1])} of them at or below the last knot")
    print("KNOTS = (")
    for point, share in knots:
        print(f"    ({point}, {share}),")
    print(")")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
