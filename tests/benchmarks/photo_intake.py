"""Photo intake (SHA-256, EXIF, thumbnail, perceptual hash) against Pillow's drafted thumbnail alone."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from audit_api.evidence.photo import inspect
from tests.benchmarks import material
from tests.benchmarks.figures import Figure, interleaved

ROUNDS, REPEATS = 9, 5
MEGABYTE = 1_000_000


def thumbnail(path: Path) -> bytes:
    """Do what the floor does: drafted decode, thumbnail, JPEG."""
    with Image.open(path) as image:
        image.draft("RGB", (320, 320))
        image.thumbnail((320, 320))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=82)
    return out.getvalue()


def _seconds(work: object, path: Path) -> float:
    begun = time.process_time()
    for _ in range(REPEATS):
        work(path)  # type: ignore[operator] # a function of a path
    return (time.process_time() - begun) / REPEATS


MEASURE = """
import sys, pathlib
from tests.benchmarks.photo_intake import inspect, thumbnail
small, large, name = map(pathlib.Path, sys.argv[1:])
work = inspect if str(name) == "inspect" else thumbnail
work(small)  # libraries and their tables are loaded
def peak():
    for line in open("/proc/self/status"):
        if line.startswith(("VmHWM", "VmRSS")):
            yield int(line.split()[1]) * 1024
open("/proc/self/clear_refs", "w").write("5")
_, before = peak()
work(large)
highest, _ = peak()
print(highest - before)
"""


def _memory(small: Path, large: Path, name: str) -> float:
    """Give the most memory that one photo needs beyond what the process holds, in MB (Linux only)."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(small), str(large), name], capture_output=True, text=True, check=True
    )
    return int(run.stdout) / MEGABYTE


def measure() -> list[Figure]:
    """Give time and memory for a 12 MP and a 48 MP photo."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.jpg"
        small.write_bytes(material.photo(0.5))
        for megapixels in (12, 48):
            path = Path(folder) / f"{megapixels}.jpg"
            path.write_bytes(material.photo(megapixels))
            size = f"{megapixels} MP, {path.stat().st_size / MEGABYTE:.1f} MB"
            inspect(path), thumbnail(path)
            ratio, spread = interleaved(
                ROUNDS, lambda p=path: _seconds(inspect, p), lambda p=path: _seconds(thumbnail, p), best=min
            )
            figures.append(
                Figure(
                    f"photo intake, {size}",
                    "drafted thumbnail",
                    ratio,
                    1.2,
                    at_least=False,
                    spread=spread,
                    note="CPU time",
                )
            )
            if Path("/proc/self/clear_refs").exists():
                grown = _memory(small, path, "inspect")
                floor = _memory(small, path, "thumbnail")
                figures.append(
                    Figure(
                        f"its memory, {size}", "process before", grown, 60, at_least=False, unit="MB",
                        note=f"the bare thumbnail takes {floor:.0f} MB",
                    )
                )  # fmt: skip
    return figures
