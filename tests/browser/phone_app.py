"""The field app as one hand uses it: what a test says here, a person could do on the screen, in either language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page

from tests.browser.waiting import until

PIN = "246813"
# What an engine says of a request that did not get through is no fault of the app.
EXPECTED = re.compile(r"net::ERR_|Failed to load resource|the server responded with a status of")

TASK_KEPT = """async (code) => {
  const { assignments, checklists } = await (await import('/field/data/assignments.js')).cached();
  const found = assignments.find((row) => row.code === code);
  return Boolean(found && checklists[`${found.checklist.code}:${found.checklist.version}`]);
}"""


class Phone:
    """One phone in one language; every wait that fails says what was on the screen and what the console said."""

    def __init__(self, context: BrowserContext, app: str, language: str, page: Page | None = None) -> None:
        self.context, self.app, self.language = context, app, language
        self.faults: list[str] = []
        self.said: list[str] = []
        self.page = self._watched(page or context.new_page())

    def _watched(self, page: Page) -> Page:
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error.stack or error}"))
        page.on("console", self._hear)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        self.said.append(message.text)
        if message.type == "error" and not EXPECTED.search(message.text):
            self.faults.append(f"console: {message.text}")

    # Telling

    def text(self) -> str:
        """Give what stands on the screen."""
        return self.page.locator("body").inner_text(timeout=5_000)

    def words(self) -> str:
        """Give everything that is written on the screen, also what has to be scrolled to."""
        return self.page.locator("main").text_content(timeout=5_000) or ""

    def dump(self) -> str:
        """Describe the screen for whoever reads a failed test."""
        try:
            where = self.page.evaluate("location.hash + ' = ' + document.body.dataset.screen")
            text = self.text()[:3_000]
        except Error as gone:
            where, text = "?", str(gone)
        return f"\n--- {where} ({self.language})\n{text}\n--- console\n" + "\n".join([*self.faults, *self.said][-15:])

    @contextmanager
    def telling(self, what: str) -> Iterator[None]:
        """Add the screen to whatever goes wrong inside."""
        try:
            yield
        except (Error, AssertionError) as wrong:
            if "--- console" in str(wrong):
                raise
            raise AssertionError(f"{what}: {str(wrong)[:600]}{self.dump()}") from None

    def check(self) -> None:
        """Raise where the app threw something that nobody caught."""
        assert not self.faults, "\n".join(self.faults) + self.dump()

    # Moving

    def open(self, route: str = "") -> Phone:
        """Load the app, at a route where one is given."""
        with self.telling(f"opening the app at {route or 'its start'}"):
            self.page.goto(self.app + route)
            self.page.wait_for_selector("body[data-screen]:not([data-screen=starting])", state="attached")
        return self

    def go(self, route: str, screen: str) -> Phone:
        """Follow a link inside the app."""
        self.page.evaluate("(to) => { location.hash = to; }", route)
        return self.screen(screen)

    def screen(self, *names: str) -> Phone:
        """Wait for one of the screens."""
        wanted = ", ".join(f"body[data-screen={name.replace('-', '_')}]" for name in names)
        with self.telling(f"waiting for the screen {' or '.join(names)}"):
            self.page.wait_for_selector(wanted, state="attached")
        return self

    @property
    def now_on(self) -> str:
        return str(self.page.evaluate("document.body.dataset.screen"))

    def act(self, name: str, within: str = "") -> Phone:
        """Press what does something."""
        with self.telling(f"pressing {name} {within}"):
            self.page.locator(f'{within} [data-act="{name}"]').first.click()
        return self

    def has(self, selector: str) -> bool:
        return self.page.locator(selector).count() > 0

    def until(self, condition: str, why: str, arg: Any = None) -> Any:
        """Wait until an expression (or a promise of one) holds in the page."""
        with self.telling(why):
            return until(self.page, condition, arg)

    def sees(self, selector: str, why: str = "") -> Locator:
        """Wait for something to be visible."""
        with self.telling(why or f"waiting to see {selector}"):
            found = self.page.locator(selector).first
            found.wait_for(state="visible")
            return found

    def reload(self) -> Phone:
        with self.telling("reloading"):
            self.page.reload()
        return self

    def offline(self, off: bool = True) -> Phone:
        """Switch airplane mode on or off."""
        self.context.set_offline(off)
        return self

    # Signing in

    def sign_in(self, code: str, pin: str = PIN) -> Phone:
        """Sign in as from the link of a QR code, choose a PIN, land on Today."""
        self.open(f"#/sign-in?code={code}").screen("sign-in")
        return self.act("sign-in").set_pin(pin).screen("today")

    def set_pin(self, pin: str = PIN) -> Phone:
        """Choose a PIN, twice the same."""
        with self.telling("choosing a PIN"):
            self.page.locator('[data-part="pin"]').first.fill(pin)
            self.page.locator('[data-part="pin-again"]').fill(pin)
            return self.act("set-pin")

    def unlock(self, pin: str = PIN) -> Phone:
        """Enter the PIN."""
        self.screen("lock")
        with self.telling("unlocking"):
            self.page.locator('[data-part="pin"]').first.fill(pin)
            self.act("unlock")
        return self.screen("today", "answer", "review", "outbox", "briefing")

    def choose_account(self, person: str) -> Phone:
        """Choose on the lock screen who one is."""
        with self.telling("choosing the account"):
            self.page.locator(f'[data-account="{person}"]').click()
        return self

    def lock(self) -> Phone:
        return self.go("#/lock", "lock")

    def refresh(self) -> Phone:
        """Fetch what there is to do."""
        with self.telling("fetching the tasks"):
            self.page.evaluate("async () => { await (await import('/field/data/assignments.js')).refresh(); }")
        return self.go("#/today", "today")

    def ready_for_offline(self, assignment: str) -> Phone:
        """Wait until the app and the task with its checklist are kept on the phone."""
        self.until("async () => Boolean((await navigator.serviceWorker.ready).active)", "the service worker")
        self.until(TASK_KEPT, "waiting for the task to be kept", assignment)
        return self

    # Answering

    def start(self, assignment: str) -> str:
        """Open the assignment's briefing and start; gives the visit's id. All items stand on one page then."""
        self.until(TASK_KEPT, f"waiting for the task {assignment}", assignment)
        self.go(f"#/assignment/{assignment}", "briefing").act("start")
        self.screen("answer")
        found = self.visit_shown()
        self.everything(found)
        return found

    def visit_shown(self) -> str:
        """Give the id of the visit in the address."""
        return str(self.until("() => /visit\\/([0-9a-f-]{36})/.exec(location.hash)?.[1]", "waiting for the visit's id"))

    def everything(self, visit: str) -> Phone:
        """Show all sections of a visit at once."""
        return self.go(f"#/visit/{visit}/all", "answer")

    def drawn(self) -> Phone:
        """Wait until every item of the page stands there: a long one is drawn piece by piece."""
        self.until("() => !document.querySelector('.items + [role=status]:not([hidden])')", "waiting for every item")
        return self

    def box(self, item: str) -> Locator:
        return self.page.locator(f'[data-item="{item}"]').first

    def answer(self, item: str, *values: Any) -> Phone:
        """Answer an item through its own controls: choices are pressed, numbers and words typed."""
        with self.telling(f"answering {item} with {values}"):
            box = self.box(item)
            box.wait_for(state="visible")
            for value in values:
                if value == "na":
                    box.locator('[data-act="na"]').click()
                elif value in ("now", "fix"):
                    box.locator(f'[data-act="{value}"]').click()
                elif (field := box.locator('[data-part="number"], [data-part="text"]')).count():
                    field.first.fill(str(value))
                    field.first.blur()
                else:
                    box.locator(f'[data-value="{value}"]').click()
        return self

    def comment(self, item: str, words: str) -> Phone:
        """Write a note to an item, opening it where it is folded."""
        with self.telling(f"commenting {item}"):
            field = self.box(item).locator('[data-part="comment"]').first
            if not field.is_visible():
                self.box(item).locator('[data-act="comment"]').first.click()
            field.fill(words)
            field.blur()
        return self

    def photograph(self, item: str, *files: Any, source: str = "gallery") -> Phone:
        """Add pictures, one after the other, and wait until each is kept."""
        with self.telling(f"adding {len(files)} photos to {item}"):
            box = self.box(item)
            shown = box.locator("[data-photo]")
            for file in files:
                before = shown.count()
                box.locator(f'[data-part="{source}"]').first.set_input_files([file])
                shown.nth(before).wait_for(state="attached")
        return self

    def thumbs(self, item: str) -> int:
        return self.box(item).locator("[data-photo]").count()

    def saved(self, visit: str) -> dict[str, Any]:
        """Read the draft as the phone keeps it, once nothing typed is waiting to be written."""
        self.page.evaluate("document.activeElement?.blur()")
        return dict(self.draft(visit))

    def draft(self, visit: str) -> dict[str, Any]:
        script = "async (id) => JSON.stringify(await (await import('/field/data/drafts.js')).load(id))"
        return dict(json.loads(self.page.evaluate(script, visit)))

    def kept(self, visit: str, holds: str, why: str, arg: Any = None, *, patience_ms: int = 60_000) -> None:
        """Wait until the kept draft meets a condition: a function of (draft, arg) in JavaScript."""
        script = (
            "async ([id, arg]) => { const d = await (await import('/field/data/drafts.js')).load(id);"
            f" return ({holds})(d, arg); }}"
        )
        with self.telling(why):
            until(self.page, script, [visit, arg], patience_ms=patience_ms)

    # Sending

    def send(self, visit: str) -> Phone:
        """Go through the review and send; that it is to be sent lies on the phone when the outbox is shown."""
        return self.go(f"#/visit/{visit}/review", "review").act("send").screen("outbox", "today")

    def received(self, visit: str) -> dict[str, Any]:
        """Wait for the receipt; gives the draft that holds it."""
        self.kept(visit, "(d) => d?.receipt && d.state === 'received'", "waiting for the receipt")
        return self.draft(visit)


def each(phone: Phone, answers: Sequence[tuple[Any, ...]]) -> Phone:
    """Give several answers."""
    for item, *values in answers:
        phone.answer(item, *values)
    return phone


@dataclass
class Regular:
    """A signed-in phone, whose it is, and the tasks not yet begun on it."""

    phone: Phone
    auditor: Any
    tasks: list[str]
    TASKS: ClassVar[int] = 16

    def task(self) -> str:
        return self.tasks.pop()

    def again(self) -> Regular:
        """Begin a test on Today, whatever the one before left, and with its own faults only."""
        self.phone.faults.clear()
        self.phone.offline(False)
        self.phone.page.evaluate("() => { location.hash = '#/today'; }")
        if self.phone.screen("today", "lock").now_on == "lock":
            self.phone.unlock().go("#/today", "today")
        return self
