"""The floor: Flask answering "ok" under the same server with the same number of processes and threads.

`POST /insert` reads a body and inserts a visit as it lies in the database: the least an API can do with a PUT.
"""

from __future__ import annotations

import os
import sys
import uuid
from functools import cache
from typing import Any

from flask import Flask, request
from pymongo import MongoClient
from pymongo.collection import Collection


def ok() -> Flask:
    """Build the smallest application there is."""
    app = Flask("bare", static_folder=None)
    app.add_url_rule("/", "ok", lambda: "ok")
    app.add_url_rule("/insert", "insert", insert, methods=["POST"])
    return app


def insert() -> str:
    """Read the body and insert the document, majority and journal as the API does."""
    request.get_data()
    kept, document = _kept()
    kept.insert_one({**document, "_id": str(uuid.uuid4())})
    return "ok"


@cache
def _kept() -> tuple[Collection[dict[str, Any]], dict[str, Any]]:
    client: MongoClient[dict[str, Any]] = MongoClient(os.environ["MONGODB_URI"], w="majority", journal=True)
    database = client[os.environ["AUDIT_DATABASE"]]
    return database["bench_floor"], database["visits"].find_one() or {}


def main() -> None:
    """Serve it: port, processes, threads; the other arguments of granian are those of `audit-api serve`."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    port, workers, threads = (int(text) for text in sys.argv[1:])
    Granian(
        "tests.benchmarks.bare:ok", factory=True, address="127.0.0.1", port=port, interface=Interfaces.WSGI,
        workers=workers, blocking_threads=threads, websockets=False, log_level=LogLevels.warning,
    ).serve()  # fmt: skip


if __name__ == "__main__":
    main()
