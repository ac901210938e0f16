"""A bad mobile network between phones and server: a proxy on loopback that cuts, swallows, doubles and delays calls.

What happens to a call follows from the seed, the phone, the call and how often it was tried before, not from timing.
"""

from __future__ import annotations

import random
import re
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass

HEAD_END = b"\r\n\r\n"
BLOCK = 1 << 16
SILENCE_SECONDS = 90
FAINT_SECONDS = 0.4

# What can happen to a call, and how often out of a thousand; the rest goes through as it is.
FATES = {
    "unreachable": 15,  # closed before anything is sent
    "cut": 60,  # the request breaks off in the middle of its body
    "answer_lost": 60,  # the server has done its work, the phone never hears of it
    "answer_cut": 25,  # the answer breaks off
    "doubled": 50,  # sent twice at the same moment; one of the answers comes back
    "late_again": 40,  # sent again after a while, when the phone is elsewhere already
    "slow": 40,  # held back, so that others overtake it
}


@dataclass(frozen=True)
class Call:
    """One request as it arrived from a phone."""

    head: bytes
    body: bytes
    name: str  # phone, method, path and offset: the same for every attempt

    @property
    def data(self) -> bytes:
        return self.head + self.body


class BadNetwork:
    """Listens on `port` and passes calls on to `server_port`; `calm()` ends the faults, `settle()` what is late."""

    def __init__(self, server_port: int, seed: int) -> None:
        self.server_port, self.seed = server_port, seed
        self.happened: Counter[str] = Counter()
        self._tries: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._calm = False
        self._closed = False
        self._late: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def calm(self) -> None:
        """Pass everything on as it is from here on."""
        self._calm = True

    def settle(self) -> None:
        """Wait until everything late has arrived."""
        for late in list(self._late):
            late.join(SILENCE_SECONDS)
            assert not late.is_alive()

    def close(self) -> None:
        """Close the listening socket."""
        self._closed = True
        self._listener.close()

    def fate(self, name: str) -> tuple[str, random.Random]:
        """Draw what happens to this attempt of a call, and the chances for its details."""
        with self._lock:
            self._tries[name] += 1
            chance = random.Random(f"{self.seed} {name} {self._tries[name]}")
        drawn = chance.randrange(1000)
        fate = "through"
        for kind, share in FATES.items():
            if not self._calm and 0 <= drawn < share:
                fate = kind
            drawn -= share
        with self._lock:
            self.happened[fate] += 1
        return fate, chance

    def _accept(self) -> None:
        while not self._closed:
            try:
                phone, _ = self._listener.accept()
            except OSError:
                return
            phone.settimeout(SILENCE_SECONDS)
            threading.Thread(target=self._serve, args=(phone,), daemon=True).start()

    def _serve(self, phone: socket.socket) -> None:
        """Take one call and let happen to it what is drawn; the server closes after each answer, so this does too."""
        with phone:
            try:
                call = read_call(phone)
                if call is not None:
                    fate, chance = self.fate(call.name)
                    answer = getattr(self, f"_{fate}")(call, chance)
                    if answer:
                        phone.sendall(answer)
                        return
                    _reset(phone)
            except OSError:
                return

    def _through(self, call: Call, chance: random.Random) -> bytes:
        return self._exchange(call.data)

    def _unreachable(self, call: Call, chance: random.Random) -> bytes:
        return b""

    def _cut(self, call: Call, chance: random.Random) -> bytes:
        length = len(call.head) + int(chance.random() * len(call.body)) if call.body else len(call.head) // 2
        with socket.create_connection(("127.0.0.1", self.server_port), SILENCE_SECONDS) as server:
            server.sendall(call.data[:length])
            time.sleep(chance.uniform(0, 0.05))
            if chance.random() < 0.5:
                _reset(server)
        return b""

    def _answer_lost(self, call: Call, chance: random.Random) -> bytes:
        self._exchange(call.data)
        return b""

    def _answer_cut(self, call: Call, chance: random.Random) -> bytes:
        # Not within the head: a browser would notice, the standard library's client takes half a number for a number.
        head, end, body = self._exchange(call.data).partition(HEAD_END)
        return head + end + body[: int(chance.random() * len(body))] if body else b""

    def _doubled(self, call: Call, chance: random.Random) -> bytes:
        answers: list[bytes] = []

        def again() -> None:
            answers.append(self._exchange(call.data))

        twin = threading.Thread(target=again, daemon=True)
        twin.start()
        answers.append(self._exchange(call.data))
        twin.join(SILENCE_SECONDS)
        return chance.choice(answers)

    def _late_again(self, call: Call, chance: random.Random) -> bytes:
        def again() -> None:
            time.sleep(chance.uniform(0.1, 3 * FAINT_SECONDS))
            self._exchange(call.data)

        late = threading.Thread(target=again, daemon=True)
        self._late.append(late)
        late.start()
        return self._exchange(call.data)

    def _slow(self, call: Call, chance: random.Random) -> bytes:
        time.sleep(chance.uniform(0.05, FAINT_SECONDS))
        return self._exchange(call.data)

    def _exchange(self, data: bytes) -> bytes:
        """Send a request and read the answer to its end; empty where the server is not there or dies over it."""
        parts = []
        try:
            with socket.create_connection(("127.0.0.1", self.server_port), SILENCE_SECONDS) as server:
                server.sendall(data)
                while part := server.recv(BLOCK):
                    parts.append(part)
        except OSError:
            return b""
        return b"".join(parts)


def read_call(phone: socket.socket) -> Call | None:
    """Read one request with a Content-Length or none; None where the phone went away."""
    data = b""
    while HEAD_END not in data:
        part = phone.recv(BLOCK)
        if not part:
            return None
        data += part
    head, _, body = data.partition(HEAD_END)
    length = int(_header(head, "content-length") or 0)
    rest = bytearray(body)
    while len(rest) < length:
        part = phone.recv(BLOCK)
        if not part:
            return None
        rest += part
    first = head.partition(b"\r\n")[0].decode()
    name = f"{_header(head, 'user-agent')} {first} {_header(head, 'upload-offset')}"
    # One call a connection: the end of the answer is the end of the connection.
    closing = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head) + b"\r\nConnection: close" + HEAD_END
    return Call(closing, bytes(rest), name)


def _header(head: bytes, name: str) -> str:
    found = re.search(rb"(?im)^" + name.encode() + rb":[ \t]*([^\r\n]*)", head)
    return found.group(1).decode() if found else ""


def _reset(connection: socket.socket) -> None:
    """Close without a word: the other side sees a reset, not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
