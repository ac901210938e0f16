"""The app on the phone: opens in airplane mode, and a new version is offered, never forced."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page
from pymongo import MongoClient

from audit_api.web import field_app
from tests.browser.conftest import Phones
from tests.browser.waiting import until
from tests.servers import WebServer, environment, serve_command

READY = "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller?.state === 'activated')"
UP = "document.body.dataset.screen"
WAITING = "import('/field/core/worker.js').then((worker) => worker.updateWaiting())"
VERSION = "import('/field/core/worker.js').then((worker) => worker.appVersion())"
LOOK = "navigator.serviceWorker.getRegistration().then((found) => found.update()).then(() => {})"


@pytest.fixture(scope="module")
def served(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Serve a copy of the app's files, to change them meanwhile; nobody signs in, so the database stays empty."""
    base = tmp_path_factory.mktemp("app")
    shutil.copytree(field_app.FOLDER, base / "field")
    database = f"test_{uuid.uuid4().hex[:16]}"
    env = environment(mongodb_uri, database, AUDIT_FIELD_DIR=str(base / "field"))
    try:
        with WebServer(serve_command(workers=1), env, base / "server.log") as server:
            yield base / "field", f"http://127.0.0.1:{server.port}/field/"
    finally:
        with MongoClient[dict[str, Any]](mongodb_uri) as client:
            client.drop_database(database)


@pytest.fixture
def folder(served: tuple[Path, str]) -> Path:
    """Give the copy, as it was at first."""
    shutil.rmtree(served[0])
    return Path(shutil.copytree(field_app.FOLDER, served[0]))


@pytest.fixture
def app(served: tuple[Path, str], folder: Path) -> str:
    return served[1]


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    until(page, UP)
    return page


def in_charge(page: Page) -> None:
    until(page, READY)


def change(folder: Path) -> None:
    """Publish a new version: words on the screen and one more module that they need."""
    (folder / "core" / "newer.js").write_text("export const newer = 'yes';\n")
    main = folder / "main.js"
    main.write_text(
        "import { newer } from './core/newer.js';\ndocument.documentElement.dataset.newer = newer;\n" + main.read_text()
    )


def test_it_opens_in_airplane_mode_after_one_visit(phones: Phones, app: str) -> None:
    context = phones("zh")
    first = opened(context, app)
    in_charge(first)
    context.set_offline(True)
    # Every file is there, those too that no screen has asked for yet; the API is not answered from any cache.
    lost = first.evaluate(
        """async (names) => {
             const lost = [];
             for (const name of names) if (!(await fetch(name).catch(() => null))?.ok) lost.push(name);
             if (await fetch('/v1/me').catch(() => null)) lost.push('/v1/me is answered');
             return lost;
           }""",
        sorted(field_app.edition().files),
    )
    assert lost == []
    first.close()
    cold = opened(context, f"{app}#/sign-in")
    assert cold.locator("h1").first.is_visible()
    assert cold.evaluate("document.styleSheets.length") > 0
    violated = cold.evaluate("fetch('https://example.com/').then(() => 'reached', (error) => error.name)")
    assert violated == "TypeError"
    assert cold.evaluate(VERSION) == field_app.edition().version


def test_a_new_version_waits_until_somebody_takes_it(phones: Phones, app: str, folder: Path) -> None:
    context = phones("en")
    page = opened(context, app)
    in_charge(page)
    before = page.evaluate(VERSION)
    page.evaluate("globalThis.mark = 'not reloaded'")
    other = opened(context, app)
    change(folder)
    page.evaluate(LOOK)
    until(page, WAITING)
    # Loaded whole, and nothing has happened to who is at work; a further tab opens the present version too.
    assert page.evaluate("globalThis.mark") == "not reloaded"
    assert page.evaluate(VERSION) == before
    context.set_offline(True)
    other.reload()
    until(other, UP)
    assert other.evaluate("document.documentElement.dataset.newer ?? 'older'") == "older"
    assert other.evaluate("fetch('core/newer.js').then(() => 'there', () => 'not there')") == "not there"
    # Taken without a line: all of it is on the phone already.
    page.evaluate("import('/field/core/worker.js').then((worker) => worker.applyUpdate())")
    until(page, "document.documentElement.dataset.newer === 'yes'")
    assert page.evaluate(VERSION) != before
    assert page.evaluate("caches.keys().then((names) => names.length)") == 1
    # The other tab follows on its way to another screen, where it would load files of the new version.
    other.evaluate("location.hash = '#/quick'")
    until(other, "document.documentElement.dataset.newer === 'yes'")


def test_the_next_start_takes_what_was_loaded_before(phones: Phones, app: str, folder: Path) -> None:
    context = phones("en")
    page = opened(context, app)
    in_charge(page)
    change(folder)
    page.evaluate(LOOK)
    until(page, WAITING)
    page.reload()
    until(page, UP)
    assert page.evaluate("document.documentElement.dataset.newer ?? 'older'") == "older"
    page.close()
    context.set_offline(True)
    started = opened(context, app)
    assert started.evaluate("document.documentElement.dataset.newer") == "yes"


def test_a_version_that_comes_in_part_is_not_taken(phones: Phones, app: str, folder: Path) -> None:
    """A server that is just being changed, or a line that breaks: the version on the phone goes on working."""
    context = phones("en")
    page = opened(context, app)
    in_charge(page)
    # The worker's own requests pass a route of the context, not of the page.
    context.route("**/field/core/newer.js", lambda route: route.fulfill(body="export const newer = 'wrong';\n"))
    change(folder)
    failed = page.evaluate(
        """async () => {
             const kept = await navigator.serviceWorker.getRegistration();
             await kept.update();
             const worker = kept.installing;
             if (!worker) return 'none';
             await new Promise((done) => worker.addEventListener('statechange', done, {once: true}));
             return worker.state;
           }"""
    )
    assert failed == "redundant"
    assert page.evaluate(WAITING) is False
    context.set_offline(True)
    page.reload()
    until(page, UP)
    context.set_offline(False)
    context.unroute("**/field/core/newer.js")
    page.evaluate(LOOK)
    until(page, WAITING)
