"""GET of a published checklist of 120 items against a bare "ok" of the same server: whole, and 304."""

from __future__ import annotations

from tests.benchmarks.figures import Figure, interleaved
from tests.benchmarks.load import rate, request_bytes
from tests.benchmarks.system import System

ROUNDS, SECONDS = 9, 1.0


def measure(system: System) -> list[Figure]:
    """Give answers a second over answers a second of "ok": gzip, plain, 304."""
    path = "/v1/checklists/BEN/versions/1"
    gzip = system.bearer | {"Accept-Encoding": "gzip, deflate, br"}
    with system.api() as api, system.bare() as bare:
        etag = _etag(api.port, request_bytes("GET", path, gzip))
        cases = [
            ("checklist GET, gzip", 200, gzip, 0.65),
            ("checklist GET, plain", 200, system.bearer, None),
            ("checklist GET, 304", 304, gzip | {"If-None-Match": etag}, 0.7),
        ]
        ok = request_bytes("GET", "/", {})
        figures = []
        for what, status, headers, aim in cases:
            request = request_bytes("GET", path, headers)
            ratio, spread = interleaved(
                ROUNDS,
                lambda r=request, s=status: rate(api.port, r, status=s, seconds=SECONDS),
                lambda: rate(bare.port, ok, seconds=SECONDS),
            )
            figures.append(Figure(what, '"ok" of the same server', ratio, aim, spread=spread))
        figures.append(_floor(system, api.port, bare.port))
    return figures


def _floor(system: System, api: int, bare: int) -> Figure:
    """Show what logging, security headers and routing cost before any of our own work: /healthz."""
    health, ok = request_bytes("GET", "/healthz", {}), request_bytes("GET", "/", {})
    ratio, spread = interleaved(5, lambda: rate(api, health, seconds=SECONDS), lambda: rate(bare, ok, seconds=SECONDS))
    return Figure("/healthz", '"ok" of the same server', ratio, spread=spread, note="log and headers, no token")


def _etag(port: int, request: bytes) -> str:
    import socket

    from tests.benchmarks.load import read_answer

    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        head = read_answer(connection).partition(b"\r\n\r\n")[0].decode()
    return next(line.split(":", 1)[1].strip() for line in head.split("\r\n") if line.lower().startswith("etag:"))
