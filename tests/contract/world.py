"""A small network with something of everything in it, for the tests generated from the route map."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from audit_api.app import create_app
from audit_api.domain.directory import Actor, Role
from audit_api.models import base
from audit_api.settings import Settings
from tests.conftest import People
from tests.worlds import SentVisit


class World:
    """The application on a database of its own, people of every role, and what they work on."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.people = People()
        self.actors: dict[str, Actor] = {}
        # By whose they are (own, other_dealer, other_brand): visits by what is to be done to them, photos by hash.
        self.visits: dict[str, dict[str, SentVisit]] = {}
        self.sent: dict[str, dict[str, bytes]] = {}
        self.attached: dict[str, dict[str, bytes]] = {}
        self.replied: dict[str, str] = {}  # by dealer: the hash of what its person sent with a reply
        self.device_code = ""  # with which one phone can sign in, and again when the answer was lost
        self._random = random.Random(1)

    @property
    def database(self) -> Any:
        return base.current_database()

    def headers(self, name: str, **more: str) -> dict[str, str]:
        """Sign in the name of one of the actors."""
        return self.people.headers(self.actors[name], **more)

    def counts(self) -> dict[str, int]:
        """Count the documents of every collection; that an upload was refused is remembered, and no change."""
        database = self.database
        names = sorted(set(database.list_collection_names()) - {"photo_refusals"})
        return {name: database[name].count_documents({}) for name in names}

    def uuid(self) -> uuid.UUID:
        """Mint an id, the same ones in every run."""
        return uuid.UUID(int=self._random.getrandbits(128), version=4)

    def populate(self) -> None:
        """Fill the network."""
        from tests.contract import population

        population.populate(self)


@contextmanager
def a_world(uri: str, folder: Path, **changed: Any) -> Iterator[World]:
    """Build the application on a fresh database and fill it; the database is dropped afterwards."""
    values: dict[str, Any] = {
        "mongodb_uri": uri,
        "database": f"test_{uuid.uuid4().hex[:16]}",
        "secret_key": "s" * 40,
        "contact_key": "c" * 40,
        "upload_dir": str(folder),
        "token_cache_seconds": 0,
        "log_level": "error",
    }
    settings = Settings(**(values | changed))
    app = create_app(settings)
    app.testing = False
    try:
        world = World(app)
        world.populate()
        yield world
    finally:
        base.client().drop_database(settings.database)
        base.disconnect()


ROLES = tuple(Role)
