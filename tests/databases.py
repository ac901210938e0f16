"""Databases for tests: each test has one to itself, and it is emptied, not dropped, before the next one has it.

mongod keeps the files of a dropped database open for minutes (the history of snapshots): at a hundred files each, a
quick run of some hundred tests reaches the limit of open files, and mongod ends. Emptying is also ten times as fast
as making the indexes anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import MongoClient

from audit_api.models import checklists


class Databases:
    """Hands out names of empty databases; those given back keep their collections and indexes."""

    def __init__(self, uri: str) -> None:
        self._client: MongoClient[dict[str, object]] = MongoClient(uri)
        self._free: list[str] = []
        self._made: list[str] = []

    @contextmanager
    def one(self) -> Iterator[str]:
        """Give a name for the duration of a test."""
        if not self._free:
            self._made.append(f"test_{uuid.uuid4().hex[:16]}")
            self._free.append(self._made[-1])
        name = self._free.pop()
        yield name
        self._empty(name)
        self._free.append(name)

    def close(self) -> None:
        """Drop them all."""
        for name in self._made:
            self._client.drop_database(name)
        self._client.close()

    def _empty(self, name: str) -> None:
        database = self._client[name]
        for collection in database.list_collection_names():
            if database[collection].find_one({}, {"_id": 1}) is not None:
                database[collection].delete_many({})
        # This process keeps published versions by name of database: what was published is gone now.
        checklists._compiled.clear()
        checklists._parsed.clear()
