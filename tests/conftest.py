"""One mongod a test session, one database a test (see databases.py)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from audit_api import auth
from audit_api.app import create_app
from audit_api.cli import cli
from audit_api.domain.directory import OPERATOR, Actor, Role
from audit_api.embedded_mongo import EmbeddedMongo
from audit_api.models import base
from audit_api.models import directory as directory_models
from audit_api.operations import directory
from audit_api.settings import Settings, variable_of
from tests.databases import Databases

hypothesis_settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
hypothesis_settings.register_profile("thorough", parent=hypothesis_settings.get_profile("ours"), max_examples=1_000)
hypothesis_settings.load_profile("ours")

SHARED = Path(__file__).parents[1].parent / "shared"
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a replica set: the one MONGODB_URI names, else an embedded one for this session."""
    if uri := os.environ.get("MONGODB_URI"):
        yield uri
        return
    with EmbeddedMongo(tmp_path_factory.mktemp("mongod")) as server:
        yield server.uri


@pytest.fixture(scope="session")
def databases(mongodb_uri: str) -> Iterator[Databases]:
    found = Databases(mongodb_uri)
    yield found
    found.close()


@pytest.fixture
def database_name(databases: Databases) -> Iterator[str]:
    """Name an empty database that is this test's own while it runs."""
    with databases.one() as name:
        yield name


@pytest.fixture
def settings(mongodb_uri: str, database_name: str, tmp_path: Path) -> Settings:
    """Give settings on a database of this test's own."""
    return Settings(
        mongodb_uri=mongodb_uri,
        database=database_name,
        secret_key="s" * 40,
        contact_key="c" * 40,
        upload_dir=str(tmp_path),
        token_cache_seconds=0,
        log_level="error",
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Any]:
    """Connect to this test's database with its indexes."""
    found = base.connect(settings.mongodb_uri, settings.database)
    base.build_indexes()
    yield found
    base.disconnect()


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """Build the application on this test's database."""
    made = create_app(settings)
    made.testing = False  # errors are answered as in production
    yield made
    base.disconnect()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def dealers(app: Flask) -> dict[str, dict[str, Any]]:
    """Three dealers: D0001 and D0002 of brand Aurora, D0003 of brand Borealis."""
    rows = {
        code: {
            "_id": code, "name_zh": f"经销商{code}", "name_en": f"Dealer {code}", "brand": brand, "region": "East",
            "city": "杭州", "city_tier": "1", "lat": 30.2741, "lon": 120.1551, "datum": "WGS-84", "fence_m": 300,
            "timezone": "Asia/Shanghai", "opened_on": "2015-01-01", "ownership": "group", "owner_group": "",
            "volume_band": "M",
        }
        for code, brand in (("D0001", "Aurora"), ("D0002", "Aurora"), ("D0003", "Borealis"))
    }  # fmt: skip
    directory_models.Dealer._get_collection().insert_many(list(rows.values()))
    return rows


def commands_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Give a function that runs `audit-api` with these settings, in English or another `language`."""
    for name in ("mongodb_uri", "database", "secret_key", "contact_key"):
        monkeypatch.setenv(variable_of(name), getattr(settings, name))

    def run(*arguments: object, language: str = "en") -> Result:
        monkeypatch.setenv("LC_ALL", {"zh": "zh_CN.UTF-8", "en": "en_GB.UTF-8"}[language])
        done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
        base.connect(settings.mongodb_uri, settings.database)  # the command has closed the process's connection
        return done

    return run


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Run `audit-api` on this test's database."""
    yield commands_on(settings, monkeypatch)
    base.disconnect()


class People:
    """Makes people and signs requests in their names."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}

    def add(
        self, role: Role, *, name: str = "", brands: tuple[str, ...] = ("*",), dealers: tuple[str, ...] = ()
    ) -> Actor:
        name = name or f"{role.value}-{len(self.tokens)}"
        email = f"{name}@example.com".lower()
        person = directory.add_person(
            email=email, name=name, role=role, brands=() if role is Role.DEALER else brands, dealers=dealers,
            actor=OPERATOR, at=NOW,
        )  # fmt: skip
        token, _ = directory.create_token(
            email=email, days=36500, actor=OPERATOR, at=datetime.now(UTC), hash_token=auth.hash_token
        )
        self.tokens[person] = token
        row = directory_models.Person._get_collection().find_one({"_id": person})
        return directory_models.actor_of(row)

    def headers(self, actor: Actor, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[actor.id]}", **more}


@pytest.fixture
def people(app: Flask) -> People:
    return People()


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """Find a file of the shared test data, or skip saying so."""

    def find(relative: str) -> Path:
        path = SHARED / relative
        if not path.exists():
            pytest.skip(f"shared test data absent: {relative}")
        return path

    return find


@pytest.fixture(scope="module")
def network(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a network to visit, shared by the tests of a module; each makes its own assignments."""
    from tests.worlds import a_network

    with a_network(mongodb_uri, tmp_path_factory.mktemp("uploads")) as made:
        yield made
