"""What an auditor has sent arrives: once, whole, whatever the line, the server and the browser do meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import short_checklists as lists
from tests.browser.conftest import Site, phone_settings
from tests.browser.field_work import Field, observation
from tests.browser.line import Line
from tests.browser.sending import Desk, Sender, Shot, a_work, hashes
from tests.faults.bad_network import Call

BIG = (900, 700)  # noise of so many pixels makes a JPEG of about half a megabyte
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
DENIED = b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class OddLine(Line):
    """A line with answers of its own."""

    def _busy(self, call: Call, chance: random.Random) -> bytes:
        return BUSY

    def _denied(self, call: Call, chance: random.Random) -> bytes:
        return DENIED


@pytest.fixture(scope="module")
def desk(chromium: Browser, site: Site, field: Field) -> Iterator[Desk]:
    """Give one signed-in phone on a line of its own, with tasks enough for all of this module."""
    line = OddLine(site.server.port)
    auditor, token = site.auditor()
    tasks = [field.task(auditor) for _ in range(16)]
    context = chromium.new_context(**phone_settings("zh"))
    phone = Sender(context.new_page(), line.app).sign_in(auditor, token)
    yield Desk(phone, line, auditor, token, tasks, field)
    context.close()
    line.close()


@pytest.fixture(autouse=True)
def nothing_uncaught(desk: Desk) -> Iterator[None]:
    yield
    assert not desk.phone.faults, desk.phone.faults


def test_over_a_line_that_cuts_swallows_and_doubles_each_photo_arrives_once(desk: Desk) -> None:
    phone, line = desk.phone, desk.line
    visit, work = desk.filled(a_work(photos=4, size=BIG))
    line.befall("answer_lost", "PUT /v1/visits/")
    line.befall("answer_lost", "POST /v1/visits/")
    line.befall("cut", "PATCH /v1/photos/", times=3)
    line.befall("answer_cut", "PATCH /v1/photos/")
    line.flap()
    phone.send(visit)
    draft = phone.reaches(visit, "received")
    line.settle_down()
    held = desk.arrived(visit, work)
    assert line.suffered()
    assert {photo["sha256"] for photo in draft["receipt"]["photos"]} == set(hashes(work.shots))
    assert not desk.field.conflicts(visit) and held["revision"] == 1
    assert phone.run("Promise.all(names.map((one) => photos.bytesOf(one)))", names=hashes(work.shots)) == [None] * 4


def test_when_the_server_is_killed_in_the_middle_of_a_chunk_it_goes_on_from_there(desk: Desk, site: Site) -> None:
    visit, work = desk.filled(a_work(photos=2, size=BIG, seed=2))
    with desk.half_way("PATCH /v1/photos/"):
        desk.phone.send(visit)
        desk.half_sent()
        site.server.kill()
        site.server.start()
    desk.phone.reaches(visit, "received")
    desk.arrived(visit, work)


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(desk: Desk) -> None:
    visit, work = desk.filled(a_work(seed=3))
    desk.line.befall("busy", f"PUT /v1/visits/{visit}")
    desk.phone.send(visit)
    desk.phone.until("outbox.status().then(({ visits }) => visits.find((one) => one.visit === visit).next_try_at)",
                     "waiting for the next try", visit=visit)  # fmt: skip
    assert desk.phone.line(visit)["state"] == "waiting"
    desk.phone.reaches(visit, "received")
    assert len(desk.line.made(f"PUT /v1/visits/{visit}$")) == 2
    desk.arrived(visit, work)


def test_a_refused_photo_stops_the_visit_names_the_item_and_is_replaced(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.begun(a_work(seed=4))
    first, *rest = work.shots
    broken = {"name": "坏.jpg", "mimeType": "image/jpeg", "buffer": first.picture["buffer"][:600]}
    phone.fill(visit, work, photos=False)
    for shot in (Shot(first.item, first.slot, broken, first.taken_at, first.fix), *rest):
        phone.add(visit, shot)
    phone.send(visit)
    draft = phone.reaches(visit, "failed")
    assert draft["problem"]["slug"] == "photos-refused"
    assert [(error["item"], error["slot"]) for error in draft["problem"]["errors"]] == [(first.item, first.slot)]
    said = phone.run("problems.inWords(problem)", problem=draft["problem"])
    assert said["title"] and said["items"][0]["text"]
    phone.retake(visit, first)
    phone.add(visit, first)
    phone.send(visit)
    phone.reaches(visit, "received")
    held = desk.arrived(visit, work)
    assert held["revision"] == 2


def test_missing_evidence_stops_the_visit_by_item_and_is_added(desk: Desk) -> None:
    phone = desk.phone
    whole = a_work(seed=5)
    visit, work = desk.filled(whole.without(lists.BEST))
    phone.send(visit)
    draft = phone.reaches(visit, "failed")
    assert [error["item"] for error in draft["problem"]["errors"]] == [lists.BEST]
    assert phone.run("outbox.retry(visit)", visit=visit) is None  # as it is, it is refused again: no loop, no loss
    phone.reaches(visit, "failed")
    phone.run("drafts.setAnswer(visit, item, '很干净')", visit=visit, item=lists.BEST)
    phone.send(visit)
    phone.reaches(visit, "received")
    held = desk.arrived(visit, work)
    assert (observation(held, lists.BEST) or {})["value"] == "很干净"


def test_what_is_refused_for_good_stays_on_the_phone_with_the_reason(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(seed=6))
    desk.line.befall("denied", f"PUT /v1/visits/{visit}")
    phone.send(visit)
    draft = phone.reaches(visit, "failed")
    assert draft["problem"]["status"] == 404 and draft["outgoing"]["revision"] == 1
    assert "内容都还在手机里" in phone.run("problems.inWords(problem)", problem=draft["problem"])["title"]
    phone.run("outbox.retry(visit)", visit=visit)
    phone.reaches(visit, "received")
    desk.arrived(visit, work)


def test_nothing_leaves_while_paused_or_on_a_costly_line_or_in_discreet_mode(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(seed=7))
    calls = f"/v1/visits/{visit}"
    phone.run("outbox.pause()")
    phone.send(visit)
    phone.until("outbox.status().then(({ why }) => why === 'paused')", "paused")
    phone.run("accounts.setSetting('wifi_only', true)")
    phone.run("outbox.resume()")  # Chromium on a desktop cannot tell Wi-Fi: the auditor decides
    phone.until("outbox.status().then(({ why }) => why === 'wifi_unknown')", "waiting for Wi-Fi")
    phone.run("accounts.setSetting('wifi_only', false)")
    phone.run("words.setDiscreet(true)")
    phone.run("outbox.kick('visible')")
    phone.until("outbox.status().then(({ why }) => why === 'discreet')", "discreet")
    assert phone.line(visit)["state"] == "waiting"
    assert not desk.line.made(calls)
    phone.run("outbox.kick('now')")
    phone.reaches(visit, "received")
    phone.run("words.setDiscreet(false)")
    desk.arrived(visit, work)


def test_what_is_on_its_way_goes_on_behind_the_lock_and_a_pause_breaks_it_off(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(photos=3, size=BIG, seed=8))
    with desk.half_way("PATCH /v1/photos/"):
        phone.send(visit)
        desk.half_sent()
        phone.run("outbox.pause()")
        phone.until("outbox.status().then(({ visits }) => visits.every(({ state }) => state !== 'sending'))", "paused")
    with desk.half_way("PATCH /v1/photos/"):
        phone.run("outbox.resume()")
        desk.half_sent()
        phone.run("vault.lock()")
    desk.submitted(visit)
    phone.run("vault.unlock(id, '246813')", id=desk.auditor.id)
    phone.reaches(visit, "received")
    desk.arrived(visit, work)


def test_two_tabs_have_one_uploader_and_the_other_takes_over_when_it_dies(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(photos=3, size=BIG, seed=9))
    other = desk.another_tab()
    with desk.half_way("PATCH /v1/photos/"):
        other.send(visit)  # from the tab that does not send
        desk.half_sent()
        other.until("outbox.status().then(({ visits }) => visits.some(({ state }) => state === 'sending'))", "told")
        before = len(desk.line.made("PUT /v1/visits/"))
        phone.page.close()
    desk.phone = other
    other.reaches(visit, "received")
    desk.arrived(visit, work)
    assert before == len(desk.line.made("PUT /v1/visits/"))  # it went on where the other one was
    stored = [call for call in desk.line.stored if call.rpartition("/")[2] in hashes(work.shots)]
    assert sorted(stored) == [f"PATCH /v1/photos/{one}" for one in hashes(work.shots)]


def test_whoever_presses_upload_now_takes_over_from_a_tab_that_is_frozen(desk: Desk) -> None:
    visit, work = desk.filled(a_work(seed=12))
    other, frozen = desk.another_tab(), desk.phone.page
    frozen.context.new_cdp_session(frozen).send("Page.setWebLifecycleState", {"state": "frozen"})
    other.send(visit)
    other.run("outbox.kick('now')")
    other.reaches(visit, "received")
    frozen.close()
    desk.phone = other
    desk.arrived(visit, work)


def test_behind_the_lock_what_waits_for_a_network_goes_as_soon_as_there_is_one(desk: Desk) -> None:
    phone, context = desk.phone, desk.phone.page.context
    visit, work = desk.filled(a_work(seed=13))
    context.set_offline(True)
    phone.send(visit)
    phone.until("outbox.status().then(({ why }) => why === 'offline')", "offline")
    phone.run("vault.lock()")
    context.set_offline(False)
    desk.submitted(visit)
    phone.run("vault.unlock(id, '246813')", id=desk.auditor.id)
    phone.reaches(visit, "received")
    desk.arrived(visit, work)


def test_when_the_session_expires_the_queue_stays_and_goes_on_after_a_new_code(desk: Desk) -> None:
    phone, field = desk.phone, desk.field
    first, second = desk.filled(a_work(seed=10)), desk.filled(a_work(seed=11))
    field.expire(desk.auditor)
    for visit, _ in (first, second):
        phone.send(visit)
    phone.until("outbox.status().then(({ needs_login }) => needs_login)", "asked to sign in")
    asked = len(desk.line.made("PUT /v1/visits/"))
    assert [phone.line(visit)["state"] for visit, _ in (first, second)] == ["waiting", "waiting"]
    assert phone.run("outbox.status().then(({ why }) => why)") == "login"
    phone.run("session.renew(code)", code=field.code(desk.auditor))
    for visit, work in (first, second):
        phone.reaches(visit, "received")
        desk.arrived(visit, work)
    assert asked + 2 == len(desk.line.made("PUT /v1/visits/"))
