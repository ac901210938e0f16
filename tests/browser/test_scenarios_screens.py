"""Scenarios 19 and 20 of the phone: 500 items on a slow phone; screen reader, big text, keyboard; and what it weighs.

Seconds are printed as measured (`pytest -s`) and not asserted: another load on the machine would push them over.
That typing never lags is asserted in test_typing.py, by the time of the page's own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession

from audit_api.domain.directory import OPERATOR
from audit_api.operations.checklists import publish
from tests.browser import short_checklists as lists
from tests.browser.conftest import Site
from tests.browser.field_work import COMPLETE, picture
from tests.browser.line import Line
from tests.browser.phone_app import PIN, Phone, each
from tests.browser.reachable import UNTRANSLATED, obstacles, tab_to

languages = pytest.mark.parametrize("language", ["zh", "en"])
Make = Callable[..., Phone]
FIRST_LOAD_BYTES = 150_000
HEAP_BYTES = 300_000_000
SLOWER = 4
# Chinese that stands on an English screen rightly: the dealer's town, the scenario of the task, the choice of language.
WRITTEN = ["杭州", "首次购车", "语言", *(str(value) for answer in COMPLETE for value in answer[1:])]
WATCH_LONG_TASKS = """() => {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: 'longtask', buffered: false });
}"""


@pytest.fixture
def line(site: Site) -> Iterator[Line]:
    made = Line(site.server.port)
    yield made
    made.close()


def slow(phone: Phone, rate: int = SLOWER) -> CDPSession:
    """Make the phone's processor slower."""
    tools = phone.context.new_cdp_session(phone.page)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    return tools


def test_first_load_is_small(phone: Make, line: Line) -> None:
    one = phone("zh", line.app).open().screen("sign-in")
    one.until("async () => Boolean((await navigator.serviceWorker.ready).active)", "waiting for the service worker")
    one.until("() => Boolean(navigator.serviceWorker.controller)", "waiting for the service worker to answer")
    fetched = {call: size for call, size in line.answered.items() if " /field/" in call}
    total = sum(fetched.values())
    print(f"\nfirst load, the service worker's own included: {total} bytes in {len(fetched)} files and "
          f"{len(line.calls)} calls; the heads of the answers are {line.heads} bytes more")  # fmt: skip
    largest = sorted(fetched.items(), key=lambda row: -row[1])[:8]
    assert total <= FIRST_LOAD_BYTES, f"{total} bytes: {largest}"


@languages
def test_19_500_items_on_a_processor_four_times_slower(language: str, phone: Make, field: Any) -> None:
    publish(lists.long(), actor=OPERATOR, at=datetime.now(UTC))
    one = phone(language)
    auditor = field.auditor()
    task = field.task(auditor, checklist="LNG")
    one.sign_in(field.code(auditor))
    one.go(f"#/assignment/{task}", "briefing").act("start").screen("answer")
    visit = one.visit_shown()
    slow(one)
    one.page.goto(f"{one.app}?slow#/visit/{visit}/all")
    one.screen("lock")
    locked = one.page.evaluate("performance.now()")
    one.page.locator('[data-part="pin"]').first.fill(PIN)
    begin = one.page.evaluate("performance.now()")
    one.act("unlock")
    one.sees('[data-item="LNG-SA-01"] [data-value="yes"]')
    one.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    opened = one.page.evaluate("performance.now()") - begin
    one.page.evaluate(WATCH_LONG_TASKS)
    one.answer("LNG-SA-01", "yes").sees('[data-item="LNG-SA-02"]', "the item shown by this answer")
    field_of = one.box("LNG-SA-03").locator('[data-part="text"]')
    one.page.evaluate("longTasks.length = 0")
    field_of.press_sequentially("一段文字，边走边写，字字不落下。words as fast as thumbs", delay=25)
    one.page.evaluate("() => new Promise((done) => setTimeout(done, 700))")  # what typing set off has run by then
    longest = max([0, *one.page.evaluate("longTasks")])
    print(f"\n500 items, processor ×{SLOWER} slower ({language}): lock {locked:.0f} ms after the address was entered, "
          f"all items {opened:.0f} ms after the PIN, longest task while typing {longest:.0f} ms")  # fmt: skip
    one.kept(visit, "(d) => d.answers['LNG-SA-03']?.value.endsWith('thumbs')", "waiting for the words to be kept")


def test_forty_photos_in_one_draft_stay_small(phone: Make, field: Any, tmp_path: Path) -> None:
    one = phone("zh")
    auditor = field.auditor()
    task = field.task(auditor)
    one.sign_in(field.code(auditor))
    visit = one.start(task)
    twelve = picture(40, size=(4000, 3000), quality=30)["buffer"]
    # The same scene forty times, each file with a tail of its own: twelve megapixels to draw, other bytes to keep.
    # From the disk, as a phone's are: handed over by the test they would lie in the page's heap as text.
    taken = [tmp_path / f"{n}.jpg" for n in range(40)]
    for n, path in enumerate(taken):
        path.write_bytes(twelve + b"%04d" % n)
    tools = one.context.new_cdp_session(one.page)
    tools.send("Performance.enable")
    most = 0
    for at in range(0, 40, 8):
        one.photograph(lists.FRONT, *taken[at : at + 8])
        most = max(most, heap(tools))
    one.reload().unlock().everything(visit).sees(f'[data-item="{lists.FRONT}"] [data-photo]')
    assert one.thumbs(lists.FRONT) == 40, one.dump()
    most = max(most, heap(tools))
    print(f"\n40 photos of 12 megapixels and {len(twelve) / 1e6:.1f} MB: at most {most / 1e6:.1f} MB of heap")
    assert most < HEAP_BYTES


def heap(tools: CDPSession) -> int:
    metrics = {row["name"]: row["value"] for row in tools.send("Performance.getMetrics")["metrics"]}
    return int(metrics["JSHeapUsedSize"])


@languages
def test_20_screen_reader_200_percent_text_keyboard_only_contrast(language: str, regular: Any) -> None:
    own = regular(language)
    phone = own.phone
    keyboard_only(phone, own.task())
    visit = phone.start(own.task())
    each(phone, COMPLETE[:-1]).answer(lists.GREETED, "no").photograph(lists.FRONT, picture(20))
    wrong: list[str] = []
    for route, screen in (
        ("#/today", "today"), (f"#/assignment/{own.task()}", "briefing"), (f"#/visit/{visit}/all", "answer"),
        (f"#/visit/{visit}/section/MAIN", "answer"), (f"#/visit/{visit}/review", "review"),
        (f"#/visit/{visit}/photo/{lists.FRONT}/1", "photo"), ("#/outbox", "outbox"), ("#/settings", "settings"),
        ("#/sign-in", "sign-in"), ("#/first-use", "first-use"), ("#/quick", "quick"), ("#/lock", "lock"),
    ):  # fmt: skip
        phone.go(route, screen)
        wrong += obstacles(phone.page)
        if language == "en":
            wrong += [f"{screen}: not in English: {words}" for words in phone.page.evaluate(UNTRANSLATED, WRITTEN)]
    phone.unlock()
    assert not wrong, "\n".join(wrong)


def keyboard_only(phone: Phone, task: str) -> None:
    """Begin a task, answer and get to the review without a finger on the screen."""
    keys = phone.page.keyboard
    phone.go(f"#/assignment/{task}", "briefing")
    with phone.telling("getting through by keys alone"):
        tab_to(phone.page, '[data-act="start"]')
        keys.press("Enter")
        phone.screen("answer")
        visit = phone.visit_shown()
        phone.everything(visit)
        tab_to(phone.page, f'[data-item="{lists.GREETED}"] [data-value]')
        keys.press("Space")
        phone.kept(visit, "(d, item) => d.answers[item]?.value === 'yes'", "an answer by Space", lists.GREETED)
        keys.press("ArrowRight")
        phone.kept(visit, "(d, item) => d.answers[item]?.value === 'no'", "another by an arrow", lists.GREETED)
        tab_to(phone.page, f'[data-item="{lists.TOPICS}"] [data-value]')
        keys.press("Space")
        tab_to(phone.page, f'[data-item="{lists.BEST}"] [data-part="text"]')
        keys.type("typed with keys alone")
        tab_to(phone.page, '[data-act="review"]')
        keys.press("Enter")
    phone.screen("review")
    phone.kept(visit, "(d, item) => d.answers[item]?.value === 'typed with keys alone'", "what was typed", lists.BEST)
