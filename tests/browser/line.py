"""The line between a phone and the server: a proxy on loopback, of which a test says what happens to which call."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter

from tests.faults.bad_network import HEAD_END, BadNetwork, Call

# Out of a thousand calls over a line that comes and goes.
FLAPS = {"unreachable": 120, "cut": 120, "answer_lost": 120, "answer_cut": 60, "doubled": 60, "slow": 60}


class Line(BadNetwork):
    """Passes every call on as it is, except those that were told a fate beforehand; `calls` names what came."""

    def __init__(self, server_port: int) -> None:
        self.calls: list[str] = []
        self.answered: Counter[str] = Counter()  # bytes of the bodies of all answers to a call, as they were sent
        self.heads = 0  # bytes of what stood before them
        self.stored: list[str] = []  # calls that the server said made something, each as often as it said so
        self.hooks: dict[str, threading.Event] = {}
        self._plan: list[tuple[re.Pattern[str], str]] = []
        self._flapping = False
        super().__init__(server_port, seed=5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def app(self) -> str:
        return f"{self.url}/field/"

    def befall(self, fate: str, call: str, times: int = 1) -> None:
        """Tell that the next calls whose "METHOD /path" the pattern finds suffer a fate of `bad_network`."""
        with self._lock:
            self._plan += [(re.compile(call), fate)] * times

    def flap(self) -> None:
        """Let the line come and go, by a drawing that is the same in each run, until `calm`."""
        self._flapping = True

    def settle_down(self) -> None:
        """Let the line stay from here on."""
        self._flapping = False

    def made(self, call: str) -> list[str]:
        """List the calls so far that a pattern finds."""
        return [name for name in list(self.calls) if re.search(call, name)]

    def suffered(self) -> bool:
        """Tell whether everything foretold has happened."""
        return not self._plan

    def fate(self, name: str) -> tuple[str, random.Random]:
        told = name[name.index(" HTTP/") - 1 :: -1][::-1] if " HTTP/" in name else name
        told = " ".join(told.split(" ")[-2:])
        with self._lock:
            self.calls.append(told)
            for at, (pattern, fate) in enumerate(self._plan):
                if pattern.search(told):
                    del self._plan[at]
                    return fate, random.Random(at)
            # Not by offset: a chunk cut off goes on at another one, and must not meet the same fate for ever.
            self._tries[told] += 1
            chance = random.Random(f"{self.seed} {told} {self._tries[told]}")
        drawn = chance.randrange(1000)
        for fate, share in FLAPS.items():
            if self._flapping and not self._calm and "/v1/" in told and drawn < share:
                self.happened[fate] += 1
                return fate, chance
            drawn -= share
        return "through", chance

    def _exchange(self, data: bytes) -> bytes:
        answer = super()._exchange(data)
        told = " ".join(data.partition(b"\r\n")[0].decode().split(" ")[:2])
        with self._lock:
            head, _, body = answer.partition(HEAD_END)
            self.answered[told] += len(body)
            self.heads += len(head) + len(HEAD_END)
            if answer.startswith((b"HTTP/1.1 201", b"HTTP/1.0 201")):
                self.stored.append(told)
        return answer

    def _half(self, call: Call, chance: random.Random) -> bytes:
        """Send half of a request, and wait until the test has done what it wants to do to the server meanwhile."""
        import socket

        with socket.create_connection(("127.0.0.1", self.server_port), 30) as server:
            server.sendall(call.data[: len(call.head) + len(call.body) // 2])
            self.hooks["half"].set()
            self.hooks["go on"].wait(60)
        return b""
