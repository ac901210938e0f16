"""A real server, a real Chromium of a phone's size, and auditors with assignments of today."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from audit_api.domain.directory import OPERATOR, Actor, Role
from audit_api.operations.programmes import add_programme, add_wave
from tests.servers import WebServer, environment, serve_command
from tests.worlds import Network, a_network, make_assignment

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZE = {"width": 390, "height": 844}
LOCALES = {"zh": "zh-CN", "en": "en-US"}
POSITION = {"latitude": 30.2741, "longitude": 120.1551, "accuracy": 8}
WAVE = "AUR-NOW"


def phone_settings(language: str) -> dict[str, Any]:
    """Give what makes a browser's context a phone."""
    return {
        "viewport": SIZE, "locale": LOCALES[language], "timezone_id": "Asia/Shanghai", "has_touch": True,
        "geolocation": POSITION, "permissions": ["geolocation"],
    }  # fmt: skip


# Of the ring, `make test` runs what is quick: tests of killed processes beside it need their share of two cores.
QUICK = {"test_starts", "test_rules", "test_rules_drafts", "test_store", "test_store_pins", "test_worker"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count the rest of this folder as slow: `make test-browser` and `make test-all` run it."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem not in QUICK:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the browser once; without one the ring is skipped, except where REQUIRE_CHROMIUM says it must be there."""
    if not CHROMIUM:
        if os.environ.get("REQUIRE_CHROMIUM"):
            pytest.fail("no Chromium on the PATH (Debian: apt-get install chromium)")
        pytest.skip("no Chromium on the PATH (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Site:
    """The server and what it serves; tests make people and assignments in it."""

    network: Network
    server: WebServer
    count: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def app(self) -> str:
        return f"{self.url}/field/"

    def auditor(self) -> tuple[Actor, str]:
        """Add an auditor; gives who and the bearer token."""
        self.count += 1
        actor, headers = self.network.person(Role.AUDITOR, name=f"auditor-{self.count}", brands=("Aurora",))
        return actor, headers["Authorization"].removeprefix("Bearer ")

    def assignment(self, auditor: Actor, *, checklist: str = "SMS", **more: Any) -> str:
        """Give an auditor a task of today."""
        self.count += 1
        code = f"T-{self.count}"
        today = datetime.now(UTC).date()
        window = (str(today - timedelta(days=20)), str(today + timedelta(days=20)))
        make_assignment(code, auditor, checklist=checklist, wave=WAVE, window=window, **more)
        return code


@pytest.fixture(scope="module")
def site(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start a server on a database of its own; a module's, since other tests of this process connect elsewhere."""
    folder = tmp_path_factory.mktemp("site")
    with a_network(mongodb_uri, folder) as network:
        at = datetime.now(UTC)
        days = (at.date() - timedelta(days=45), at.date() + timedelta(days=45))
        add_programme(code="P-Now", name_zh="本期走访", brand="Aurora", actor=OPERATOR, at=at)
        add_wave(
            code=WAVE, programme="P-Now", timezone="Asia/Shanghai", from_on=days[0], to_on=days[1],
            actor=OPERATOR, at=at,
        )  # fmt: skip
        settings = network.app.extensions["audit"].settings
        env = environment(mongodb_uri, settings.database, AUDIT_UPLOAD_DIR=str(folder), AUDIT_TOKEN_CACHE_SECONDS="0")
        with WebServer(serve_command(workers=1), env, folder / "server.log") as server:
            yield Site(network, server)


Phones = Callable[..., BrowserContext]


@pytest.fixture
def phones(chromium: Browser) -> Iterator[Phones]:
    """Make phones: contexts with a storage of their own, 390 by 844, with a position; all closed afterwards."""
    made: list[BrowserContext] = []

    def make(language: str = "zh", **more: Any) -> BrowserContext:
        made.append(chromium.new_context(**(phone_settings(language) | more)))
        made[-1].set_default_timeout(30_000)
        return made[-1]

    yield make
    for context in made:
        context.close()


@pytest.fixture
def page(phones: Phones, site: Site) -> Page:
    """Give a page with the app open, in Chinese."""
    opened = phones("zh").new_page()
    opened.goto(site.app)
    return opened


@pytest.fixture(scope="session")
def files() -> Iterator[str]:
    """Serve the app's files alone: enough for its modules of keeping things; gives the address of an empty page."""
    from tests.browser.stored import serving_files

    with serving_files() as address:
        yield address


@pytest.fixture(scope="module")
def rules(chromium: Browser, files: str) -> Iterator[Page]:
    """Give a page that can import the app's rules; they need no server but one of files."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(files)
    yield page
    context.close()


@pytest.fixture
def store(phones: Phones, files: str) -> Any:
    """Give a page with those modules, somebody signed in."""
    from tests.browser.stored import open_store

    return open_store(phones("zh").new_page(), files)


@pytest.fixture
def pictures() -> Path:
    """Find the shared photographs, or skip saying so."""
    from tests.conftest import SHARED

    if not (SHARED / "photos").exists():
        pytest.skip("shared test data absent: photos")
    return SHARED / "photos"


@pytest.fixture(scope="module")
def field(site: Site) -> Any:
    """Give the server side of the scenarios: a short checklist, people who make codes and who review."""
    from tests.browser.field_work import Field

    return Field(site)


@pytest.fixture
def phone(phones: Phones, site: Site) -> Iterator[Callable[..., Any]]:
    """Make phones with the app; a test fails where a page of theirs threw something that nobody caught."""
    from tests.browser.phone_app import Phone

    made: list[Phone] = []

    def make(language: str = "zh", app: str = "", context: BrowserContext | None = None, **more: Any) -> Phone:
        made.append(Phone(context or phones(language, **more), app or site.app, language))
        return made[-1]

    yield make
    for one in made:
        one.check()


@pytest.fixture(scope="module")
def regular(chromium: Browser, site: Site, field: Any) -> Iterator[Callable[[str], Any]]:
    """Give the module's signed-in phone of a language, with tasks enough for all of its tests."""
    from tests.browser.phone_app import Phone, Regular

    contexts: list[BrowserContext] = []
    made: dict[str, Regular] = {}

    failed: dict[str, str] = {}

    def give(language: str) -> Regular:
        if language in failed:
            pytest.fail(f"the phone of this module could not be signed in: {failed[language]}")
        if language not in made:
            auditor = field.auditor()
            tasks = [field.task(auditor) for _ in range(Regular.TASKS)]
            contexts.append(chromium.new_context(**phone_settings(language)))
            contexts[-1].set_default_timeout(30_000)
            phone = Phone(contexts[-1], site.app, language)
            try:
                phone.sign_in(field.code(auditor))
            except AssertionError as wrong:
                failed[language] = str(wrong)
                raise
            made[language] = Regular(phone, auditor, tasks)
        return made[language].again()

    yield give
    for context in contexts:
        context.close()
