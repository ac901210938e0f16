"""Hundreds of hostile files and requests that lie, sent to `audit-api serve`: right answers, bounded memory, no crash.

# ruff: noqa: E501 - one line a file reads as a table

The files with their answers come from `tests/pictures/hostile`; the dearest of them only with FULL=1.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import os
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from audit_api.domain.directory import Role
from audit_api.evidence.partials import SPENT
from audit_api.models import base
from audit_api.models.base import collection
from tests.conftest import People
from tests.databases import Databases
from tests.pictures.hostile import dear, specimens
from tests.pictures.hostile.specimen import Specimen, photo
from tests.servers import WebServer, environment, serve_command

FULL = os.environ.get("FULL") == "1"
LEAST = 200
THREADS = 4
MEMORY_CAP = 500_000_000
"""What a web process may grow by for photos, whatever arrives (docs/photos.md states it)."""
MAX_BYTES = 30_000_000
SECONDS = 120


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]


class Web:
    """The server, one worker of four threads, and somebody who may send photos."""

    def __init__(self, server: WebServer, headers: dict[str, str], uploads: Path) -> None:
        self.server, self.headers, self.uploads = server, headers, uploads

    def put(self, data: bytes, name: str = "", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=SECONDS)
        url = f"/v1/photos/{name or hashlib.sha256(data).hexdigest()}"
        sent = self.headers | {"Content-Type": "image/jpeg"} | {k.replace("_", "-"): v for k, v in headers.items()}
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent: the answer is there
            connection.request("PUT", url, body=data, headers=sent)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return Answer(answer.status, json.loads(body) if body else {})

    def raw(self, data: bytes, *headers: str, body: bytes = b"", close: bool = False) -> int:
        """Write a request by hand; gives the status, 0 where the connection ends without an answer."""
        own = [f"{name}: {value}" for name, value in self.headers.items()]
        lines = [f"PUT /v1/photos/{hashlib.sha256(data).hexdigest()} HTTP/1.1", "Host: x", *own, *headers, "", ""]
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=SECONDS) as connection:
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall("\r\n".join(lines).encode() + (body or data))
                if close:
                    connection.shutdown(socket.SHUT_WR)
            try:
                head = connection.recv(4096)
            except ConnectionResetError:
                return 0
        return int(head.split(b" ")[1]) if head.startswith(b"HTTP/1.1 ") else 0

    def processes(self) -> dict[int, int]:
        """Give the server's processes with the most memory each has ever held, in bytes (Linux)."""
        found, waiting = {}, [self.server.pid]
        while waiting:
            pid = waiting.pop()
            found[pid] = figure(pid, "VmHWM")
            waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found


def figure(pid: int, name: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(name + ":"))


@pytest.fixture(scope="module")
def web(mongodb_uri: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is read from /proc, which this system does not have")
    folder = tmp_path_factory.mktemp("hostile")
    uploads = folder / "uploads"
    uploads.mkdir()
    with databases.one() as name:
        base.connect(mongodb_uri, name)
        base.build_indexes()
        people = People()
        headers = people.headers(people.add(Role.AUDITOR, brands=("Aurora",)))
        settings = environment(
            mongodb_uri,
            name,
            AUDIT_UPLOAD_DIR=str(uploads),
            AUDIT_LOG_LEVEL="error",
            AUDIT_MAX_PHOTO_BYTES=str(MAX_BYTES),
        )
        with WebServer(serve_command(workers=1, threads=THREADS), settings, folder / "log") as server:
            yield Web(server, headers, uploads)
            log = (folder / "log").read_text()
        base.disconnect()
    assert "Traceback" not in log, log[-3000:]


@pytest.mark.timeout(1_800)  # full size on a busy machine
def test_every_file_gets_its_answer_and_memory_its_bound(web: Web) -> None:
    for format_name in ("JPEG", "PNG", "WEBP", "HEIC"):  # libraries and their tables are loaded
        assert web.put(photo(format_name, 64, 64)).status == 201
    before = web.processes()
    resting = {pid: figure(pid, "VmRSS") for pid in before}
    kept = collection("photo_uploads").count_documents({})

    counted: Counter[bool] = Counter()
    wrong: list[str] = []

    def send(specimen: Specimen) -> None:
        wrong.extend(differences(specimen, web.put(specimen.data)))
        counted[not specimen.reason] += 1

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(send, specimen) for specimen in (*specimens(), *(dear() if FULL else ()))]:
            done.result()

    after = web.processes()
    grown = max(after[pid] - resting[pid] for pid in resting)
    print(f"{counted[False]} refused, {counted[True]} taken in; the web process grew by {grown / 1e6:.0f} MB at most")
    assert not wrong, "\n".join(wrong)
    assert counted.total() >= LEAST
    assert after.keys() == before.keys(), "a process ended"
    assert grown <= MEMORY_CAP
    assert collection("photo_uploads").count_documents({}) == kept + counted[True]
    assert collection("blobs.files").count_documents({}) == kept + counted[True]
    # What remains is the count of what a person has sent today.
    assert {path.name for path in web.uploads.rglob("*") if path.is_file()} <= {SPENT}


def differences(specimen: Specimen, answer: Answer) -> Iterator[str]:
    """Say where an answer is not the one declared."""
    if answer.status != specimen.status:
        yield f"{specimen.name}: {answer.status} instead of {specimen.status}: {answer.body}"
    elif specimen.reason:
        body = answer.body
        if (body["type"], body["reason"]) != (f"/problems/{specimen.problem}", specimen.reason):
            yield f"{specimen.name}: {body['type']}, {body['reason']} instead of {specimen.reason}"
    elif missing := specimen.remarks - {said["code"] for said in answer.body["remarks"]}:
        yield f"{specimen.name}: nothing said of {', '.join(missing)}"
    elif not specimen.why:
        yield f"{specimen.name}: taken in, and nobody says why"


def fresh(number: int) -> bytes:
    """A sound photo that nobody has sent before."""
    return photo("JPEG", comment=f"fresh {number}".encode())


@pytest.mark.parametrize(
    "kind", ["text/html", "application/json", "image/svg+xml", "multipart/form-data; boundary=x", "", "x" * 4000,
             "image/gif", "application/x-www-form-urlencoded"],
)  # fmt: skip
def test_the_bytes_decide_whatever_the_content_type_says(web: Web, kind: str) -> None:
    number = sum(kind.encode()) + 1000
    assert web.put(fresh(number), Content_Type=kind).status == 201
    answer = web.put(b"<html>%d" % number, Content_Type="image/jpeg")
    assert (answer.status, answer.body["reason"]) == (415, "unsupported_format")


def test_bytes_under_another_name(web: Web) -> None:
    for data in (fresh(1), b"", b"text"):
        answer = web.put(data, name="ab" * 32)
        assert (answer.status, answer.body["type"]) == (422, "/problems/hash-mismatch")


def test_packed_bytes_are_other_bytes(web: Web) -> None:
    data = fresh(2)
    answer = web.put(gzip.compress(data), name=hashlib.sha256(data).hexdigest(), Content_Encoding="gzip")
    assert (answer.status, answer.body["type"]) == (422, "/problems/hash-mismatch")


def chunked(data: bytes, size: int = 1 << 16) -> bytes:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_lengths_that_lie(web: Web) -> None:
    data = fresh(3)
    size = len(data)
    photos = collection("photo_uploads").count_documents({})
    bare = "Connection: close"
    assert web.raw(data, bare, f"Content-Length: {size // 2}") == 422  # the rest is no request
    assert web.raw(data, bare, f"Content-Length: {size}", body=data[: size // 2], close=True) in (0, 400, 408, 422)
    assert web.raw(data, bare, f"Content-Length: {MAX_BYTES + 2}") == 413
    assert web.raw(data, bare, f"Content-Length: {10**17}") == 413
    for nonsense in ("abc", "-5", "1e3", "0x10", f"{size}, {size + 1}", "9" * 400):
        assert web.raw(data, bare, f"Content-Length: {nonsense}") == 400, nonsense
    assert web.raw(data, bare, f"Content-Length: {size}", f"Content-Length: {size + 1}") == 400
    assert collection("photo_uploads").count_documents({}) == photos
    assert web.put(data).status == 201, "and then the true one"


def test_bodies_in_chunks(web: Web) -> None:
    data, header = fresh(4), "Transfer-Encoding: chunked"
    photos = collection("photo_uploads").count_documents({})
    for spoilt in (
        b"zz\r\n" + data, b"-1\r\n" + data, b"f" * 18 + b"\r\n" + data, chunked(data)[:-200],
        b"5\r\nabc\r\n0\r\n\r\n",
    ):  # fmt: skip
        assert web.raw(data, "Connection: close", header, body=spoilt, close=True) in (0, 400, 408, 422)
    beyond = chunked(b"\0" * (MAX_BYTES + 1), 1 << 20)
    assert web.raw(data, "Connection: close", header, body=beyond) == 413
    assert web.raw(data, "Connection: close", header, body=chunked(b"\xff\xd8\xff" * 1000)) == 422
    assert collection("photo_uploads").count_documents({}) == photos
    assert web.raw(data, "Connection: close", header, body=chunked(data, 7)) == 201


def test_the_largest_and_one_byte_more(web: Web) -> None:
    data = fresh(5)
    largest = data + b"\0" * (MAX_BYTES - len(data))
    assert web.put(largest).status == 201
    answer = web.put(largest + b"\0")
    assert (answer.status, answer.body["type"]) == (413, "/problems/too-large")
