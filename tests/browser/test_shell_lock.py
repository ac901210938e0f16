"""The lock of the field app: when it falls, how one comes back, who else is on the phone, and signing out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.phone_app import PIN, Phone

Phones = Callable[..., Phone]
EMIT = "(detail) => import('/field/core/events.js').then(({ emit }) => emit('settings', detail))"
OPEN = "import('/field/core/vault.js').then((vault) => vault.isOpen())"
# A page in the foreground of a test never goes out of sight by itself.
HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def locks_after(one: Phone, seconds: float) -> None:
    one.page.evaluate(EMIT, {"lock_seconds": seconds})


def test_locks_when_left_alone_or_out_of_sight(phone: Phones, field: Any) -> None:
    one = phone("zh")
    auditor = field.auditor()
    task = field.task(auditor)
    one.sign_in(field.code(auditor))
    page = one.page
    visit = one.start(task)

    page.evaluate(HIDE, True)
    assert page.locator("main").is_hidden(), "nothing is shown in the list of open apps"
    page.evaluate(HIDE, False)
    assert page.locator("main").is_visible() and page.evaluate(OPEN), "a short absence locks nothing"

    # The camera takes the page's place: its photo must find the draft open, however long it took.
    camera = page.locator('[data-item="FLD-VIS-03"] input[type=file]').first
    camera.wait_for(state="attached")
    page.on("filechooser", lambda _: None)  # taken by us, so that the browser does not close it at once
    camera.dispatch_event("click")
    locks_after(one, 0.2)
    page.evaluate(HIDE, True)
    page.wait_for_timeout(900)
    page.evaluate(HIDE, False)
    assert page.evaluate(OPEN), "choosing a photo is no absence"
    camera.dispatch_event("cancel")

    one.screen("lock")
    assert page.evaluate("location.hash") == f"#/visit/{visit}/all", "one comes back to where one was"
    assert "FLD-" not in page.content(), "nothing of it stays in the page"
    assert not page.evaluate(OPEN)
    one.unlock()
    assert one.now_on == "answer"

    locks_after(one, 0.4)
    page.evaluate(HIDE, True)
    page.evaluate(HIDE, False)
    one.screen("lock")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_forgotten_pin_costs_nothing(language: str, phone: Phones, field: Any) -> None:
    one = phone(language)
    auditor = field.auditor()
    task = field.task(auditor)
    one.sign_in(field.code(auditor))
    visit = one.start(task)
    one.answer("FLD-QST-01", "no").comment("FLD-QST-01", "😀 两位")
    one.kept(visit, "(d) => d.answers['FLD-QST-01']?.comment?.includes('两位')", "the note")
    one.lock()
    page = one.page
    page.locator('[data-key="1"]').click()
    page.locator('[data-key="2"]').click()
    page.locator('[data-key="erase"]').click()
    assert page.locator('[data-part="pin"]').input_value() == "1"
    for _ in range(4):
        page.locator('[data-part="pin"]').fill("999999")
        page.locator('[data-part="pin"]').press("Enter")
        one.sees("#said:not(:empty)")
        one.until("() => document.querySelector('[data-part=pin]').value === ''", "the try")
    one.sees('[data-act="unlock"]:disabled')
    one.reload().screen("lock").sees('[data-act="unlock"]:disabled', "waiting is not shortened by a restart")

    one.act("forgot-pin").screen("sign_in")
    page.locator('[data-part="code"]').fill(field.code(auditor))
    one.act("sign-in").set_pin("808317").screen("today")
    answer = one.draft(visit)["answers"]["FLD-QST-01"]
    assert (answer["value"], answer["comment"]) == ("no", "😀 两位")
    one.lock()
    page.locator('[data-part="pin"]').fill(PIN)
    one.act("unlock").sees("#said:not(:empty)")
    one.unlock("808317")


def test_two_people_on_one_phone_see_nothing_of_each_other(phone: Phones, field: Any) -> None:
    one = phone("en")
    first, second = field.auditor(), field.auditor()
    tasks = {person.id: field.task(person) for person in (first, second)}
    one.sign_in(field.code(first))
    one.start(tasks[first.id])
    one.go("#/settings/people", "settings").act("add-person").screen("sign_in")
    page = one.page
    page.locator('[data-part="code"]').fill(field.code(second))
    one.act("sign-in").sees('[data-part="label"]').fill("ZZ")
    one.set_pin("531642").screen("today")
    one.sees(f'[data-assignment="{tasks[second.id]}"]')
    assert not one.has(f'[data-assignment="{tasks[first.id]}"]')
    assert page.evaluate("import('/field/data/drafts.js').then((drafts) => drafts.all())") == []

    one.lock()
    text = one.text()
    assert "ZZ" in text and first.name not in text and second.name not in text, "initials only"
    assert page.locator("[data-account]").count() == 2
    assert page.locator(f'[data-account="{second.id}"]').get_attribute("aria-checked") == "true"
    one.choose_account(first.id).unlock().sees(f'[data-assignment="{tasks[first.id]}"]')
    assert not one.has(f'[data-assignment="{tasks[second.id]}"]')
    one.lock().choose_account(first.id)
    page.locator('[data-part="pin"]').fill("531642")
    one.act("unlock").sees("#said:not(:empty)", "the other's PIN opens nothing")


@pytest.mark.parametrize(("language", "word"), [("zh", "删除"), ("en", "DELETE")])
def test_signing_out_warns_of_what_was_not_sent(language: str, word: str, phone: Phones, field: Any) -> None:
    one = phone(language)
    auditor = field.auditor()
    task = field.task(auditor)
    one.sign_in(field.code(auditor))
    one.start(task)
    page = one.page
    one.go("#/settings", "settings").act("sign-out").sees('[data-part="unsent"]')
    assert "1" in page.locator('[data-part="unsent"]').inner_text()
    page.locator("details summary").click()
    assert page.locator('[data-act="delete-unsent"]').is_disabled()
    page.locator('[data-part="confirm"]').fill(f"{word}!")
    assert page.locator('[data-act="delete-unsent"]').is_disabled()
    one.act("lock-instead").screen("lock").unlock()
    assert page.evaluate("import('/field/data/drafts.js').then((drafts) => drafts.all())") != []

    one.go("#/settings/sign-out", "settings").page.locator("details summary").click()
    page.locator('[data-part="confirm"]').fill(word)
    one.act("delete-unsent").screen("sign_in")
    assert page.evaluate("import('/field/data/accounts.js').then((kept) => kept.accounts())") == []


def test_changing_the_pin(phone: Phones, field: Any) -> None:
    one = phone("en")
    one.sign_in(field.code(field.auditor())).go("#/settings/pin", "settings")
    page = one.page
    for old, wanted in (("111119", "975310"), (PIN, "975310")):
        for part, value in (("pin-old", old), ("pin", wanted), ("pin-again", wanted)):
            page.locator(f'[data-part="{part}"]').fill(value)
        one.act("set-pin")
        if old != PIN:
            one.sees("#said:not(:empty)")
    one.until("() => location.hash === '#/settings'", "the change")
    one.lock().unlock("975310")
    # Nothing is left: signing out needs no confirmation.
    one.go("#/settings/sign-out", "settings").act("sign-out").screen("sign_in")
