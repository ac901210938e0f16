"""Scenarios 3-6, 15, 26, 27 and 30 of the phone: what the network, the server and the clock do while a report is sent.

See test_scenarios.py for where the others are, and which belong to no phone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Route

from tests.browser import short_checklists as lists
from tests.browser.conftest import Site
from tests.browser.field_work import COMPLETE, observation, photos_of, picture, sha256
from tests.browser.line import Line
from tests.browser.phone_app import Phone, each

languages = pytest.mark.parametrize("language", ["zh", "en"])
Make = Callable[..., Phone]
SEVERAL_CHUNKS = (900, 900)


@pytest.fixture
def line(site: Site) -> Iterator[Line]:
    made = Line(site.server.port)
    yield made
    made.calm()
    made.close()


def begun(phone: Phone, field: Any, auditor: Any = None) -> tuple[str, str]:
    """Sign in as an auditor with one task and start it; gives task and visit."""
    auditor = auditor or field.auditor()
    task = field.task(auditor)
    phone.sign_in(field.code(auditor))
    return task, phone.start(task)


@languages
def test_3_flapping_network_each_photo_once_hashes_equal(language: str, phone: Make, field: Any, line: Line) -> None:
    one = phone(language, line.app)
    task, visit = begun(one, field)
    taken = [picture(30, size=SEVERAL_CHUNKS, quality=95), *(picture(n) for n in range(31, 36))]
    assert len(taken[0]["buffer"]) > 700_000, "not big enough to be sent in chunks"
    each(one, COMPLETE).photograph(lists.FRONT, *taken)
    line.flap()
    one.send(visit)
    one.received(visit)
    assert photos_of(field.visit(task)) == [sha256(p) for p in taken]
    field.holds(taken)
    for photo in taken:
        stored = [call for call in line.stored if sha256(photo) in call]
        assert len(stored) == 1, f"{photo['name']} was stored {len(stored)} times"


@languages
def test_4_response_lost_after_commit_one_visit(language: str, phone: Make, field: Any, line: Line) -> None:
    one = phone(language, line.app)
    task, visit = begun(one, field)
    each(one, COMPLETE).photograph(lists.FRONT, kept := picture(4))
    for call in ("PUT /v1/visits/", "(PUT|PATCH) /v1/photos/", "POST /v1/visits/.*submission"):
        line.befall("answer_lost", call)
    receipt = one.send(visit).received(visit)["receipt"]
    assert line.suffered(), "not every answer was lost"
    there = field.visit(task)
    assert there["visit"] == visit and photos_of(there) == [sha256(kept)]
    assert receipt["visit"] == visit, receipt
    assert not field.conflicts(visit), "the repeated request was taken for other content"


@languages
def test_5_two_tabs_two_devices_same_login_no_double_conflict_shown(language: str, phone: Make, field: Any) -> None:
    auditor = field.auditor()
    first = phone(language)
    task, visit = begun(first, field, auditor)
    tab = Phone(first.context, first.app, language).open(f"#/visit/{visit}/all").unlock()
    first.answer(lists.GREETED, "yes")
    tab.answer(lists.LOOK, "right")
    first.answer(lists.RINGS, 2)
    tab.answer(lists.BEST, "second tab")
    first.kept(
        visit,
        "(d, items) => items.every((item) => d.answers[item]?.value !== undefined)",
        "waiting for what both tabs wrote",
        [lists.GREETED, lists.LOOK, lists.RINGS, lists.BEST],
    )
    first.until("(id) => document.querySelector(`[data-item='${id}'] [data-part=text]`)?.value === 'second tab'",
                "the first tab shows what the second wrote", lists.BEST)  # fmt: skip
    other = phone(language).sign_in(field.code(auditor))
    double = other.start(task)
    assert double != visit
    each(first, COMPLETE).photograph(lists.FRONT, picture(5)).send(visit)
    tab.go("#/outbox", "outbox").act("upload-now")
    first.received(visit)
    tab.check()
    each(other, COMPLETE).photograph(lists.FRONT, kept := picture(55)).send(double)
    other.kept(double, "(d) => d.state === 'conflict'", "waiting for the conflict")
    other.go(f"#/conflict/{double}", "conflict")
    assert other.has('[data-act="keep-mine"], [data-act="take-theirs"], [data-act="export"]'), other.dump()
    assert field.visit(task)["visit"] == visit, "the second device's report took the place of the first"
    assert other.draft(double)["answers"][lists.FRONT]["photos"][0]["sha256"] == sha256(kept), "the second was lost"


@languages
def test_6_session_expires_with_a_full_queue(language: str, phone: Make, field: Any) -> None:
    auditor = field.auditor()
    one = phone(language)
    task, visit = begun(one, field, auditor)
    each(one, COMPLETE).photograph(lists.FRONT, *(taken := [picture(60), picture(61)]))
    one.offline().send(visit)
    field.expire(auditor)
    one.offline(False)
    one.go("#/outbox", "outbox").act("upload-now")
    one.sees('[data-act="sign-in-again"]', "waiting to be asked to sign in")
    assert len(one.draft(visit)["answers"][lists.FRONT]["photos"]) == 2
    one.go(f"#/sign-in?again=1&code={field.code(auditor)}", "sign-in").act("sign-in")
    one.received(visit)
    assert photos_of(field.visit(task)) == [sha256(p) for p in taken]
    field.holds(taken)


@languages
def test_15_phone_clock_wrong_by_a_day(language: str, phone: Make, field: Any) -> None:
    one = phone(language)
    one.page.clock.install(time=datetime.now(UTC) + timedelta(days=1))
    task, visit = begun(one, field)
    each(one, COMPLETE).photograph(lists.FRONT, kept := picture(15)).send(visit).received(visit)
    there = field.visit(task)
    assert photos_of(there) == [sha256(kept)]
    assert abs(there["skew_seconds"]) > 80_000, f"the skew is kept as {there['skew_seconds']} s"


@languages
def test_26_a_submission_in_two_parts_ends_as_one_visit(language: str, phone: Make, field: Any, line: Line) -> None:
    one = phone(language, line.app)
    task, visit = begun(one, field)
    each(one, COMPLETE).photograph(lists.FRONT, picture(26))
    line.befall("doubled", "POST /v1/visits/.*submission")
    first = one.send(visit).received(visit)["receipt"]
    assert observation(field.visit(task), lists.CALLED) is None, "the follow-up was open when the report went"
    one.everything(visit).answer(lists.CALLED, "yes").send(visit)
    one.kept(visit, "(d, hash) => d.state === 'received' && d.receipt.revision > hash", "the second receipt",
             first["revision"])  # fmt: skip
    there = field.visit(task)
    assert observation(there, lists.CALLED)["value"] == "yes"
    assert not field.conflicts(visit)


@languages
def test_27_server_restarted_in_mid_chunk(language: str, phone: Make, field: Any, line: Line, site: Site) -> None:
    one = phone(language, line.app)
    task, visit = begun(one, field)
    taken = picture(27, size=SEVERAL_CHUNKS, quality=95)
    each(one, COMPLETE).photograph(lists.FRONT, taken)
    line.hooks = {"half": threading.Event(), "go on": threading.Event()}
    line.befall("through", "PATCH /v1/photos/")
    line.befall("half", "PATCH /v1/photos/")
    one.send(visit)
    assert line.hooks["half"].wait(60), "no second chunk came" + one.dump()
    site.server.kill()
    line.hooks["go on"].set()
    site.server.start()
    one.received(visit)
    assert photos_of(field.visit(task)) == [sha256(taken)]
    field.holds([taken])
    assert len(line.made("PATCH /v1/photos/")) >= 3, line.calls


@languages
def test_30_plain_http_explains_itself(language: str, phone: Make, site: Site) -> None:
    one = phone(language, "http://audit.example.com/field/")

    def pass_on(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace("http://audit.example.com", site.url)))

    one.context.route("http://audit.example.com/**", pass_on)
    one.open().screen("insecure")
    assert "HTTPS" in one.text(), one.dump()
    assert {"zh": "证书", "en": "certificate"}[language] in one.words().lower(), one.dump()
    one.context.unroute_all(behavior="ignoreErrors")  # icons may still be on their way
