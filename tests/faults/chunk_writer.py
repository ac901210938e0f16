"""A process that sends chunks as a web process does: prints what was acknowledged, line by line, and can be killed.

Its one argument is a JSON object; it begins when a line arrives on standard input.
"""

from __future__ import annotations

import io
import json
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit_api import problems
from audit_api.domain.directory import Actor, Role
from audit_api.evidence.partials import PartialUploads
from audit_api.problems import Problem


def actor_of(person: str) -> Actor:
    return Actor(person, f"{person}@example.com", person, Role.AUDITOR, frozenset({"*"}), frozenset(), "zh")


def say(*words: object) -> None:
    print(*words, flush=True)


def hold(given: dict[str, Any]) -> None:
    """Take the lock of a photo and never give it back."""
    with PartialUploads(given["upload_dir"]).locked(given["person"], given["names"][0], make=True):
        say("held")
        time.sleep(600)


def send(given: dict[str, Any]) -> None:
    """Send every photo from where it stands until it is whole; prints `name begin end status`."""
    from audit_api.evidence.store import GridFSStore
    from audit_api.models import base
    from audit_api.operations.photo_chunks import receive_chunk
    from audit_api.settings import Settings

    settings = Settings(
        mongodb_uri=given["uri"], database=given["database"], secret_key="s" * 40, contact_key="c" * 40,
        upload_dir=given["upload_dir"],
    )  # fmt: skip
    store = GridFSStore(base.connect(settings.mongodb_uri, settings.database))
    chance, actor = random.Random(given["seed"]), actor_of(given["person"])
    say("ready")
    sys.stdin.readline()
    for name in given["names"]:
        data, offset = Path(given["folder"], name).read_bytes(), 0
        while True:
            chunk = data[offset : offset + chance.randint(1, given["largest"])]
            more = {"settings": settings, "actor": actor, "at": datetime.now(UTC)}
            try:
                got = receive_chunk(store, io.BytesIO(chunk), name, offset=offset, length=len(data), **more)
            except Problem as problem:
                if problem.kind is problems.UPLOAD_OFFSET:
                    offset = problem.members["offset"]
                    continue
                if problem.kind is problems.TOO_MANY_REQUESTS:
                    time.sleep(0.01)
                    continue
                say(name, offset, offset, problem.kind.status)
                break
            say(name, offset, got.offset, 201 if got.facts else 204)
            offset = got.offset
            time.sleep(chance.uniform(0, 0.02))  # the round trip of a real phone, in which another writer gets its turn
            if got.facts:
                break


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    {"hold": hold, "send": send}[order["do"]](order)
