"""The worst day: 55 items, photos, no network, the browser killed three times, a clock a day off, an expired session.

FULL=1 takes forty photos of 8 to 12 megapixels; otherwise it is a dozen small ones.
"""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.conftest import Site
from tests.browser.field_work import Field, OwnBrowser, Picture, photos_of, sha256
from tests.browser.line import Line
from tests.browser.phone_app import Phone
from tests.browser.sending import Work, a_work
from tests.worlds import checklist_named

FULL = bool(os.environ.get("FULL"))
PHOTOS = 40 if FULL else 12
SIZES = [(4000, 3000), (3264, 2448), (3840, 2160), (3000, 4000)] if FULL else [(320, 240)]
PATIENCE_MS = 1_200_000 if FULL else 180_000
AHEAD = """(() => {
  const True = Date;
  const shift = 24 * 3600 * 1000;
  globalThis.Date = class extends True {
    constructor(...given) { given.length ? super(...given) : super(True.now() + shift); }
    static now() { return True.now() + shift; }
  };
})();"""
MEASURED = {"auto_time": "now", "auto_gps": "fix"}


class Day:
    """One auditor's phone through the day: its browser may be killed at any moment."""

    def __init__(self, browser: OwnBrowser, line: Line) -> None:
        self.browser, self.line = browser, line
        self.offline = False
        self.phone = self._start()

    def _start(self) -> Phone:
        context = self.browser.start()
        context.add_init_script(AHEAD)
        context.set_offline(self.offline)
        return Phone(context, self.line.app, "zh", page=context.pages[0])

    def killed(self) -> Phone:
        """Kill the browser, start it again and enter the PIN."""
        self.phone.check()
        self.browser.kill()
        self.phone = self._start()
        return self.phone.open().unlock()

    def airplane(self, on: bool) -> None:
        self.offline = on
        self.phone.offline(on)


@pytest.fixture
def day(chromium: Browser, site: Site, tmp_path: Path) -> Iterator[Day]:
    line = Line(site.server.port)
    browser = OwnBrowser(chromium.browser_type, tmp_path / "profile", "zh")
    made = Day(browser, line)
    yield made
    made.phone.check()
    browser.close()
    line.close()


@pytest.mark.slow
@pytest.mark.timeout(3_600 if FULL else 300)
def test_the_worst_day_ends_with_one_visit_all_photos_and_one_receipt(day: Day, field: Field, tmp_path: Path) -> None:
    line, auditor = day.line, field.auditor()
    task = field.task(auditor, checklist="AMS")
    work, pictures = the_work()
    day.phone.sign_in(field.code(auditor)).ready_for_offline(task)
    day.airplane(True)

    visit = day.phone.start(task)
    half = len(work.observations) // 2
    answer(day.phone, visit, work, work.observations[:half])
    phone = day.killed().everything(visit)
    answer(phone, visit, work, work.observations[half:])
    photograph(phone, work, pictures, tmp_path)
    phone = day.killed()
    draft = phone.draft(visit)
    assert sum(len(one["photos"]) for one in draft["answers"].values()) == PHOTOS
    assert {o["item"] for o in work.observations} <= draft["answers"].keys()
    phone.send(visit)
    phone.kept(visit, "(d) => d.state === 'waiting'", "sent, and waiting for a network")

    field.expire(auditor)
    line.flap()
    day.airplane(False)
    phone.go("#/outbox", "outbox").act("upload-now")  # a covert visit is discreet: nothing leaves before that
    sign_in_again(phone, field.code(auditor))
    in_the_middle = stop_half_way(line)
    wait_for(phone, in_the_middle.is_set)
    phone = day.killed()
    line.hooks["go on"].set()
    # It has locked itself meanwhile, and goes on behind the lock: only the server can be asked how far it is.
    wait_for(phone, lambda: any(row["state"] == "submitted" for row in field.visits(task)))
    line.settle_down()
    phone.lock().unlock()
    phone.kept(visit, "(d) => d?.receipt && d.state === 'received'", "the receipt")

    held = field.visit(task)
    assert held["visit"] == visit and held["state"] == "submitted" and held["revision"] == 1
    assert sorted(photos_of(held)) == sorted(sha256(one) for one in pictures)
    field.holds(pictures)
    receipt = phone.draft(visit)["receipt"]
    assert sorted(photo["sha256"] for photo in receipt["photos"]) == sorted(sha256(one) for one in pictures)
    assert not field.conflicts(visit)
    stored = [call for call in line.stored if call.startswith("PATCH /v1/photos/")]
    assert len(stored) == len(set(stored)) == PHOTOS
    assert {"cut", "answer_lost"} <= line.happened.keys()


def the_work() -> tuple[Work, list[Picture]]:
    """Draw the answers of a whole visit, and its photographs."""
    work = a_work(checklist_named("AMS"), photos=PHOTOS, seed=7)
    assert len(checklist_named("AMS").items) == 55
    return work, [photograph_of(n) for n in range(PHOTOS)]


def photograph_of(seed: int) -> Picture:
    """Make a photograph as large as a phone's, another for each seed."""
    width, height = SIZES[seed % len(SIZES)]
    rough = np.random.default_rng(seed).integers(0, 255, (height // 4, width // 4, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC).save(out, "JPEG", quality=75)
    return {"name": f"IMG_{seed:04d}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def answer(phone: Phone, visit: str, work: Work, observations: list[dict[str, object]]) -> None:
    """Answer items on the screen, and wait until the last answer lies on the disk."""
    kinds = checklist_named("AMS").by_id
    last = ""
    for o in observations:
        item, kind, value = str(o["item"]), kinds[str(o["item"])].type, o["value"]
        if o["comment"]:
            phone.comment(item, str(o["comment"]))
        if value is None:
            continue
        given = [MEASURED[kind]] if kind in MEASURED else value if isinstance(value, list) else [plain(value)]
        phone.answer(item, *given)
        last = item
    phone.kept(visit, "(d, item) => d.answers[item]?.value != null", f"the answer of {last} to be kept", last)


def plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def photograph(phone: Phone, work: Work, pictures: list[Picture], folder: Path) -> None:
    """Take the photographs, as files: as large as these are, they would take long from hand to hand."""
    for shot, picture in zip(work.shots, pictures, strict=True):
        file = folder / picture["name"]
        file.write_bytes(picture["buffer"])
        with phone.telling(f"taking a photograph of {shot.item}"):
            shown = phone.box(shot.item).locator("[data-photo]")
            before = shown.count()
            phone.box(shot.item).locator('[data-part="camera"]').first.set_input_files(file)
            shown.nth(before).wait_for(state="attached", timeout=60_000)


def sign_in_again(phone: Phone, code: str) -> None:
    """Follow the bar's call to sign in, as often as the line needs."""
    phone.act("sign-in-again").screen("sign_in")
    phone.page.locator('[data-part="code"]').fill(code)
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while phone.now_on == "sign_in":
        assert time.monotonic() < deadline, phone.dump()
        button = phone.page.locator('[data-act="sign-in"]')
        if button.count() and button.first.get_attribute("aria-busy") is None:
            button.first.click()
        phone.page.wait_for_timeout(200)


def stop_half_way(line: Line) -> threading.Event:
    """Let the next chunk but two stop in its middle."""
    line.hooks = {"half": threading.Event(), "go on": threading.Event()}
    line.befall("through", "PATCH /v1/photos/", times=2)
    line.befall("half", "PATCH /v1/photos/")
    return line.hooks["half"]


def wait_for(phone: Phone, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not holds():
        assert time.monotonic() < deadline, phone.dump()
        phone.page.wait_for_timeout(200)
