"""A photo of 12 MP sent in chunks of 512 KB against one plain PUT of a photo as large, over HTTP, to the last answer.

Both end in the same checks; what differs is one request, one file written and synced, and one count for each chunk.
The photos of a round differ in their last bytes, so that each is new to the server.
"""

from __future__ import annotations

import hashlib
import itertools
import socket
import time

from tests.benchmarks import material
from tests.benchmarks.figures import Figure, interleaved
from tests.benchmarks.load import read_answer, request_bytes
from tests.benchmarks.system import System

ROUNDS = 12
CHUNK_BYTES = 512 * 1024
MEGABYTE = 1_000_000


class Sender:
    """Sends photos over one connection, each new."""

    def __init__(self, port: int, bearer: dict[str, str]) -> None:
        self._headers = bearer | {"Content-Type": "application/octet-stream"}
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._picture = material.photo(12)
        self._numbers = itertools.count()

    @property
    def length(self) -> int:
        return len(self._fresh(0)[1])

    def whole(self) -> float:
        """Send one by PUT; gives seconds."""
        path, data = self._fresh(next(self._numbers))
        begun = time.perf_counter()
        self._call("PUT", path, {}, data, 201)
        return time.perf_counter() - begun

    def in_chunks(self) -> float:
        """Send one by PATCH; gives seconds."""
        path, data = self._fresh(next(self._numbers))
        begun = time.perf_counter()
        for offset in range(0, len(data), CHUNK_BYTES):
            chunk = data[offset : offset + CHUNK_BYTES]
            numbers = {"Upload-Offset": str(offset), "Upload-Length": str(len(data))}
            self._call("PATCH", path, numbers, chunk, 201 if offset + len(chunk) == len(data) else 204)
        return time.perf_counter() - begun

    def close(self) -> None:
        self._connection.close()

    def _fresh(self, number: int) -> tuple[str, bytes]:
        """Make a photo that nobody has sent: a comment before the end marker."""
        comment = b"\xff\xfe\x00\x0a" + f"{number:08d}".encode()
        data = self._picture[:-2] + comment + self._picture[-2:]
        return f"/v1/photos/{hashlib.sha256(data).hexdigest()}", data

    def _call(self, method: str, path: str, more: dict[str, str], body: bytes, status: int) -> None:
        self._connection.sendall(request_bytes(method, path, self._headers | more, body))
        answer = read_answer(self._connection)
        if not answer.startswith(f"HTTP/1.1 {status} ".encode()):
            raise RuntimeError(f"not {status}: {answer[:400]!r}")


def measure(system: System) -> list[Figure]:
    """Give seconds in chunks over seconds whole."""
    with system.api() as server:
        sender = Sender(server.port, system.bearer)
        try:
            sender.whole(), sender.in_chunks()
            ratio, spread = interleaved(ROUNDS, sender.in_chunks, sender.whole, best=min)
        finally:
            sender.close()
        chunks = -(-sender.length // CHUNK_BYTES)
    note = f"{sender.length / MEGABYTE:.1f} MB in {chunks} chunks, each synced"
    return [Figure("photo in chunks of 512 KB", "plain PUT", ratio, at_least=False, spread=spread, note=note)]
