"""The demo as a newcomer meets it: start, paste the three commands, kill, start again."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("audit-api")
PATIENCE_SECONDS = 240
LAST_LINE = "API documentation"


class Demo:
    """`audit-api demo` on a free port; what it prints is kept line by line."""

    def __init__(self, folder: Path, port: int, database: str = "") -> None:
        self.folder, self.port = folder, port
        self.lines: list[str] = []
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AUDIT_")} | {"LC_ALL": "C.UTF-8"}
        command = [PROGRAM, "demo", "--port", str(port), "--dir", folder]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.1)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        self._reader.join(timeout=10)
        return self.process.returncode

    def commands(self) -> list[str]:
        return [line.strip() for line in self.lines if re.match(rf"\s+\S*{PROGRAM.name} demo ", line)]

    def paste(self, number: int) -> str:
        run = subprocess.run(
            self.commands()[number], shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def get(self, path: str, role: str) -> dict:
        token = next(t["token"] for t in json.loads((self.folder / "tokens.json").read_text()) if t["role"] == role)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("demo") / "data"
    yield folder
    if uri := os.environ.get("MONGODB_URI"):
        with MongoClient(uri) as client:
            client.drop_database("audit_demo")


@pytest.fixture(scope="module")
def interrupted(folder: Path, port: int) -> Demo:
    """A demo killed with -9 in the middle of its visits, and started again."""
    if uri := os.environ.get("MONGODB_URI"):
        with MongoClient(uri) as client:
            client.drop_database("audit_demo")
    first = Demo(folder, port)
    first.wait_for("responses imported")
    time.sleep(0.5)
    first.stop(signal.SIGKILL)
    return first


@pytest.fixture(scope="module")
def demo(interrupted: Demo, folder: Path, port: int) -> Iterator[Demo]:
    running = Demo(folder, port)
    running.wait_for(LAST_LINE)
    yield running
    if running.process.poll() is None:
        running.stop()


def test_killed_while_loading_it_goes_on(demo: Demo, interrupted: Demo):
    """Every visit there once; the screening ran on all of them."""
    planned = [visit for visit in _all(demo, "/v1/assignments") if not visit["code"].startswith("OPEN-")]
    visits = _all(demo, "/v1/visits")
    assert len(visits) == len(planned) == len({visit["assignment"] for visit in visits})
    assert {visit["state"] for visit in visits} <= {"released", "submitted"}
    assert "the data is there already" not in demo.text
    assert len(demo.get("/v1/screening-runs", "admin")["items"]) == 1


def test_it_prints_a_token_for_every_role(demo: Demo):
    for role in ("admin", "programme_manager", "quality_reviewer", "auditor", "dealer"):
        assert re.search(rf"^\s+{role}\s+\S+@example\.com\s+\S{{40,}}$", demo.text, re.MULTILINE)


def test_secrets_are_for_their_owner_only(demo: Demo):
    for name in ("tokens.json", "secrets.json"):
        assert stat.S_IMODE((demo.folder / name).stat().st_mode) == 0o600
    assert not [t for t in json.loads((demo.folder / "tokens.json").read_text()) if t["token"] in _logs(demo.folder)]


def test_the_commands_work_as_pasted(demo: Demo):
    checklist, visit, flags = range(3)
    assert len(demo.commands()) == 3
    assert "SMS-VIS-01" in demo.paste(checklist)
    first, second = demo.paste(visit), demo.paste(visit)
    receipts = [json.loads(printed[printed.index("{") :]) for printed in (first, second)]
    assert len({receipt["visit"] for receipt in receipts}) == 2
    for receipt in receipts:
        assert receipt["photos"]
        assert demo.get(f"/v1/visits/{receipt['visit']}", "quality_reviewer")["state"] == "submitted"
    printed = demo.paste(flags)
    assert "A flag is a question, not a verdict" in printed
    # The demo promises a flagged dealer, and that with its evidence.
    assert re.search(r"^FLAG  D\d+ ", printed, re.MULTILINE)
    assert "Honest explanations:" in printed


def test_one_visit_has_a_photo_of_another(demo: Demo):
    """The search for recycled photos runs beside the server and finds it."""
    visit = re.search(r"/visits/([0-9a-f-]{36})/copies", demo.text)[1]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := demo.get(f"/v1/visits/{visit}/copies", "quality_reviewer"))["waiting"]:
        assert time.monotonic() < deadline, (demo.folder / "copies.log").read_text()
        time.sleep(0.5)
    assert len(found["items"]) == 1
    assert [use["dealer"] for use in found["items"][0]["uses"]] != [demo.get(f"/v1/visits/{visit}", "admin")["dealer"]]


def test_a_dealer_reads_its_own_released_result(demo: Demo):
    found = _all(demo, "/v1/results", "dealer")
    assert found
    assert {result["dealer"] for result in found} == {"D001"}
    assert "auditor" not in demo.get(f"/v1/visits/{found[0]['visit']}/result", "dealer")


def test_the_link_it_prints_signs_a_phone_in(demo: Demo, port: int) -> None:
    demo.wait_for("sign-in?code=")
    base, code = re.search(r"(http://\S+)/field/#/sign-in\?code=(\S+)", demo.text).groups()
    assert base == f"http://127.0.0.1:{port}"
    body = json.dumps({"code": code, "device": str(uuid.uuid4()), "label": "Pixel"}).encode()
    request = urllib.request.Request(f"{base}/v1/device-tokens", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        token = json.load(answer)["token"]
    tasks = urllib.request.Request(f"{base}/v1/assignments?limit=1", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(tasks, timeout=30) as answer:
        assert len(json.load(answer)["items"]) == 1


def test_a_second_demo_on_the_folder_is_refused(demo: Demo):
    command = [PROGRAM, "demo", "--port", "9", "--dir", demo.folder]
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"LC_ALL": "C"}
    )
    assert run.returncode == 1
    assert "another demo is running" in run.stderr


def test_stopped_and_started_again_the_data_is_there(demo: Demo, folder: Path, port: int):
    before = sorted(visit["visit"] for visit in _all(demo, "/v1/visits"))
    tokens = (folder / "tokens.json").read_text()
    assert demo.stop() == 0
    assert _nobody_listens(port)
    again = Demo(folder, port)
    try:
        again.wait_for(LAST_LINE)
        assert "the data is there already" in again.text
        assert sorted(visit["visit"] for visit in _all(again, "/v1/visits")) == before
        assert (folder / "tokens.json").read_text() == tokens
    finally:
        again.stop()


def test_the_commands_are_quoted_for_a_shell():
    """A token may begin with a dash."""
    from audit_api.cli import demo as cli

    printed = shlex.split(cli.command_line("visit", "http://127.0.0.1:1", "-begins-with-a-dash"))
    assert printed[1:] == ["demo", "visit", "http://127.0.0.1:1", "--token=-begins-with-a-dash"]


def _all(demo: Demo, path: str, role: str = "admin") -> list[dict]:
    items, after = [], ""
    while after is not None:
        page = demo.get(f"{path}?limit=200" + (f"&after={after}" if after else ""), role)
        items, after = items + page["items"], page["next"]
    return items


def _logs(folder: Path) -> str:
    return "".join(log.read_text() for log in folder.glob("*.log"))


def _nobody_listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
