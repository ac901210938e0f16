"""Keep-alive load in a process of its own: one request in flight a connection, as little work a request as can be."""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from typing import Any


def read_answer(connection: socket.socket) -> bytes:
    """Read one whole answer of known length."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(65536)
        if not block:
            raise ConnectionError("closed")
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def hammer(port: int, request: bytes, status: int, connections: int, seconds: float) -> tuple[int, float]:
    """Send one request over and over; gives how many answers came, in how many seconds.

    Every answer to the same request has the same length, so that counting bytes is enough; first and last are read.
    """
    selector = selectors.DefaultSelector()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    expected = f"HTTP/1.1 {status} ".encode()
    length = 0
    for connection in sockets:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        answer = read_answer(connection)
        if not answer.startswith(expected):
            raise SystemExit(f"not {status}: {answer[:400]!r}")
        length = len(answer)
    pending = {}
    for connection in sockets:
        connection.setblocking(False)
        pending[connection] = 0
        selector.register(connection, selectors.EVENT_READ)
        connection.send(request)
    done, begun = 0, time.perf_counter()
    until = begun + seconds
    while time.perf_counter() < until:
        for key, _ in selector.select():
            connection = key.fileobj
            got = pending[connection] + len(connection.recv(262144))
            if got >= length:
                if got > length:
                    raise SystemExit(f"an answer of {got} bytes where {length} were expected")
                done, got = done + 1, 0
                connection.send(request)
            pending[connection] = got
    elapsed = time.perf_counter() - begun
    for connection in sockets:
        connection.close()
    return done, elapsed


def rate(port: int, request: bytes, *, status: int = 200, connections: int = 4, seconds: float = 1.0) -> float:
    """Measure answers a second from a process of its own."""
    order = {
        "port": port,
        "request": request.decode(),
        "status": status,
        "connections": connections,
        "seconds": seconds,
    }
    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load", json.dumps(order)], capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise RuntimeError(run.stderr)
    done, elapsed = json.loads(run.stdout)
    return float(done / elapsed)


def request_bytes(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Write one HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


if __name__ == "__main__":
    given: dict[str, Any] = json.loads(sys.argv[1])
    given["request"] = given["request"].encode()
    print(json.dumps(hammer(**given)))
