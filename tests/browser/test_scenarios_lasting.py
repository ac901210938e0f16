"""Scenarios 1, 2, 7-11, 19 and 20 of the phone: what outlives a kill, an update, a full phone.

See test_scenarios.py for where the others are, and which belong to no phone.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error

from audit_api.domain.directory import OPERATOR
from audit_api.operations.checklists import publish
from tests.browser import short_checklists as lists
from tests.browser.conftest import Site
from tests.browser.field_work import COMPLETE, OwnBrowser, observation, photos_of, picture, sha256
from tests.browser.line import Line
from tests.browser.phone_app import Phone, each
from tests.servers import ROOT, WebServer, serve_command

languages = pytest.mark.parametrize("language", ["zh", "en"])
Make = Callable[..., Phone]
Browsers = Callable[[str], OwnBrowser]
# Everything that lies on the phone, as text: what somebody finds who takes the phone apart.
EVERYTHING_KEPT = """async () => {
  const found = [];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((done, no) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => no(asked.error);
    });
    for (const store of db.objectStoreNames) {
      const rows = await new Promise((done) => {
        const asked = db.transaction(store).objectStore(store).getAll();
        asked.onsuccess = () => done(asked.result);
      });
      for (const row of rows) found.push(await told(row));
    }
    db.close();
  }
  for (const kept of await caches.keys()) {
    for (const { url } of await (await caches.open(kept)).keys()) found.push(url);
  }
  return [...found, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })].join('\\n');
  async function told(value) {
    if (value instanceof Blob) return new TextDecoder().decode(await value.arrayBuffer());
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return new TextDecoder().decode(value);
    if (!value || typeof value !== 'object') return String(value);
    const parts = Object.entries(value).map(async ([key, part]) => `${key}=${await told(part)}`);
    return (await Promise.all(parts)).join(' ');
  }
}"""

REFUSED = f'[data-item="{lists.FRONT}"] [data-refused]'
CHOSEN = """(item) => {
  const box = document.querySelector(`[data-item="${item}"]`);
  return box.querySelector('[data-part="gallery"]').value === '' || box.querySelector('[data-refused]');
}"""


@pytest.fixture
def browsers(chromium: Browser, tmp_path: Path) -> Iterator[Browsers]:
    """Make browsers of their own, which can be killed."""
    made: list[OwnBrowser] = []

    def make(language: str) -> OwnBrowser:
        made.append(OwnBrowser(chromium.browser_type, tmp_path / f"browser-{len(made)}", language))
        return made[-1]

    yield make
    for one in made:
        one.close()


@languages
def test_1_first_load_then_airplane_mode_cold_start(language: str, browsers: Browsers, phone: Make, field: Any) -> None:
    browser = browsers(language)
    auditor = field.auditor()
    task = field.task(auditor)
    one = phone(language, context=browser.start()).sign_in(field.code(auditor))
    one.ready_for_offline(task)
    browser.kill()
    cold = phone(language, context=browser.start()).offline().open().unlock()
    cold.start(task)
    for item in (lists.TIME, lists.FRONT, lists.STORY):
        cold.sees(f'[data-item="{item}"]')
    assert {"zh": "是否主动问候", "en": "Were you greeted?"}[language] in cold.words(), cold.dump()


@languages
def test_2_a_whole_audit_offline_40_photos_killed_reopened_all_there(
    language: str, browsers: Browsers, phone: Make, field: Any
) -> None:
    browser = browsers(language)
    auditor = field.auditor()
    task = field.task(auditor)
    one = phone(language, context=browser.start()).sign_in(field.code(auditor))
    one.ready_for_offline(task).offline()
    visit = one.start(task)
    taken = [picture(200 + n) for n in range(40)]
    one.photograph(lists.FRONT, *taken[:20])
    each(one, COMPLETE)
    one.kept(visit, "(d, [item, said]) => d.answers[item]?.value === said", "waiting for the last answer to be kept",
             [lists.STORY, {a[0]: a[1] for a in COMPLETE}[lists.STORY]])  # fmt: skip
    browser.kill()
    one = phone(language, context=browser.start()).offline().open(f"#/visit/{visit}/all").unlock()
    one.sees(f'[data-item="{lists.FRONT}"] [data-photo]', "the photos are there again")
    assert one.thumbs(lists.FRONT) == 20, one.dump()
    assert one.box(lists.STORY).locator('[data-part="text"]').input_value().startswith("进门")
    one.photograph(lists.FRONT, *taken[20:]).send(visit)
    browser.kill()
    one = phone(language, context=browser.start()).open("#/outbox").unlock()
    one.received(visit)
    assert photos_of(field.visit(task)) == [sha256(p) for p in taken]
    field.holds(taken)


@languages
def test_7_another_auditor_on_the_same_phone(language: str, phone: Make, field: Any) -> None:
    one = phone(language)
    first, second = field.auditor(), field.auditor()
    mine, theirs = field.task(first), field.task(second)
    one.sign_in(field.code(first))
    visit = one.start(mine)
    one.answer(lists.BEST, "nobody-else-reads-this").photograph(lists.FRONT, kept := picture(7))
    one.kept(visit, "(d, item) => d.answers[item]?.value", "waiting for the note to be kept", lists.BEST)
    one.lock()
    lying = one.page.evaluate(EVERYTHING_KEPT)
    for secret in ("nobody-else-reads-this", first.name, "D0001", lists.BEST, mine):
        assert secret not in lying, f"{secret!r} lies readable on the phone"
    assert kept["buffer"][:200].decode("utf-8", "replace") not in lying, "the photo lies readable on the phone"
    one.page.evaluate("(to) => { location.hash = to; }", f"#/sign-in?code={field.code(second)}")
    one.screen("sign-in").act("sign-in").set_pin("135791").screen("today")
    seen = one.until(
        "(code) => document.body.innerText.includes(code) || document.querySelector(`[href*='${code}']`) !== null",
        "waiting for the second auditor's task", theirs,
    )  # fmt: skip
    assert seen
    assert not one.has(f'[href*="{mine}"], [href*="{visit}"]'), "the first one's work is shown" + one.dump()
    assert one.page.evaluate("async () => (await (await import('/field/data/drafts.js')).all()).length") == 0
    one.lock()
    one.choose_account(first.id).unlock()
    one.everything(visit)
    assert one.draft(visit)["answers"][lists.BEST]["value"] == "nobody-else-reads-this"
    assert one.thumbs(lists.FRONT) == 1


@languages
def test_8_the_checklist_gets_a_new_version_while_drafts_exist(language: str, phone: Make, field: Any) -> None:
    one = phone(language)
    auditor = field.auditor()
    old = field.task(auditor)
    one.sign_in(field.code(auditor))
    visit = one.start(old)
    one.answer(lists.GREETED, "yes")
    publish(lists.short(2), actor=OPERATOR, at=datetime.now(UTC))
    new = field.task(auditor, version=2)
    one.refresh().start(new)
    one.sees(f'[data-item="{lists.ADDED}"]', "the new task is to use the new version")
    one.everything(visit).sees(f'[data-item="{lists.GREETED}"]')
    one.drawn()
    assert not one.has(f'[data-item="{lists.ADDED}"]'), "the draft was moved to another version" + one.dump()
    each(one, COMPLETE).photograph(lists.FRONT, picture(8)).send(visit).received(visit)
    assert field.visit(old)["checklist"] == {"code": "FLD", "version": 1}


@languages
def test_9_the_app_is_updated_while_drafts_exist(
    language: str, phone: Make, field: Any, site: Site, tmp_path: Path
) -> None:
    line = Line(site.server.port)
    one = phone(language, line.app)
    auditor = field.auditor()
    task = field.task(auditor)
    one.sign_in(field.code(auditor))
    one.ready_for_offline(task)
    visit = one.start(task)
    one.answer(lists.BEST, "written before the update").photograph(lists.FRONT, kept := picture(9))
    with newer_app(site, tmp_path) as server:
        line.server_port = server.port
        one.page.evaluate("async () => { await (await navigator.serviceWorker.ready).update(); }")
        one.sees('[data-act="update"]', "waiting to be offered the update")
        assert one.page.evaluate("globalThis.newer") is None, "the update came over an open draft unasked"
        one.act("update")
        with one.telling("waiting for the new app"):
            arrives(one, "() => globalThis.newer === true")
        one.unlock().everything(visit)
        assert one.box(lists.BEST).locator('[data-part="text"]').input_value() == "written before the update"
        each(one, [a for a in COMPLETE if a[0] != lists.BEST]).send(visit).received(visit)
        assert photos_of(field.visit(task)) == [sha256(kept)]
        assert observation(field.visit(task), lists.BEST)["value"] == "written before the update"
    line.server_port = site.server.port
    line.close()


def arrives(one: Phone, condition: str) -> None:
    """Wait for a condition across a reload, which takes a page's answers away."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if one.page.evaluate(condition):
                return
        except Error:
            continue  # between two pages
        one.page.wait_for_timeout(100)
    raise AssertionError(f"not so within a minute: {condition}")


def newer_app(site: Site, folder: Path) -> WebServer:
    """Serve the same database by a copy of the code whose app differs in one line."""
    copied = folder / "newer"
    shutil.copytree(ROOT / "audit_api", copied / "audit_api", ignore=shutil.ignore_patterns("__pycache__"))
    if not (copied / "audit_api" / "packaged_checklists").exists():
        shutil.copytree(ROOT / "checklists", copied / "checklists")
    main = copied / "audit_api" / "web" / "field" / "main.js"
    main.write_text(main.read_text("utf-8") + "\nglobalThis.newer = true;\n", "utf-8")
    command = serve_command(workers=1)
    assert command[0] == sys.executable
    command[2] = f"import sys; sys.path.insert(0, {str(copied)!r}); {command[2]}"
    return WebServer(command, site.server.env, folder / "newer.log")


@languages
def test_10_storage_quota_full(language: str, phone: Make, field: Any, site: Site) -> None:
    one = phone(language)
    tools = one.context.new_cdp_session(one.page)
    # Chromium looks at the quota now and then only: so it is small from the beginning. Eight megabytes lie in reserve.
    tools.send("Storage.overrideQuotaForOrigin", {"origin": site.url, "quotaSize": 17_000_000})
    auditor = field.auditor()
    task = field.task(auditor)
    one.sign_in(field.code(auditor))
    visit = one.start(task)
    each(one, COMPLETE)
    taken = [picture(100 + n, size=(900, 900), quality=95) for n in range(16)]
    chooser = one.box(lists.FRONT).locator('[data-part="gallery"]').first
    for big in taken:
        chooser.set_input_files([big])
        one.until(CHOSEN, "a photo is either shown or refused", lists.FRONT)
        if one.has(REFUSED):
            break
    said = one.sees(REFUSED, "waiting to be told that the phone is full").text_content() or ""
    assert {"zh": "空间", "en": "full"}[language] in said, said
    kept = [sha256(p) for p in taken[: one.thumbs(lists.FRONT)]]
    assert 0 < len(kept) < len(taken), one.dump()
    one.reload().unlock().everything(visit)
    assert [p["sha256"] for p in one.draft(visit)["answers"][lists.FRONT]["photos"]] == kept
    assert one.draft(visit)["answers"][lists.BEST]["value"], "an answer was lost"
    one.send(visit).received(visit)  # what there was room for arrives, and room comes with it
    assert photos_of(field.visit(task)) == kept
    field.holds(taken[: len(kept)])


@languages
@pytest.mark.parametrize("case", ["refused", "slow", "inaccurate"])
def test_11_camera_or_position_refused_slow_inaccurate(language: str, case: str, phone: Make, field: Any) -> None:
    given: dict[str, Any] = {
        "refused": {"permissions": [], "geolocation": None},
        "slow": {},
        "inaccurate": {"geolocation": {"latitude": 30.2741, "longitude": 120.1551, "accuracy": 2500}},
    }[case]
    one = phone(language, **given)
    if case == "slow":  # a phone that finds no satellite: it neither answers nor gives up
        one.context.add_init_script(
            "navigator.geolocation.getCurrentPosition = () => {}; navigator.geolocation.watchPosition = () => 1;"
        )
    auditor = field.auditor()
    task = field.task(auditor)
    one.sign_in(field.code(auditor))
    visit = one.start(task)
    one.photograph(lists.FRONT, kept := picture(11), source="camera")  # with or without a position, the photo is kept
    photo = one.draft(visit)["answers"][lists.FRONT]["photos"][0]
    assert photo["sha256"] == sha256(kept)
    if case == "inaccurate":
        one.answer(lists.PLACE, "fix")
        one.context.set_geolocation({**given["geolocation"], "latitude": 30.2742})  # a receiver goes on telling
        one.act("fix-enough")  # at once: after half a minute it is taken unasked
        each(one, [answer for answer in COMPLETE if answer[0] != lists.PLACE])
        one.sees(f'[data-item="{lists.PLACE}"] .recorded', "waiting for the position to be taken as it is")
        assert "2500" in (one.box(lists.PLACE).text_content() or "").replace(",", ""), one.dump()
        one.send(visit).received(visit)
        assert observation(field.visit(task), lists.PLACE)["value"]["accuracy_m"] == 2500
        return
    assert photo["fix"] is None
    one.box(lists.PLACE).locator('[data-act="fix"]').click()
    each(one, [answer for answer in COMPLETE if answer[0] != lists.PLACE])  # nothing waits for the position
    if case == "refused":
        said = one.sees(f'[data-item="{lists.PLACE}"] .note.bad', "waiting for the reason")
        assert {"zh": "定位", "en": "location"}[language] in (said.text_content() or "")
    one.go(f"#/visit/{visit}/review", "review")
    assert one.has('[data-act="jump"]'), "nothing says that the position is missing" + one.dump()
