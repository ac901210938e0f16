"""One writer for each photo, whatever processes there are and however they end."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_api import problems
from audit_api.domain.directory import Role
from audit_api.models.base import collection
from audit_api.operations.photo_chunks import find_offset, receive_chunk
from audit_api.problems import Problem
from tests import worlds
from tests.faults.chunk_writer import actor_of
from tests.servers import ROOT, WebServer, environment, serve_command

FULL = os.environ.get("FULL") == "1"
PHOTOS, KILLS = (12, 6) if FULL else (3, 2)
LARGEST = 400
PERSON = "p" * 32


@pytest.fixture
def sent(tmp_path):
    """Photos to send, in a folder under their names; gives their bytes by name."""
    folder = tmp_path / "phone"
    folder.mkdir()
    found = {}
    for number in range(PHOTOS):
        data = worlds.picture(number)
        found[hashlib.sha256(data).hexdigest()] = data
    for name, data in found.items():
        (folder / name).write_bytes(data)
    return found


@pytest.fixture
def writer(settings, tmp_path, sent):
    """Start a process that writes; what a test leaves running is killed."""
    started = []

    def start(do="send", seed=0, names=None):
        order = {
            "do": do, "seed": seed, "names": list(names or sent), "person": PERSON, "folder": str(tmp_path / "phone"),
            "upload_dir": settings.upload_dir, "uri": settings.mongodb_uri, "database": settings.database,
            "largest": LARGEST,
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.chunk_writer", json.dumps(order)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline().strip() in ("ready", "held")
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=30)


def begin(*processes):
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def acknowledged(text):
    """Read what a process printed: (name, begin, end, status)."""
    return [(name, int(a), int(b), int(s)) for name, a, b, s in (line.split() for line in text.splitlines())]


def hold_against(app, sent, settings):
    """Every photo once, byte for byte, and no file left of it."""
    store = app.extensions["audit"].store
    for name, data in sent.items():
        with store.open(name) as blob:
            assert blob.read() == data
    assert collection("photo_uploads").count_documents({}) == len(sent)
    assert [p for p in Path(settings.upload_dir, "partial").rglob("*") if p.is_file() and p.name != "spent"] == []


def test_two_processes_with_the_same_queue(app, writer, sent, settings):
    two = [writer(seed=seed) for seed in (1, 2)]
    begin(*two)
    said = [acknowledged(process.communicate(timeout=120)[0]) for process in two]
    ranges, ends = defaultdict(list), defaultdict(list)
    for lines in said:
        for name, first, end, status in lines:
            if status in (201, 204):
                ranges[name].append((first, end))
            if status != 204:
                ends[name].append(status)
    for name, data in sent.items():
        # What was acknowledged covers the photo, each byte once: nobody wrote where another was writing.
        at = 0
        for first, end in sorted(ranges[name]):
            assert first == at, name
            at = end
        assert at == len(data)
        assert sorted(ends[name]) == [201, 412]
    both = [name for name in sent if all(any(line[0] == name and line[3] == 204 for line in one) for one in said)]
    assert both, "the two never met"
    hold_against(app, sent, settings)


def test_a_killed_holder_frees_the_photo(app, writer, sent, settings):
    name, data = next(iter(sent.items()))
    holder = writer("hold", names=[name])
    more = {"offset": 0, "length": len(data), "settings": settings, "actor": actor_of(PERSON), "at": datetime.now(UTC)}
    store = app.extensions["audit"].store
    with pytest.raises(Problem) as busy:
        receive_chunk(store, io.BytesIO(data), name, **more)
    assert busy.value.kind is problems.TOO_MANY_REQUESTS
    holder.send_signal(signal.SIGKILL)
    holder.wait(timeout=30)
    assert receive_chunk(store, io.BytesIO(data), name, **more).facts["sha256"] == name


def test_killed_in_the_middle_another_goes_on(app, writer, sent, settings):
    chance, actor = random.Random(3), actor_of(PERSON)
    for turn in range(KILLS):
        process = writer(seed=turn)
        begin(process)
        lines = [process.stdout.readline() for _ in range(chance.randint(5, 40))]
        time.sleep(chance.uniform(0, 0.01))
        process.send_signal(signal.SIGKILL)
        rest = process.communicate(timeout=30)[0]
        told = acknowledged("".join([*lines, rest[: rest.rfind("\n") + 1]]))
        name, _, end, status = told[-1]
        offset = find_offset(name, settings=settings, actor=actor) if status == 204 else None
        assert offset is None or offset >= end, "what was acknowledged is there"
    last = writer(seed=99)
    begin(last)
    said = acknowledged(last.communicate(timeout=120)[0])
    assert [line[3] for line in said if line[3] not in (201, 204, 412)] == []
    hold_against(app, sent, settings)


def test_a_connection_that_hangs_blocks_nobody(people, settings, tmp_path):
    data = worlds.picture(7) + b"\x00" * 600_000
    path = f"/v1/photos/{hashlib.sha256(data).hexdigest()}"
    signed = people.headers(people.add(Role.AUDITOR))
    environ = environment(settings.mongodb_uri, settings.database, AUDIT_UPLOAD_DIR=settings.upload_dir)
    with WebServer(serve_command(workers=1, threads=2), environ, tmp_path / "serve.log") as web:

        def call(method, offset=0, end=0):
            connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
            numbers = {"Upload-Offset": str(offset), "Upload-Length": str(len(data))} if method == "PATCH" else {}
            connection.request(method, path, data[offset:end] or None, signed | numbers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status, answer.headers.get("Upload-Offset")

        def begun(offset, length, arrived):
            """Send the head and some bytes of a chunk, and leave it at that."""
            line = socket.create_connection(("127.0.0.1", web.port))
            numbers = {"Upload-Offset": offset, "Upload-Length": len(data), "Content-Length": length, "Host": "x"}
            head = "".join(f"{name}: {value}\r\n" for name, value in (signed | numbers).items())
            line.sendall(f"PATCH {path} HTTP/1.1\r\n{head}\r\n".encode() + data[offset : offset + arrived])
            return line

        with begun(0, 300_000, 100_000):
            assert call("PATCH", 0, 200_000) == (204, "200000")
        with begun(200_000, 300_000, 100_000):
            time.sleep(0.5)  # the server has what arrived
        until = time.monotonic() + 20
        while (told := call("HEAD")) == (204, "200000") and time.monotonic() < until:
            time.sleep(0.1)
        assert told[0] == 204 and 200_000 < int(told[1]) <= 300_000, "what came of a cut chunk is kept"
        assert call("PATCH", int(told[1]), len(data))[0] == 201
        assert call("HEAD") == (200, None)
