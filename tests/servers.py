"""Starts `audit-api serve` (or a bare application under the same server) as a process of its own, on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

START_SECONDS = 60
STOP_SECONDS = 40  # the server kills a worker that does not end within 15
ROOT = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(uri: str, database: str, **more: str) -> dict[str, str]:
    """Give the environment of a server process: the settings, and nothing of ours that it would refuse."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AUDIT_", "MONGODB_"))}
    return inherited | {
        "MONGODB_URI": uri,
        "AUDIT_DATABASE": database,
        "AUDIT_SECRET_KEY": "s" * 40,
        "AUDIT_CONTACT_KEY": "c" * 40,
        **more,
    }


class WebServer:
    """One server process with its workers; `kill` is kill -9 of all of them."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path, path: str = "/healthz") -> None:
        self.port = free_port()
        self.command = [part.replace("{port}", str(self.port)) for part in command]
        self.env, self.log, self.path = env, log, path
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> WebServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it answers; raises with the end of its log when it does not."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command, env=self.env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.log.read_text()[-2000:]}")
            if self.answers():
                return
            time.sleep(0.1)
        raise RuntimeError(f"the server does not answer: {self.log.read_text()[-2000:]}")

    def answers(self) -> bool:
        """Tell whether it answers 200."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"GET {self.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                return connection.recv(64).split(b" ")[1:2] == [b"200"]
        except OSError:
            return False

    def kill(self) -> None:
        """Kill -9 the process and its workers."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)

    def stop(self) -> None:
        """Stop it as a service manager would, and by force when it has not even given up its workers."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


def serve_command(*, workers: int = 2, threads: int = 4) -> list[str]:
    """Give the command line of `audit-api serve`."""
    return [
        sys.executable, "-c", "from audit_api.cli import main; main()", "serve", "--port", "{port}",
        "--workers", str(workers), "--threads", str(threads),
    ]  # fmt: skip
