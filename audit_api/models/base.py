"""The connection, transactions and indexes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import mongoengine
import pymongo
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database

T = TypeVar("T")
Row = dict[str, Any]

TRANSACTION_SECONDS = 20
# What is acknowledged is on the disks of a majority: kill -9 loses nothing (docs/architecture.md).
DURABLE = {"w": "majority", "journal": True, "readConcernLevel": "majority"}


def connect(uri: str, database: str) -> Database[Row]:
    """Connect mongoengine and return the database; times are aware UTC."""
    mongoengine.connect(
        db=database,
        host=uri,
        tz_aware=True,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=10_000,
        **DURABLE,
    )
    return current_database()


def disconnect() -> None:
    """Close the connection; documents can be bound to another database afterwards."""
    mongoengine.disconnect()


def client() -> MongoClient[Row]:
    """Give the connected client."""
    found: MongoClient[Row] = mongoengine.get_connection()
    return found


def current_database() -> Database[Row]:
    """Give the connected database."""
    found: Database[Row] = mongoengine.get_db()
    return found


def collection(name: str) -> Collection[Row]:
    """Give a raw collection of the connected database, for hot paths and transactions."""
    return current_database()[name]


def in_transaction(work: Callable[[ClientSession], T]) -> T:
    """Run `work(session)` in one transaction, retried on transient conflicts; all of it or nothing happens.

    Left to itself the driver tries for two minutes while the database is away, and every thread of the server with it.
    """
    with pymongo.timeout(TRANSACTION_SECONDS), client().start_session() as session:
        return session.with_transaction(work)


def build_indexes() -> None:
    """Create every declared index; a second run changes nothing."""
    from mongoengine.base import get_document  # noqa: PLC0415 - the registry is filled by the imports below

    from audit_api import models  # noqa: PLC0415 - only imported documents have indexes

    for name in models.DOCUMENTS:
        get_document(name).ensure_indexes()


def to_milliseconds(moment: datetime) -> datetime:
    """Cut a time to what MongoDB keeps, so that what is written equals what is read."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)
