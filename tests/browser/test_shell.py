"""The shell of the field app: first use, Today, the way around, both languages, and words where something fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.phone_app import PIN, Phone
from tests.browser.scene import furnish

WORDS = "import('/field/core/words.js').then((words) => Object.keys(words.dictionary()))"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# In an English page these may be Chinese: the switch of the language, and what the directory and the plan say.
GIVEN = re.compile("中文|语言|杭州|首次购车")
HEADED = "(words) => document.querySelector('main h1')?.textContent === words"
Phones = Callable[..., Phone]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_first_use(language: str, phone: Phones, field: Any) -> None:
    one = phone(language, app="")
    auditor = field.auditor()
    task = field.task(auditor)
    one.open().screen("sign_in")
    page = one.page
    assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]

    page.locator('[data-part="code"]').fill("WRONG-CODE-99")
    one.act("sign-in").sees('[data-part="code"][aria-invalid="true"]')
    assert len(page.locator("#said").inner_text()) > 8, "a refused code is told in words"

    one.open(f"#/sign-in?code={field.code(auditor)}").screen("sign_in")
    assert "code=" not in page.url, "a code does not stay in the address"
    one.act("sign-in").sees('[data-part="pin-again"]')
    refusals = set()
    for first, second in (("12", "12"), ("123456", "123456"), ("777777", "777777"), (PIN, "999113")):
        page.locator('[data-part="pin"]').fill(first)
        page.locator('[data-part="pin-again"]').fill(second)
        one.act("set-pin").sees("#said:not(:empty)")
        refusals.add(page.locator("#said").inner_text())
    assert len(refusals) == 3, refusals
    page.locator('[data-part="label"]').fill("Q7")
    one.set_pin().screen("today")
    one.sees(f'[data-assignment="{task}"][data-state="todo"]')

    one.act("first-use").screen("first_use")
    steps = []
    for _ in range(5):
        steps.append(page.locator("section[data-step]").get_attribute("data-step"))
        assert len(page.locator("section[data-step] > p").nth(1).inner_text()) > 15, "each step says why"
        if steps[-1] == "position":
            one.act("allow-position").sees('[data-part="outcome"]:not(:empty)')
            assert "8" in page.locator('[data-part="outcome"]').inner_text()
        if steps[-1] == "storage":
            one.act("persist").sees('[data-part="outcome"]:not(:empty)')
        if page.locator('[data-act="next-step"]').count():
            one.act("next-step")
    assert steps == ["install", "storage", "position", "camera", "practice"]

    one.act("practice").screen("answer")
    status = page.evaluate("import('/field/data/outbox.js').then((box) => box.status())")
    assert status["visits"] == [], "practice is never sent"
    one.go("#/first-use?step=practice", "first_use").act("finish-steps").screen("today")
    assert not one.has('[data-part="prepare"]')
    one.sees('[data-assignment="PRACTICE"]')


@pytest.mark.parametrize("language", ["zh", "en"])
def test_screens_speak_and_fit(language: str, phone: Phones, field: Any) -> None:
    one = phone(language)
    scene = furnish(one, field)
    keys = set(one.page.evaluate(WORDS))
    for name, route in scene.routes().items():
        one.page.evaluate("(to) => { location.hash = to; }", route)
        one.until("(to) => document.body.dataset.route === to", name, route)
        assert one.page.evaluate("document.activeElement.tagName") == "H1", f"the heading of {name} has the focus"
        text = one.page.locator("body").inner_text()
        assert not keys & set(re.findall(r"[a-z_]+\.[a-z_]+", text)), name
        if language == "en":
            assert not CHINESE.search(GIVEN.sub("", text)), (name, text)
        wide = one.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], f"{name} is wider than the phone: {wide}"
    one.go("#/today", "today")
    visits = scene.visits
    for part, visit in (("returned", visits["returned"]), ("follow-up", visits["followed"])):
        assert one.has(f'[data-part="{part}"][data-visit="{visit}"]')
    assert one.has('[data-part="old"]'), "two days without having been sent are told"
    assert one.page.locator('#bar [data-act="outbox"]').get_attribute("data-state") == "problem"

    # "On the server" is said with a receipt and not before.
    one.go("#/outbox", "outbox")
    done = one.page.locator('[data-state="received"]')
    assert done.count() == 2 == done.locator('[data-act="receipt"]').count()
    assert one.page.locator('[data-state="waiting"] [data-act="receipt"]').count() == 0
    one.page.locator(f'[data-visit="{visits["waiting"]}"] summary').click()
    assert one.page.locator(f'[data-visit="{visits["waiting"]}"] li[data-state="waiting"]').count() == 3
    assert one.has('[data-why="paused"]')
    one.act("resume").sees('[data-act="pause"]')
    assert one.page.locator(f'[data-visit="{visits["failed"]}"] [data-act="jump"]').count() == 1


def test_two_versions_are_shown_side_by_side(phone: Phones, field: Any) -> None:
    one = phone("en")
    scene = furnish(one, field)
    visit = scene.visits["conflict"]
    one.go(f"#/conflict/{visit}", "conflict")
    differing = one.page.locator("[data-differs]").evaluate_all("(all) => all.map((one) => one.dataset.differs)")
    assert differing == ["FLD-QST-01", "FLD-QST-03", "FLD-END-01"]
    box = one.page.locator('[data-differs="FLD-QST-01"]').inner_text()
    assert "Yes" in box and "No" in box
    one.act("take-theirs").screen("answer")
    draft = one.draft(visit)
    assert (draft["state"], draft["answers"]["FLD-QST-01"]["value"]) == ("draft", "no")
    one.go(f"#/conflict/{visit}", "conflict")
    assert not one.has('[data-act="keep-mine"]'), "what is settled cannot be decided again"


def test_back_leads_where_one_came_from(regular: Callable[[str], Any]) -> None:
    given = regular("zh")
    one, task = given.phone, given.task()
    one.page.locator(f'[data-assignment="{task}"]').click()
    one.screen("briefing").act("outbox", "#bar").screen("outbox").act("settings", "#bar").screen("settings")
    one.act("change-pin").until("() => location.hash === '#/settings/pin'", "the PIN")
    for screen in ("settings", "outbox", "briefing"):
        one.page.go_back()
        one.screen(screen)
    one.act("back", "#bar").screen("today")
    one.page.go_forward()
    one.screen("briefing")
    one.go("#/nowhere/at-all", "today").sees("main .note")


def test_navigation_keeps_the_datum(regular: Callable[[str], Any]) -> None:
    given = regular("zh")
    one = given.phone.go(f"#/assignment/{given.task()}", "briefing")
    amap = one.page.locator('[data-map="amap"]').get_attribute("href") or ""
    assert "position=120.1551%2C30.2741" in amap and "coordinate=wgs84" in amap
    links = one.page.evaluate(
        """async () => {
          const { linksTo } = await import('/field/screens/places.js');
          const at = (datum, timezone) => linksTo({ code: 'D1', lat: 30.5, lon: 120.5, datum, timezone });
          const nowhere = linksTo({ lat: null, lon: null });
          return [at('GCJ-02', 'Asia/Shanghai'), at('BD-09', 'Asia/Shanghai'), at('WGS-84', 'Europe/Berlin'), nowhere];
        }"""
    )
    assert [kind for kind, _ in links[0]] == ["amap"] and "coordinate=gaode" in links[0][0][1]
    assert [kind for kind, _ in links[1]] == ["baidu"] and "coord_type=bd09ll" in links[1][0][1]
    assert [kind for kind, _ in links[2]] == ["geo"] and links[2][0][1].startswith("geo:30.5,120.5")
    assert links[3] == []


def test_the_window_is_told_by_the_dealers_clock(phone: Phones, field: Any) -> None:
    one = phone("en", timezone_id="America/New_York")
    auditor = field.auditor()
    task = field.task(auditor)
    one.sign_in(field.code(auditor))
    card = one.sees(f'[data-assignment="{task}"]').inner_text()
    # Midnight to midnight in Shanghai: days without hours, and whose days they are.
    assert "Asia/Shanghai" in card and not re.search(r"\d\d:\d\d", card), card


def test_language_in_the_middle(phone: Phones, field: Any) -> None:
    one = phone("zh")
    auditor = field.auditor()
    field.task(auditor)
    one.sign_in(field.code(auditor)).go("#/outbox", "outbox").act("language", "#bar")
    one.until(HEADED, "English", "Outbox")
    one.reload().screen("lock")
    assert one.page.locator('[data-act="unlock"]').inner_text() == "Unlock"
    one.unlock().screen("outbox")
    one.until(HEADED, "English still", "Outbox")


def test_a_file_that_does_not_come_is_told_with_a_way_on(phone: Phones, field: Any, site: Site) -> None:
    one = phone("en", service_workers="block")
    one.page.route("**/field/screens/outbox.js", lambda route: route.abort())
    auditor = field.auditor()
    field.task(auditor)
    one.sign_in(field.code(auditor))
    one.go("#/outbox", "failure")
    with one.page.expect_download() as saved:
        one.act("export")
    assert saved.value.suggested_filename.endswith(".zip")
    one.page.unroute("**/field/screens/outbox.js")
    one.act("retry").screen("outbox")

    # What main.js itself needs: the page says so in both languages, without any of the app.
    other = phone("zh", service_workers="block")
    other.page.route("**/field/core/dom.js", lambda route: route.abort())
    other.page.goto(site.app)
    other.sees("body[data-stopped] [data-act=reload]")
    assert "没能打开" in other.text() and "did not open" in other.text()
    for each in (one, other):
        each.faults.clear()


def test_expired_session_keeps_everything(phone: Phones, field: Any) -> None:
    one = phone("zh")
    auditor = field.auditor()
    task = field.task(auditor)
    one.sign_in(field.code(auditor))
    visit = one.start(task)
    one.answer("FLD-QST-01", "yes").kept(visit, "(d) => d.answers['FLD-QST-01']?.value === 'yes'", "the answer")
    field.expire(auditor)
    one.go("#/today", "today").act("refresh").sees('[data-act="sign-in-again"]')

    # A code of somebody else changes nobody's place.
    stranger = field.auditor()
    one.act("sign-in-again").screen("sign_in").page.locator('[data-part="code"]').fill(field.code(auditor))
    one.act("sign-in").screen("today")
    one.until("() => !document.querySelector('[data-act=sign-in-again]')", "the banner goes")
    assert one.draft(visit)["answers"]["FLD-QST-01"]["value"] == "yes"

    field.expire(auditor)
    one.act("refresh").sees('[data-act="sign-in-again"]')
    one.act("sign-in-again").screen("sign_in").page.locator('[data-part="code"]').fill(field.code(stranger))
    one.act("sign-in").set_pin("864213").screen("today")
    assert not one.has(f'[data-assignment="{task}"]')
    one.lock().choose_account(auditor.id).unlock()
    one.sees(f'[data-assignment="{task}"]')
