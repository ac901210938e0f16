"""Put a visit on a phone without the server's help, and look at what the phone keeps of it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from audit_api.domain.checklist_document import to_document
from audit_api.domain.checklists import Checklist
from tests.browser.conftest import POSITION, Site
from tests.browser.phone_app import Phone
from tests.browser.stored import Store

DEALER = {
    "code": "D0042", "name_zh": "星辰汽车", "name_en": "Star Motors", "datum": "WGS-84",
    "lat": POSITION["latitude"], "lon": POSITION["longitude"],
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
        return self

    def review(self) -> Sheet:
        self.phone.go(f"#/visit/{self.visit}/review", "review")
        return self

    def box(self, item: str) -> Locator:
        return self.phone.box(item)

    def kept(self, holds: str, arg: Any = None) -> None:
        """Wait until the draft on the disk meets a condition of (draft, arg)."""
        self.phone.kept(self.visit, holds, f"the draft should meet {holds}", arg)

    def value(self, item: str, value: Any) -> None:
        """Wait until the disk holds a value."""
        self.kept("(d, [id, v]) => JSON.stringify(d.answers[id]?.value ?? null) === JSON.stringify(v)", [item, value])

    def draft(self) -> dict[str, Any]:
        return self.phone.draft(self.visit)

    def change(self, body: str) -> None:
        """Change the draft as another tab or the sender would."""
        self.store.run(f"drafts.update(visit, (draft) => {{ {body} }})", visit=self.visit)


def begin(phone: Phone, site: Site, checklist: Checklist, **more: Any) -> Sheet:
    """Sign somebody in and start a visit."""
    phone.open()
    store = Store(phone.page)
    store.sign_in()
    return another(phone, store, checklist, **more)


def another(phone: Phone, store: Store, checklist: Checklist, **more: Any) -> Sheet:
    """Start one more visit on the same phone."""
    task = {"code": "T-1", "dealer": DEALER, "mode": checklist.mode} | more
    started = store.run("drafts.start(task, checklist)", task=task, checklist=to_document(checklist))
    return Sheet(phone, store, str(started["visit"]))
