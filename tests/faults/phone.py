"""A phone over a bad network: sends visit, photos and submission until each is acknowledged, and notes what was."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

# What a phone retries on its own timer; every other refusal stops it and is shown.
AGAIN = frozenset({408, 429, 503, 502, 504})
GIVE_UP_SECONDS = 240


@dataclass
class Notes:
    """What the server has acknowledged, and what it must never answer."""

    visits: dict[str, dict[str, Any]] = field(default_factory=dict)
    photos: set[str] = field(default_factory=set)
    receipts: dict[str, bytes] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    refused_connections: int = 0
    unavailable: int = 0
    repeated: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Phone(threading.Thread):
    """Sends its share of the visits, one after the other; each call is repeated until it is acknowledged."""

    def __init__(self, port: int, headers: dict[str, str], visits: list[Any], notes: Notes, seed: int) -> None:
        super().__init__(name=f"phone-{seed}", daemon=True)
        self.port, self.headers, self.visits, self.notes = port, headers, visits, notes
        self.random = random.Random(seed)
        self.connection: http.client.HTTPConnection | None = None
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            for visit in self.visits:
                self._send(visit)
        except BaseException as failure:
            self.failure = failure

    def _send(self, visit: Any) -> None:
        status, body = self._until("PUT", visit.url, json.dumps(visit.body).encode(), "application/json", {200, 201})
        with self.notes.lock:
            self.notes.visits[visit.id] = json.loads(body)
            self.notes.repeated += status == 200
        for sha256, data in visit.photos.items():
            path = f"/v1/photos/{sha256}"
            status, _ = self._until("HEAD", path, None, None, {200, 404})
            if status == 404:
                status, _ = self._until("PUT", path, data, "image/jpeg", {201, 412}, {"If-None-Match": "*"})
            with self.notes.lock:
                self.notes.photos.add(sha256)
                self.notes.repeated += status != 201
        _, receipt = self._until(
            "POST", f"{visit.url}/submission", json.dumps({"revision": 1}).encode(), "application/json", {200}
        )
        with self.notes.lock:
            self.notes.receipts[visit.id] = receipt

    def _until(
        self,
        method: str,
        path: str,
        data: bytes | None,
        kind: str | None,
        good: set[int],
        more: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Repeat one call until it is answered with one of the good statuses."""
        headers = self.headers | (more or {}) | ({"Content-Type": kind} if kind else {})
        until = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until:
            try:
                status, body = self._call(method, path, data, headers)
            except (OSError, http.client.HTTPException):
                self.connection = None
                with self.notes.lock:
                    self.notes.refused_connections += 1
                time.sleep(self.random.uniform(0.05, 0.3))
                continue
            if status in good:
                return status, body
            if status not in AGAIN:
                with self.notes.lock:
                    self.notes.wrong.append(f"{method} {path}: {status} {body[:300]!r}")
                raise RuntimeError(self.notes.wrong[-1])
            with self.notes.lock:
                self.notes.unavailable += 1
            time.sleep(self.random.uniform(0.05, 0.3))
        raise TimeoutError(f"{method} {path} was not acknowledged in {GIVE_UP_SECONDS} s")

    def _call(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()
