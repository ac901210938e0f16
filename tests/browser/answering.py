"""Put a visit on a phone without the server's help, and look at what the phone keeps of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from audit_api.domain.checklist_document import to_document
from tests.browser import short_checklists as lists
from tests.browser.conftest import POSITION, phone_settings
from tests.browser.phone_app import Phone
from tests.browser.stored import Store

DEALER = {
    "code": "D0042", "name_zh": "星辰汽车", "name_en": "Star Motors", "datum": "WGS-84",
    "lat": POSITION["latitude"], "lon": POSITION["longitude"],
}  # fmt: skip

TASK = {
    "code": "T-1", "wave": "W", "programme": "P", "dealer": DEALER, "mode": "covert", "domain": "sales", "scenario": "",
    "briefing": "", "window_from": "2026-01-01T00:00:00Z", "window_to": "2099-01-01T00:00:00Z", "visit": None,
}  # fmt: skip


class Sheet:
    """One visit under the finger."""

    def __init__(self, phone: Phone, store: Store, visit: str) -> None:
        self.phone, self.store, self.visit = phone, store, visit

    @property
    def page(self) -> Page:
        return self.phone.page

    def everything(self) -> Sheet:
        self.phone.everything(self.visit)
        return self

    def section(self, code: str) -> Sheet:
        self.phone.go(f"#/visit/{self.visit}/section/{code}", "answer")
        self.phone.sees('[data-item^="FLD"]:visible >> nth=0')
        return self

    def review(self) -> Sheet:
        self.phone.go(f"#/visit/{self.visit}/review", "review")
        return self

    def photo(self, item: str, slot: str) -> Sheet:
        self.phone.go(f"#/visit/{self.visit}/photo/{item}/{slot}", "photo")
        return self

    def box(self, item: str) -> Locator:
        return self.phone.box(item)

    def part(self, item: str, selector: str) -> Locator:
        return self.box(item).locator(selector)

    def kept(self, holds: str, arg: Any = None) -> None:
        """Wait until the draft on the disk meets a condition of (draft, arg)."""
        self.phone.kept(self.visit, holds, f"the draft should meet {holds} {arg or ''}", arg)

    def value(self, item: str, value: Any) -> None:
        """Wait until the disk holds a value."""
        self.kept("(d, [id, v]) => JSON.stringify(d.answers[id]?.value ?? null) === JSON.stringify(v)", [item, value])

    def draft(self) -> dict[str, Any]:
        return self.phone.draft(self.visit)

    def answered(self, item: str) -> dict[str, Any]:
        return dict(self.draft()["answers"][item])

    def change(self, body: str, **values: Any) -> None:
        """Change the draft as another tab or the sender would."""
        self.store.run(f"drafts.update(visit, (draft) => {{ {body} }})", visit=self.visit, **values)


class Desk:
    """One signed-in phone that begins one visit after another."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone.open()
        self.store = Store(phone.page)
        self.store.sign_in()
        phone.go("#/today", "today")

    def begin(self, document: dict[str, Any] | None = None, **more: Any) -> Sheet:
        """Start a visit and show all of its items."""
        task = TASK | more
        checklist = document or to_document(lists.short())
        started = self.store.run("drafts.start(task, checklist)", task=task, checklist=checklist)
        return Sheet(self.phone, self.store, str(started["visit"])).everything()


@contextmanager
def a_desk_a_language(chromium: Browser, app: str, **english: Any) -> Iterator[Callable[[str], Desk]]:
    """Give the desk of a language, made when first asked for; `english` is what the English phone has otherwise."""
    made: dict[str, Desk] = {}

    def give(language: str = "zh") -> Desk:
        if language not in made:
            more = english if language == "en" else {}
            context = chromium.new_context(**(phone_settings(language) | more))
            context.set_default_timeout(15_000)
            made[language] = Desk(Phone(context, app, language))
        return made[language]

    yield give
    for desk in made.values():
        desk.phone.check()
        desk.phone.context.close()


def short_with(version: int, **changes: dict[str, Any]) -> dict[str, Any]:
    """Give the short checklist with items changed: by id, with dashes as underscores."""
    document = deepcopy(to_document(lists.short(version)))
    for section in document["sections"]:
        for item in section["items"]:
            item.update(changes.get(item["id"].replace("-", "_"), {}))
    return document
