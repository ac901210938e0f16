"""A phone with something in every state a screen can show: what the tests of the shell and the screenshots look at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from audit_api.domain.directory import Actor
from tests.browser.field_work import Field
from tests.browser.phone_app import Phone

STATES = ("todo", "draft", "failed", "conflict", "returned", "followed", "received", "waiting")
FURNISH = (Path(__file__).parent / "furnish.js").read_text("utf-8")


@dataclass
class Scene:
    """Assignments and visits by the state they are in."""

    phone: Phone
    auditor: Actor
    codes: dict[str, str]
    visits: dict[str, str]

    def routes(self) -> dict[str, str]:
        """Give the address of every screen, by a name for its picture."""
        visit = self.visits
        return {
            "today": "#/today",
            "briefing-todo": f"#/assignment/{self.codes['todo']}",
            "briefing-draft": f"#/assignment/{self.codes['draft']}",
            "briefing-received": f"#/assignment/{self.codes['received']}",
            "outbox": "#/outbox",
            "receipt": f"#/receipt/{visit['received']}",
            "conflict": f"#/conflict/{visit['conflict']}",
            "settings": "#/settings",
            "settings-pin": "#/settings/pin",
            "settings-people": "#/settings/people",
            "settings-sign-out": "#/settings/sign-out",
            **{f"first-use-{step}": f"#/first-use?step={step}" for step in FIRST_STEPS},
        }


FIRST_STEPS = ("install", "storage", "position", "camera", "practice")
SAID = {
    "zh": "请补一张门头全景照片，要看得清招牌。",
    "en": "Please add a picture of the whole front with the sign legible.",
}


def furnish(phone: Phone, field: Field) -> Scene:
    """Sign a new auditor in and bring visits of that auditor into every state; sending is paused."""
    auditor = field.auditor()
    codes = {state: field.task(auditor) for state in STATES}
    phone.sign_in(field.code(auditor))
    ends = (datetime.now(UTC) + timedelta(hours=50)).isoformat()
    given: str = phone.page.evaluate(FURNISH, [codes, ends, SAID[phone.language]])
    visits: dict[str, Any] = json.loads(given)
    phone.go("#/outbox", "outbox").go("#/today", "today")
    return Scene(phone, auditor, codes, visits)
