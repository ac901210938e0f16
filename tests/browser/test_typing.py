"""Typing into a checklist of 500 items on a slow phone: nothing the page does in between takes the finger's time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from audit_api.domain.checklist_document import to_document
from audit_api.web.field_app import POLICY, edition
from tests.browser.answering import Desk, Sheet
from tests.browser.big_checklist import big_checklist, big_id
from tests.browser.conftest import phone_settings
from tests.browser.phone_app import Phone

ORIGIN = "http://localhost/field/"
SLOWER = 4
LONGEST_MS = 100
WORDS = "进店后顾问马上过来打招呼，问了用途和预算，带看了两辆车。"
# Time of the page's own thread, as it would take alone on the machine; what the test itself has run there is left out.
CATEGORIES = ["toplevel", "disabled-by-default-devtools.timeline"]
Event = dict[str, Any]


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Desk]:
    """Give a slow phone without network."""
    context = chromium.new_context(**phone_settings("zh"), service_workers="block")
    context.set_default_timeout(60_000)
    context.route("**/*", _serve)
    made = Desk(Phone(context, ORIGIN, "zh"))
    context.new_cdp_session(made.phone.page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield made
    context.close()


def _serve(route: Route) -> None:
    name = route.request.url.removeprefix(ORIGIN).split("?")[0] or "index.html"
    asset = edition().files.get(name)
    if asset is None:
        route.abort()
    else:
        route.fulfill(body=asset.body, content_type=asset.kind, headers={"Content-Security-Policy": POLICY})


def type_into(chromium: Browser, sheet: Sheet, item: str) -> list[float]:
    """Type character by character and wait until the phone keeps it; gives what each task of the page took, in ms."""
    field = sheet.box(item).locator('[data-part="text"]')
    field.click()
    field.press_sequentially(WORDS[0])
    chromium.start_tracing(page=sheet.page, categories=CATEGORIES)
    field.press_sequentially(WORDS[1:], delay=40)
    sheet.value(item, WORDS)
    return tasks_of(json.loads(chromium.stop_tracing()))


def test_typing_never_lags(chromium: Browser, desk: Desk) -> None:
    big = desk.begin(to_document(big_checklist()))
    # At once, while the rest of the page is still to be drawn below.
    early = type_into(chromium, big, big_id(1, 10))
    big.page.locator("[data-item]").nth(len(big_checklist().items) - 1).wait_for(state="attached")
    # Then in the middle of everything.
    late = type_into(chromium, big, big_id(13, 19))
    assert min(len(early), len(late)) > len(WORDS), "nothing was measured"
    assert max(early + late) < LONGEST_MS, [sorted(map(round, tasks))[-10:] for tasks in (early, late)]


def tasks_of(trace: dict[str, list[Event]]) -> list[float]:
    """Give the milliseconds that each task of the page's thread took of the processor."""
    events = trace["traceEvents"]
    mains = {
        (e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    ours = [e for e in events if (e["pid"], e["tid"]) in mains and "tdur" in e]
    asked = [e["ts"] for e in ours if _is_asked_by_the_test(e)]
    tasks = [e for e in ours if e["name"] == "RunTask"]
    return [e["tdur"] / 1000 for e in tasks if not any(e["ts"] <= at <= e["ts"] + e["dur"] for at in asked)]


def _is_asked_by_the_test(event: Event) -> bool:
    told = event["args"].get("chrome_mojo_event_info", {})
    return str(told.get("mojo_interface_tag", "")).startswith("blink.mojom.DevTools")
