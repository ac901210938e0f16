"""Discreet mode: nothing on any screen tells what the phone is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.phone_app import Phone
from tests.browser.scene import furnish
from tests.browser.telling import telling

Phones = Callable[..., Phone]
# Seen only where nobody is signed in, or in a file.
ELSEWHERE = {"insecure.auditor_how", "export.readme"}


def test_no_words_of_the_app_tell(phone: Phones) -> None:
    one = phone("zh").open().screen("sign_in")
    words = one.page.evaluate("import('/field/core/words.js').then((words) => words.dictionary())")
    found = {
        (key, language): telling(entry.get("discreet", entry)[language])
        for key, entry in words.items()
        for language in ("zh", "en")
        if key not in ELSEWHERE
    }
    assert not {key: told for key, told in found.items() if told}
    lacking = [key for key, entry in words.items() if not all(isinstance(entry.get(one), str) for one in ("zh", "en"))]
    assert not lacking, "both languages of everything"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_screen_tells(language: str, phone: Phones, field: Any) -> None:
    one = phone(language)
    scene = furnish(one, field)
    page = one.page
    told = telling(one.text())
    assert told, "the list of words finds something where the mode is off"
    one.go("#/settings", "settings").act("discreet", "main")
    one.until("() => document.documentElement.dataset.look === 'discreet'", "the neutral look")
    for name, route in {**scene.routes(), "sign-in": "#/sign-in", "quick": "#/quick"}.items():
        page.evaluate("(to) => { location.hash = to; }", route)
        one.until("(to) => document.body.dataset.route === to", name, route)
        shown = (
            one.text()
            + page.title()
            + " ".join(page.locator("[aria-label]").evaluate_all("(all) => all.map((one) => one.ariaLabel)"))
        )
        assert not telling(shown), (name, telling(shown))
    one.go("#/today", "today").go("#/lock", "lock")
    assert not telling(one.text() + page.title())

    # What may tell comes by a touch, and goes again.
    one.unlock().go(f"#/assignment/{scene.codes['todo']}", "briefing")
    page.locator('[data-part="folded"] summary').click()
    one.until("() => document.querySelector('main').innerText.includes('首次购车')", "the scenario")
    page.locator('[data-part="folded"] summary').click()
    one.until("() => !document.querySelector('main').textContent.includes('首次购车')", "folded again")

    # Nothing leaves the phone until told.
    one.go("#/outbox", "outbox").act("resume").sees('[data-why="discreet"]')


def test_the_quick_screen(phone: Phones, field: Any) -> None:
    one = phone("zh")
    auditor = field.auditor()
    task = field.task(auditor, "SMS")
    one.sign_in(field.code(auditor))
    visit = one.start(task)
    page = one.page
    # A covert visit brings the mode with it.
    assert page.evaluate("document.documentElement.dataset.look") == "discreet"
    assert page.title() == "日程"
    page.locator("#bar .title").dblclick()
    one.screen("quick")
    assert page.locator("#bar > *").count() == 0 and not telling(one.text())
    page.go_back()
    one.screen("answer").act("quick", "#bar").screen("quick")

    # Once locked it stays as it is; only the way back leads through the PIN.
    page.evaluate("import('/field/core/vault.js').then((vault) => vault.lock())")
    assert one.now_on == "quick"
    page.go_back()
    one.screen("lock").unlock()
    assert one.now_on == "answer" and visit in page.url

    one.go("#/settings", "settings").act("discreet", "main")
    one.until("() => !document.documentElement.dataset.look", "the mode goes off by hand")
    one.go("#/today", "today").reload().screen("lock").unlock()
    assert not page.evaluate("document.documentElement.dataset.look")


def test_the_look_stands_before_anybody_has_unlocked(phone: Phones, field: Any, site: Site) -> None:
    one = phone("en")
    one.sign_in(field.code(field.auditor())).go("#/settings", "settings").act("discreet", "main")
    one.until("() => document.documentElement.dataset.look === 'discreet'", "the neutral look")
    one.reload().screen("lock")
    assert one.page.evaluate("document.documentElement.dataset.look") == "discreet"
    assert one.page.title() == "Planner"
