"""The server ends when told, once, and leaves nothing behind however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from tests.servers import START_SECONDS, WebServer, environment, serve_command


@pytest.fixture
def server(mongodb_uri: str, tmp_path: Path) -> Iterator[WebServer]:
    database = f"test_{uuid.uuid4().hex[:16]}"
    running = WebServer(serve_command(), environment(mongodb_uri, database), tmp_path / "log")
    with running:
        yield running
    with MongoClient(mongodb_uri) as client:
        client.drop_database(database)


def gone(port: int) -> bool:
    """Wait until nobody listens."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return True
        time.sleep(0.1)
    return False


def test_it_works(server: WebServer) -> None:
    server.stop()
    assert server._process is not None
    assert server._process.returncode == 0
    assert gone(server.port)
    assert "refused" not in server.log.read_text()


def test_ctrl_c_reaches_server_and_workers_together(server: WebServer) -> None:
    """As a terminal sends it; a worker must not hang on its second signal."""
    os.killpg(server.pid, signal.SIGINT)
    assert server._process is not None
    assert server._process.wait(timeout=START_SECONDS) == 0
    assert "refused" not in server.log.read_text()


def test_workers_end_with_a_server_that_is_killed(server: WebServer) -> None:
    os.kill(server.pid, signal.SIGKILL)
    assert server._process is not None
    server._process.wait(timeout=30)
    assert gone(server.port)


def test_it_ends_with_the_process_that_holds_its_input(mongodb_uri: str, tmp_path: Path) -> None:
    """As the demo starts it: killed with -9, the demo must not leave its server behind."""
    probe = WebServer(serve_command(workers=1), {}, tmp_path / "log")
    command = [*(part.replace("{port}", str(probe.port)) for part in probe.command), "--stop-with-stdin"]
    database = f"test_{uuid.uuid4().hex[:16]}"
    with probe.log.open("w") as log, subprocess.Popen(
        command, env=environment(mongodb_uri, database), stdin=subprocess.PIPE, stdout=log, stderr=log
    ) as process:  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not probe.answers():
            assert time.monotonic() < deadline and process.poll() is None, probe.log.read_text()
            time.sleep(0.1)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=START_SECONDS) == 0
    with MongoClient(mongodb_uri) as client:
        client.drop_database(database)


def test_a_bad_setting_is_one_sentence(tmp_path: Path) -> None:
    env = environment("mongodb://127.0.0.1:9/?replicaSet=rs0", "nowhere", AUDIT_SECRET_KEY="short")
    command = [part.replace("{port}", "9") for part in serve_command()]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith("audit-api: AUDIT_SECRET_KEY has 5 characters")
    assert "Traceback" not in run.stderr
