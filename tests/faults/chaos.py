"""Runs the chaos: server, database, disks, phones as processes, and what befalls them."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256 as sha256_of
from pathlib import Path
from typing import Any

from audit_api.domain.directory import Actor, Role
from audit_api.embedded_mongo import EmbeddedMongo
from audit_api.evidence.store import GridFSStore
from audit_api.models import base
from audit_api.models.directory import Dealer
from audit_api.operations.photo_checks import sweep_photos
from audit_api.settings import Settings, from_env
from tests import worlds
from tests.conftest import People
from tests.faults import chaos_world
from tests.faults.bad_network import BadNetwork
from tests.faults.full_disk import SmallDisk, children_of, limit_files
from tests.faults.phone import Errand, Notes
from tests.faults.queue_folder import Journals, put_errand
from tests.servers import ROOT, WebServer, environment, serve_command

PROCESSES = 2  # to each phone's queue
PATIENCE_SECONDS = 900
FULL_SECONDS = 2.0


class Watcher(threading.Thread):
    """Asks the server itself, again and again, for a photo: what it shows as received is whole, and was sent."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(daemon=True)
        self.chaos, self.looked, self.wrong = chaos, 0, list[str]()
        self.ended = threading.Event()
        self.random = random.Random(chaos.seed)

    def run(self) -> None:
        while not self.ended.wait(0.1):
            place, errand = self.random.choice(self.chaos.errands)
            sha256 = self.random.choice(list(errand.photos))
            try:
                self.look(place, sha256)
            except (OSError, http.client.HTTPException):
                continue  # the server is down just now

    def look(self, place: int, sha256: str) -> None:
        status, _, _ = self.chaos.ask(place, "HEAD", f"/v1/photos/{sha256}")
        if status == 200:
            self.looked += 1
            if sha256 not in self.chaos.notes().begun:
                self.wrong.append(f"{sha256} is shown as received and was never sent whole")
            status, _, data = self.chaos.ask(place, "GET", f"/v1/photos/{sha256}")
            if status == 200 and sha256_of(data).hexdigest() != sha256:
                self.wrong.append(f"{sha256} is shown as received and has other bytes")
        elif status not in (204, 404, 429, 503):
            self.wrong.append(f"HEAD {sha256}: {status}")


class Chaos:
    """What takes part, and what can happen to it: every method named in `run`'s events."""

    def __init__(self, folder: Path, disk: SmallDisk | None, seed: int) -> None:
        self.folder, self.disk, self.seed = folder, disk, seed
        self.random = random.Random(seed)
        self.uploads = folder / "disk" / "uploads"
        self.uploads.mkdir()
        self.mongo = EmbeddedMongo(folder / "disk" / "mongod")
        self.events: Counter[str] = Counter()
        self.spent: defaultdict[str, float] = defaultdict(float)  # seconds
        self.errands: list[tuple[int, Errand]] = []
        self.headers: list[dict[str, str]] = []
        self.auditors: list[Actor] = []
        self.phones: dict[tuple[int, int], subprocess.Popen[bytes]] = {}
        self.started = 0
        self.journals, self.reading = Journals(), threading.Lock()
        self.watcher = Watcher(self)

    def begin(self) -> None:
        """Start the database and make ready what the server needs."""
        self.mongo.start()
        self.environment = environment(self.mongo.uri, "chaos", AUDIT_UPLOAD_DIR=str(self.uploads))
        self.settings: Settings = from_env(
            {k: v for k, v in self.environment.items() if k.startswith(("AUDIT_", "MONGODB_"))}
        )
        self.database = base.connect(self.mongo.uri, "chaos")
        base.build_indexes()
        self.store = GridFSStore(self.database)
        self.store.ensure_indexes()
        # The log is on the disk that gets full.
        self.web = WebServer(serve_command(workers=2, threads=4), self.environment, self.folder / "disk" / "serve.log")
        self.network = BadNetwork(self.web.port, self.seed)

    def plan(self, visits: int, unfinished: int, auditors: int) -> None:
        """Assign the visits and put them into the phones' queues."""
        Dealer._get_collection().insert_many([dict(row) for row in worlds.DEALERS.values()])
        worlds.publish_all()
        worlds.make_wave()
        people = People()
        self.auditors = [people.add(Role.AUDITOR, brands=("Aurora",)) for _ in range(auditors)]
        self.headers = [people.headers(auditor) for auditor in self.auditors]
        self.errands = chaos_world.plan(visits, unfinished, self.auditors, self.random)
        for place, headers in enumerate(self.headers):
            self.queue(place).mkdir()
            way = {"port": self.network.port, "headers": headers}
            (self.queue(place) / "way.json").write_text(json.dumps(way))
        # Unfinished ones stand anywhere among the others.
        for number, (place, errand) in enumerate(self.random.sample(self.errands, len(self.errands))):
            put_errand(self.queue(place), number, errand)

    def run(self, events: dict[str, int]) -> None:
        """Let the phones send everything, and the events happen to them, spread over the time they need."""
        order = [name for name, times in events.items() for _ in range(times)]
        self.random.shuffle(order)
        whole = sum(not errand.unfinished for _, errand in self.errands)
        self.web.start()
        self.watcher.start()
        for place in range(len(self.headers)):
            for process in range(PROCESSES):
                self.start_phone(place, process)
        for turn, name in enumerate(order):
            self.wait_for(lambda turn=turn: len(self.notes().receipts) >= whole * (turn + 0.5) / (len(order) + 1))
            time.sleep(self.random.uniform(0, 0.2))
            happening: Callable[[], None] = getattr(self, name)
            begun = time.monotonic()
            assert any(phone.poll() is None for phone in self.phones.values()), f"{name} came too late"
            happening()
            self.events[name] += 1
            self.spent[name] += time.monotonic() - begun
        self.wait_for(lambda: all(phone.poll() is not None for phone in self.phones.values()))
        self.network.settle()
        self.watcher.ended.set()
        self.watcher.join(60)
        self.raise_what_failed()

    def wait_for(self, reached: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not reached():
            self.raise_what_failed()
            self.revive_database()
            assert time.monotonic() < until, f"no progress: {self.counts()}, {len(self.notes().receipts)} receipts"
            if all(phone.poll() is not None for phone in self.phones.values()):
                return
            time.sleep(0.1)

    def raise_what_failed(self) -> None:
        codes = {key: phone.poll() for key, phone in self.phones.items()}
        failed = {key: code for key, code in codes.items() if code not in (None, 0)}
        said = "".join(path.read_text()[-2000:] for path in self.folder.glob("phone-*.log"))
        wrong = self.notes().wrong + self.watcher.wrong
        assert not failed and not wrong, (failed, wrong, said, self.web.log.read_text()[-3000:])

    # What happens

    def kill_server(self) -> None:
        self.web.kill()
        self.web.start()

    def kill_worker(self) -> None:
        workers = children_of(self.web.pid)
        os.kill(self.random.choice(workers), signal.SIGKILL)

    def kill_database(self) -> None:
        os.kill(self.mongo.pid, signal.SIGKILL)
        self.start_database()

    def kill_phone(self) -> None:
        running = [key for key, phone in self.phones.items() if phone.poll() is None]
        if running:
            key = self.random.choice(running)
            self.phones[key].kill()
            self.phones[key].wait(30)
            self.start_phone(*key)

    def fill_disk(self) -> None:
        """No room for the database, the uploads and the log for a while; the database may die of it."""
        if self.disk is None:
            self.limit_files()
            return
        self.disk.fill()
        time.sleep(FULL_SECONDS)
        self.disk.free()

    def limit_files(self) -> None:
        """Let the server's processes write no large file for a while: their disk is full, the database's is not."""
        pids = [self.web.pid, *children_of(self.web.pid)]
        limit_files(pids)
        time.sleep(FULL_SECONDS)
        limit_files(pids, None)

    def sweep_by_wrong_clocks(self) -> None:
        """Expire what is unfinished by a clock that is a day ahead, and by one a day behind."""
        for days in (1, -1):
            self.sweep(datetime.now(UTC) + timedelta(days=days))

    # What takes part

    def revive_database(self) -> None:
        """Start the database again where it has ended by itself, as a service manager does."""
        if self.mongo._process is not None and self.mongo._process.poll() is not None:
            self.events["database died of the full disk"] += 1
            self.start_database()

    def sweep(self, at: datetime) -> int:
        return sweep_photos(self.store, settings=self.settings, at=at)

    def start_database(self) -> None:
        assert self.mongo._process is not None
        self.mongo._process.wait(timeout=30)
        port = self.mongo.port
        self.mongo.start()
        assert self.mongo.port == port

    def queue(self, place: int) -> Path:
        return self.folder / f"queue-{place}"

    def start_phone(self, place: int, process: int) -> None:
        """Start a process on a queue; it keeps a journal of its own."""
        self.started += 1
        name = f"{place}-{process}-{self.started}"
        with (self.folder / f"phone-{name}.log").open("wb") as log:
            command = [sys.executable, "-m", "tests.faults.queue_folder", str(self.queue(place)), name]
            self.phones[place, process] = subprocess.Popen(
                [*command, f"{self.seed}-{name}"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def notes(self) -> Notes:
        """Give what any process has noted so far."""
        with self.reading:
            return self.journals.read(sorted(self.folder.glob("queue-*/*.journal")))

    def counts(self) -> Counter[str]:
        return self.notes().counts

    def ask(self, place: int, method: str, path: str, document: Any = None) -> tuple[int, dict[str, str], bytes]:
        """Ask the server itself, past the network."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=60)
        try:
            body = None if document is None else json.dumps(document)
            kind = {} if document is None else {"Content-Type": "application/json"}
            connection.request(method, path, body, self.headers[place] | kind)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def end(self) -> None:
        """Stop everything that was started here."""
        self.watcher.ended.set()
        for phone in self.phones.values():
            phone.kill()
            phone.wait(30)
        if self.disk is not None:
            self.disk.free()
        for stop in (partial(limit_files, [self.web.pid], None), self.web.stop, self.network.close):
            stop()
        base.disconnect()
        self.mongo.stop()


@contextmanager
def a_chaos(folder: Path, disk: SmallDisk | None, seed: int) -> Iterator[Chaos]:
    """Begin a chaos, and end it whatever happens."""
    chaos = Chaos(folder, disk, seed)
    chaos.begin()
    try:
        yield chaos
    finally:
        chaos.end()
