"""Drive what sends without its screens: a signed-in phone, visits filled in at once, and the outbox as it tells."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, TimeoutError

from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor
from tests.browser import short_checklists as lists
from tests.browser.field_work import Field, Picture, photos_of, picture, sha256
from tests.browser.line import Line
from tests.browser.waiting import until
from tests.worlds import complete_answers

PIN = "246813"
PATIENCE_MS = 60_000
MODULES = (
    "core/api", "core/events", "core/vault", "core/words", "data/accounts", "data/assignments", "data/conflicts",
    "data/drafts", "data/outbox", "data/photos", "data/problems", "data/session",
)  # fmt: skip
SCRIPT = """async (values) => {
  const base = '/field/';
  const [%(names)s] = await Promise.all([%(paths)s].map((path) => import(base + path + '.js')));
  const { %(given)s } = values;
  %(body)s
}"""


class Sender:
    """One phone of one auditor: its page, and the app's own modules in it."""

    def __init__(self, page: Page, app: str) -> None:
        self.page, self.app = page, app
        self.faults: list[str] = []
        self.watch(page)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(str(error.stack or error)))

    def run(self, expression: str, **values: Any) -> Any:
        """Work out an expression over the modules, by their names, and the values given."""
        return self.page.evaluate(script(f"return await ({expression});", values), values)

    def until(self, expression: str, why: str, **values: Any) -> None:
        """Wait until an expression over the modules holds."""
        try:
            until(self.page, script(f"return Boolean(await ({expression}));", values), values, patience_ms=PATIENCE_MS)
        except TimeoutError:
            raise AssertionError(f"{why}: {self.told()}\n{self.faults}") from None

    def told(self) -> str:
        return json.dumps(self.run("outbox.status()"), ensure_ascii=False)[:3000]

    def sign_in(self, auditor: Actor, token: str) -> Sender:
        """Make an account with this token, open it, and fetch what there is to do."""
        self.page.goto(self.app)
        self.page.wait_for_selector("body[data-screen]", state="attached")
        person = {"id": auditor.id, "name": auditor.name, "label": "WX", "pin": PIN, "recoveryKey": "k" * 44,
                  "device": str(uuid.uuid4())}  # fmt: skip
        self.run("vault.begin(person)", person=person)
        self.run("accounts.saveToken(token)", token=token)
        self.run("accounts.setSetting('lock_seconds', 86400)")
        self.run("events.emit('settings', { lock_seconds: 86400 })")
        self.run("assignments.refresh()")
        self.run("outbox.begin()")
        return self

    def unlock(self, auditor: Actor) -> Sender:
        """Open the app again, as after a restart."""
        self.page.goto(self.app)
        self.page.wait_for_selector("body[data-screen]", state="attached")
        self.run("vault.unlock(id, pin)", id=auditor.id, pin=PIN)
        self.run("outbox.begin()")
        return self

    # Filling in

    def start(self, assignment: str) -> str:
        """Begin the visit of an assignment; gives its id."""
        return str(
            self.run(
                """(async () => {
                  const task = await assignments.assignmentOf(code);
                  return (await drafts.start(task, await assignments.checklistOf(task.checklist))).visit;
                })()""",
                code=assignment,
            )
        )

    def fill(self, visit: str, work: Work, *, photos: bool = True) -> None:
        """Answer everything, and add the photos."""
        self.run("drafts.edit(visit, (draft) => void Object.assign(draft, more))", visit=visit, more=work.filled())
        for shot in work.shots if photos else ():
            self.add(visit, shot)

    def add(self, visit: str, shot: Shot) -> None:
        """Add one photo, as the camera hands it over."""
        self.page.evaluate(
            "() => { const made = document.createElement('input'); made.type = 'file'; made.id = 'chosen';"
            " document.getElementById('chosen')?.remove(); document.head.append(made); }"
        )
        self.page.locator("#chosen").set_input_files([shot.picture])
        how = {"source": "camera", "slot": shot.slot, "fix": shot.fix, "taken_at": shot.taken_at}
        added = self.run("photos.add(visit, item, document.getElementById('chosen').files[0], how)",
                         visit=visit, item=shot.item, how=how)  # fmt: skip
        assert added["sha256"] == sha256(shot.picture)

    def retake(self, visit: str, shot: Shot) -> None:
        """Take a photo out of its slot."""
        self.run("photos.retake(visit, item, slot, '模糊')", visit=visit, item=shot.item, slot=shot.slot)

    def send(self, visit: str) -> None:
        """Press Send."""
        self.run("drafts.finish(visit).then(() => outbox.kick('send'))", visit=visit)

    # Looking

    def draft(self, visit: str) -> dict[str, Any]:
        return dict(self.run("drafts.load(visit)", visit=visit))

    def line(self, visit: str) -> dict[str, Any]:
        """Give what the outbox tells of a visit."""
        status = self.run("outbox.status()")
        return dict(next(row for row in status["visits"] if row["visit"] == visit))

    def reaches(self, visit: str, state: str) -> dict[str, Any]:
        """Wait until a visit is in a state; gives its draft."""
        self.until("drafts.load(visit).then((draft) => draft.state === state)", f"waiting for {state}",
                   visit=visit, state=state)  # fmt: skip
        return self.draft(visit)


@dataclass
class Desk:
    """A signed-in phone on a line, its auditor with tasks, and the server's side."""

    phone: Sender
    line: Line
    auditor: Actor
    token: str
    tasks: list[str]
    field: Field
    of_visit: dict[str, str] = dataclasses.field(default_factory=dict)

    def begun(self, work: Work) -> tuple[str, Work]:
        """Begin a visit of the next task."""
        task = self.tasks.pop()
        visit = self.phone.start(task)
        self.of_visit[visit] = task
        return visit, work

    def filled(self, work: Work) -> tuple[str, Work]:
        """Begin and fill in a visit of the next task."""
        visit, _ = self.begun(work)
        self.phone.fill(visit, work)
        return visit, work

    def held(self, visit: str) -> dict[str, Any]:
        """Give the one visit that the server has of a task."""
        return self.field.visit(self.of_visit[visit])

    def submitted(self, visit: str) -> None:
        """Wait until the server has a report, whatever the phone tells."""
        task = self.of_visit[visit]
        self.until(lambda: any(row["state"] == "submitted" for row in self.field.visits(task)), "the report to arrive")

    def arrived(self, visit: str, work: Work) -> dict[str, Any]:
        """Check that the server has the visit once, submitted, with the very photos."""
        held = self.held(visit)
        assert held["visit"] == visit and held["state"] == "submitted"
        assert sorted(photos_of(held)) == hashes(work.shots)
        self.field.holds(work.pictures)
        return held

    @contextmanager
    def half_way(self, call: str) -> Iterator[None]:
        """Let the next such call stop in its middle until the block ends; it never gets an answer."""
        self.line.hooks = {"half": threading.Event(), "go on": threading.Event()}
        self.line.befall("half", call)
        try:
            yield
        finally:
            self.line.hooks["go on"].set()

    def half_sent(self) -> None:
        """Wait until that call is in its middle."""
        self.until(self.line.hooks["half"].is_set, "half a call sent")

    def until(self, holds: Callable[[], bool], why: str) -> None:
        """Wait for something on this side of the line; the page goes on meanwhile."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not holds():
            assert time.monotonic() < deadline, f"{why}: {self.phone.told()}"
            self.phone.page.wait_for_timeout(50)

    def another_tab(self) -> Sender:
        """Open the app once more on the same phone."""
        return Sender(self.phone.page.context.new_page(), self.line.app).unlock(self.auditor)


def script(body: str, values: dict[str, Any]) -> str:
    names = ", ".join(path.partition("/")[2] for path in MODULES)
    paths = ", ".join(f"'{path}'" for path in MODULES)
    return SCRIPT % {"names": names, "paths": paths, "given": ", ".join(values), "body": body}


@dataclass(frozen=True)
class Shot:
    """A photo to be taken: of which item, in which slot, where and when."""

    item: str
    slot: str
    picture: Picture
    taken_at: str
    fix: dict[str, Any] | None


@dataclass
class Work:
    """A whole visit: answers and photos."""

    observations: list[dict[str, Any]]
    shots: list[Shot]
    started_at: datetime
    ended_at: datetime

    @property
    def pictures(self) -> list[Picture]:
        return [shot.picture for shot in self.shots]

    def without(self, *items: str) -> Work:
        """Leave items unanswered."""
        observations = [o for o in self.observations if o["item"] not in items]
        return Work(observations, [s for s in self.shots if s.item not in items], self.started_at, self.ended_at)

    def filled(self) -> dict[str, Any]:
        answers = {
            o["item"]: {
                "value": o["value"],
                "comment": o["comment"] or "",
                "answered_at": o["answered_at"],
                "photos": [],
            }
            for o in self.observations
        }
        return {"started_at": self.started_at.isoformat(), "ended_at": self.ended_at.isoformat(), "answers": answers}


def a_work(
    checklist: Checklist | None = None, *, photos: int = 2, seed: int = 1, size: tuple[int, int] = (64, 48)
) -> Work:
    """Make a complete visit that ended a while ago, with at least so many photos of a size."""
    chosen = checklist or lists.short()
    started_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    observations, drawn, ended_at = complete_answers(chosen, 1.0, seed=seed, started_at=started_at)
    assert drawn is not None
    shots = []
    for o in observations:
        for reference in o.pop("photos"):
            shots.append(Shot(o["item"], reference["slot"], picture(seed * 100 + len(shots), size=size),
                              reference["taken_at"], reference["fix"]))  # fmt: skip
    items = list(shots)
    while len(shots) < photos:
        like = items[len(shots) % len(items)]
        slot = str(1 + sum(shot.item == like.item for shot in shots))
        shots.append(Shot(like.item, slot, picture(seed * 100 + len(shots), size=size), like.taken_at, like.fix))
    return Work(observations, shots, started_at, ended_at)


def hashes(shots: list[Shot]) -> list[str]:
    return sorted(hashlib.sha256(shot.picture["buffer"]).hexdigest() for shot in shots)
