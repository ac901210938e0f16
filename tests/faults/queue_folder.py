"""The queue of a phone as a folder: each visit with its photos, and a journal of what was acknowledged.

    python -m tests.faults.queue_folder FOLDER PROCESS SEED

works through it until nothing is left to send. Several processes may have the same folder; each may be killed.
"""

from __future__ import annotations

import json
import os
import random
import sys
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.faults.phone import Errand, Notes, Phone, StoppedError

CHUNK_BYTES = 256 * 1024
DISPLACEMENT = 3.0
"""How far apart two processes take the same visit, in visits: they meet again and again."""


class PhotoFiles(Mapping[str, bytes]):
    """Photos of a visit, read when they are sent."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder, self.order = folder, names

    def __getitem__(self, sha256: str) -> bytes:
        if sha256 not in self.order:
            raise KeyError(sha256)
        return (self.folder / f"{sha256}.jpg").read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self.order)

    def __len__(self) -> int:
        return len(self.order)


class Journal(Notes):
    """Notes that are on the disk before the phone goes on; what it has counted is in the file's last lines."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.file = path.open("x")

    def keep(self, kind: str, name: str, value: Any) -> None:
        if isinstance(value, bytes):
            value = {"base64": b64encode(value).decode()}
        self.file.write(json.dumps([kind, name, value, dict(self.counts)]) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())


class Journals:
    """Reads the journals of many processes together; a last line that was cut off is as if it had not been written."""

    def __init__(self) -> None:
        self.together = Notes()
        self._read: dict[Path, int] = {}
        self._counts: dict[Path, dict[str, int]] = {}

    def read(self, paths: list[Path]) -> Notes:
        """Read what has been added, and give all there is."""
        for path in paths:
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                added = file.read()
            whole, end, _ = added.rpartition(b"\n")
            self._read[path] = self._read.get(path, 0) + len(whole) + len(end)
            for line in whole.splitlines():
                kind, name, value, self._counts[path] = json.loads(line)
                self._take(kind, name, value)
        self.together.counts = sum(map(Counter, self._counts.values()), Counter())
        return self.together

    def _take(self, kind: str, name: str, value: Any) -> None:
        if kind == "receipts":
            value = b64decode(value["base64"])
            if self.together.receipts.get(name, value) != value:
                self.together.note("wrong", f"visit {name} has two receipts")
        self.together.note(kind, name, value)


def put_errand(queue: Path, number: int, errand: Errand) -> None:
    """Put a visit into the queue; the file that makes it visible is written last."""
    folder = queue / f"{number:04d}"
    folder.mkdir(parents=True)
    for sha256, data in errand.photos.items():
        (folder / f"{sha256}.jpg").write_bytes(data)
    document = {
        "id": errand.id, "bodies": errand.bodies, "photos": list(errand.photos), "unfinished": errand.unfinished,
    }  # fmt: skip
    (folder / "visit.json").write_text(json.dumps(document))


def take_errand(folder: Path) -> Errand:
    """Read a visit from the queue; raises FileNotFoundError when it has left."""
    document = json.loads((folder / "visit.json").read_text())
    photos = PhotoFiles(folder, document["photos"])
    return Errand(document["id"], document["bodies"], photos, document["unfinished"])


def remove_errand(folder: Path) -> None:
    """Let an acknowledged visit and its photos leave the queue."""
    for path in (folder / "visit.json", *folder.glob("*.jpg")):
        path.unlink(missing_ok=True)


def work_through(queue: Path, journal: Journal, seed: str) -> None:
    """Send what is in the queue, in an order of this process's own; a photo leaves after its visit's receipt."""
    way = json.loads((queue / "way.json").read_text())
    phone = Phone(way["port"], way["headers"], [], journal, seed, chunk_bytes=CHUNK_BYTES)
    chance = random.Random(seed)
    folders = [path.parent for path in sorted(queue.glob("*/visit.json"))]
    places = {folder: place + chance.uniform(0, DISPLACEMENT) for place, folder in enumerate(folders)}
    for folder in sorted(folders, key=places.__getitem__):
        try:
            errand = take_errand(folder)
            phone.send(errand)
        except FileNotFoundError:
            journal.count("left meanwhile")  # the other process has its receipt
            continue
        if errand.id in journal.receipts:
            remove_errand(folder)


def main(queue: Path, process: str, seed: str) -> int:
    """Work through a queue; 1 where the server refused something for good."""
    journal = Journal(queue / f"{process}.journal")
    try:
        work_through(queue, journal, seed)
    except StoppedError as stopped:
        print(stopped, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
