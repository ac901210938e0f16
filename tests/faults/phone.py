"""A phone over a bad network: sends visit, photos and submission until each is acknowledged, and notes what was."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What a phone retries on its own timer; every other refusal stops it and is shown. 409 and 424 are answers to go by.
AGAIN = frozenset({408, 429, 503, 502, 504})
GIVE_UP_SECONDS = 240
LONGEST_PAUSE_SECONDS = 1.0
JSON = "application/json"


class StoppedError(RuntimeError):
    """The server refused something for good: the phone keeps its data and shows why."""


@dataclass
class Errand:
    """A visit to be sent: its bodies, one a revision, and its photos by their SHA-256.

    `unfinished`: photos that never leave the phone whole, with the bytes after which it stops.
    """

    id: str
    bodies: list[dict[str, Any]]
    photos: Mapping[str, bytes]
    unfinished: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"/v1/visits/{self.id}"


@dataclass
class Notes:
    """What the server has acknowledged, and what it must never answer."""

    visits: dict[str, dict[str, Any]] = field(default_factory=dict)
    photos: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)  # photos whose last byte was about to be sent
    receipts: dict[str, bytes] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=dict)  # by visit, as the server told
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, name: str, value: Any = None) -> None:
        """Note an event: acknowledged (visit, photo, receipt), about to be sent (begun), missing or wrong."""
        with self.lock:
            if kind in ("photos", "begun"):
                getattr(self, kind).add(name)
            elif kind == "wrong":
                self.wrong.append(name)
            else:
                getattr(self, kind)[name] = value
            self.keep(kind, name, value)

    def count(self, what: str, number: int = 1) -> None:
        with self.lock:
            self.counts[what] += number

    def keep(self, kind: str, name: str, value: Any) -> None:
        """Keep a note for longer than this process lives; called under the lock."""


class Phone(threading.Thread):
    """Sends its errands, one after the other; each call is repeated until it is acknowledged.

    `chunk_bytes` 0: every photo in one piece. Otherwise most go in chunks, and the order of things varies.
    """

    def __init__(
        self,
        port: int,
        headers: dict[str, str],
        errands: list[Errand],
        notes: Notes,
        seed: object,
        *,
        chunk_bytes: int = 0,
    ) -> None:
        super().__init__(name=f"phone-{seed}", daemon=True)
        self.port, self.errands, self.notes, self.chunk_bytes = port, errands, notes, chunk_bytes
        self.headers = {"User-Agent": f"phone-{seed}"} | headers
        self.random = random.Random(str(seed))
        self.connection: http.client.HTTPConnection | None = None
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            for errand in self.errands:
                self.send(errand)
        except BaseException as failure:
            self.failure = failure

    def send(self, errand: Errand) -> None:
        """Send one visit; returns when it is acknowledged, or when all is sent that ever leaves this phone."""
        waiting = list(errand.photos)
        if self.chunk_bytes:
            self.random.shuffle(waiting)
            for sha256 in waiting[: self.random.randrange(3)]:  # nothing says that the visit comes first
                self._send_photo(errand, sha256)
        for body in errand.bodies:
            self._send_visit(errand, body)
            if self.chunk_bytes and self.random.random() < 0.2:
                self._submit(errand, early=True)
        for sha256 in waiting:
            self._send_photo(errand, sha256)
        if missing := self._submit(errand):
            if missing <= errand.unfinished.keys():
                self.notes.note("missing", errand.id, sorted(missing))
                return
            self._give_up(f"all was sent, and this is missing: {missing}")

    def _send_visit(self, errand: Errand, body: dict[str, Any]) -> None:
        status, _, answer = self._until("PUT", errand.url, json.dumps(body).encode(), JSON, {200, 201, 409})
        document = json.loads(answer)
        if status == 409:  # the other process with this queue is further; anything else is a real conflict
            if document["current_revision"] <= body["revision"]:
                self._give_up(f"PUT {errand.url}: {document}")
            self.notes.count("overtaken")
            return
        self.notes.note("visits", errand.id, document)
        self.notes.count("repeated", status == 200)

    def _submit(self, errand: Errand, *, early: bool = False) -> set[str]:
        """Submit the last revision of the queue; gives the hashes the server still misses.

        `early`: the last revision may not be there yet.
        """
        body = {"revision": errand.bodies[-1]["revision"]}
        status, _, answer = self._until(
            "POST", f"{errand.url}/submission", json.dumps(body).encode(), JSON, {200, 409, 424}
        )
        if status == 424:
            missing = set(json.loads(answer)["missing"])
            if lost := missing & self.notes.photos:
                self._give_up(f"acknowledged, and now missing: {lost}")
            return missing
        if status == 409:
            document = json.loads(answer)
            if not early or document["current_revision"] >= body["revision"]:
                self._give_up(f"POST {errand.url}/submission: {document}")
            return set()
        self.notes.note("receipts", errand.id, answer)
        return set()

    def _send_photo(self, errand: Errand, sha256: str) -> None:
        data, limit = errand.photos[sha256], errand.unfinished.get(sha256)
        path = f"/v1/photos/{sha256}"
        if self.chunk_bytes == 0 or (limit is None and self.random.random() < 0.15):
            status, _, _ = self._until("HEAD", path, None, None, {200, 204, 404})
            if status != 200:
                self.notes.note("begun", sha256)
                status, _, _ = self._until("PUT", path, data, "image/jpeg", {201, 412}, {"If-None-Match": "*"})
        elif not self._send_chunks(path, sha256, data, len(data) if limit is None else limit):
            return
        else:
            status = 201
        self.notes.note("photos", sha256)
        self.notes.count("repeated", status != 201)

    def _send_chunks(self, path: str, sha256: str, data: bytes, limit: int) -> bool:
        """Send the bytes up to `limit` in chunks, from where the server says it stands; True when it has them all."""
        status, headers, _ = self._until("HEAD", path, None, None, {200, 204, 404})
        while status != 200:
            offset = int(headers["upload-offset"]) if status == 204 else 0
            if limit <= offset < len(data):
                return False  # with all bytes there, an empty chunk asks for the end
            chunk = data[offset : min(offset + self.chunk_bytes, limit)]
            if offset + len(chunk) == len(data):
                self.notes.note("begun", sha256)
            more = {"Upload-Offset": str(offset), "Upload-Length": str(len(data))}
            sent = self._once("PATCH", path, chunk, "application/octet-stream", more)
            self.notes.count("chunks")
            if sent is None or sent[0] in AGAIN:  # asked anew: what arrived of it is not sent again
                status, headers, _ = self._until("HEAD", path, None, None, {200, 204, 404})
                self.notes.count("resumed", status == 204 and int(headers["upload-offset"]) > 0)
                continue
            status, headers, body = sent
            if status in (201, 412):
                return True
            if status == 409:
                self.notes.count("corrected offsets")
                status = 204
            elif status != 204:
                self._give_up(f"PATCH {path} at {offset}: {status} {body[:300]!r}")
        return True

    def _until(
        self,
        method: str,
        path: str,
        data: bytes | None,
        kind: str | None,
        good: set[int],
        more: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Repeat one call until it is answered with one of the good statuses."""
        until = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until:
            sent = self._once(method, path, data, kind, more)
            if sent is None or (sent[0] in AGAIN and sent[0] not in good):
                continue
            if sent[0] in good:
                return sent
            self._give_up(f"{method} {path}: {sent[0]} {sent[2][:300]!r}")
        raise TimeoutError(f"{method} {path} was not acknowledged in {GIVE_UP_SECONDS} s")

    def _once(
        self, method: str, path: str, data: bytes | None, kind: str | None, more: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes] | None:
        """Make a call; None without an answer. Where it is to be repeated, the phone's timer has run meanwhile."""
        headers = self.headers | (more or {}) | ({"Content-Type": kind} if kind else {})
        try:
            answer = self._call(method, path, data, headers)
        except (OSError, http.client.HTTPException):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            self.notes.count("calls cut")
            self._pause(0)
            return None
        if answer[0] in AGAIN:
            self.notes.count(f"answered {answer[0]}")
            self._pause(float(answer[1].get("retry-after", 0)))
        return answer

    def _pause(self, seconds: float) -> None:
        """Wait with jitter: as long as the server asks, shortened for tests."""
        time.sleep(min(seconds / 10, LONGEST_PAUSE_SECONDS) + self.random.uniform(0.05, 0.3))

    def _give_up(self, why: str) -> None:
        self.notes.note("wrong", why)
        raise StoppedError(why)

    def _call(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
