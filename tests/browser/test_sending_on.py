"""What goes on beyond one sending: changes under way, two phones, a lost phone, reports sent back, late answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from audit_api.models.photos import PhotoUpload
from tests.browser import short_checklists as lists
from tests.browser.conftest import Phones, Site, phone_settings
from tests.browser.field_work import Field, observation
from tests.browser.line import Line
from tests.browser.sending import Desk, Sender, a_work, hashes

MINUTE = 60_000
BIG = (900, 700)


@pytest.fixture(scope="module")
def desk(chromium: Browser, site: Site, field: Field) -> Iterator[Desk]:
    """Give one signed-in phone whose clock can be wound on, on a line of its own."""
    line = Line(site.server.port)
    auditor, token = site.auditor()
    tasks = [field.task(auditor) for _ in range(8)]
    context = chromium.new_context(**phone_settings("zh"))
    context.clock.install()
    phone = Sender(context.new_page(), line.app).sign_in(auditor, token)
    yield Desk(phone, line, auditor, token, tasks, field)
    context.close()
    line.close()


@pytest.fixture(autouse=True)
def nothing_uncaught(desk: Desk) -> Iterator[None]:
    yield
    assert not desk.phone.faults, desk.phone.faults


def second_phone(desk: Desk, phones: Phones) -> Sender:
    """Sign the same auditor in on another phone."""
    return Sender(phones("zh").new_page(), desk.line.app).sign_in(desk.auditor, desk.token)


def test_what_is_changed_while_it_is_being_sent_becomes_the_next_revision(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(photos=2, size=BIG))
    with desk.half_way("PATCH /v1/photos/"):
        phone.send(visit)
        desk.half_sent()
        phone.run("drafts.setComment(visit, item, '补充：等了很久')", visit=visit, item=lists.GREETED)
    phone.until("drafts.load(visit).then(({ arrived }) => names.every((one) => arrived[one]))", "photos there",
                visit=visit, names=hashes(work.shots))  # fmt: skip
    assert desk.held(visit)["state"] == "started"  # not submitted under the hand that changes it
    phone.page.clock.fast_forward(2 * MINUTE)
    phone.reaches(visit, "received")
    held = desk.arrived(visit, work)
    assert held["revision"] == 2
    assert (observation(held, lists.GREETED) or {})["comment"] == "补充：等了很久"


def test_a_lost_answer_is_asked_for_with_the_very_same_bytes_whatever_was_changed_since(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(seed=7))
    desk.line.befall("answer_lost", f"PUT /v1/visits/{visit}")
    phone.send(visit)
    desk.until(lambda: f"PUT /v1/visits/{visit}" in desk.line.stored, "the server has it")
    phone.run("outbox.pause()")
    phone.run("drafts.setComment(visit, item, '补充')", visit=visit, item=lists.GREETED)
    phone.run("outbox.resume()")
    phone.until("drafts.load(visit).then(({ held, state }) => held.revision === 1 || state === 'conflict')", "heard",
                visit=visit)  # fmt: skip
    phone.page.clock.fast_forward(2 * MINUTE)
    phone.reaches(visit, "received")
    held = desk.arrived(visit, work)
    assert held["revision"] == 2 and not desk.field.conflicts(visit)
    assert (observation(held, lists.GREETED) or {})["comment"] == "补充"


def test_what_the_server_lacks_after_all_is_sent_again(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(seed=8))
    with desk.half_way(f"POST /v1/visits/{visit}/submission"):
        phone.send(visit)
        desk.half_sent()
        PhotoUpload._get_collection().delete_many({"sha256": hashes(work.shots)[0]})
    phone.reaches(visit, "received")
    desk.arrived(visit, work)
    assert len(desk.line.made(f"PATCH /v1/photos/{hashes(work.shots)[0]}")) == 2


def test_two_phones_with_the_same_task_meet_and_the_auditor_decides(desk: Desk, phones: Phones) -> None:
    one, other = desk.phone, second_phone(desk, phones)
    mine, theirs = a_work(seed=2), a_work(seed=3)
    visit, _ = desk.filled(theirs.without(lists.BEST))
    again = other.start(desk.of_visit[visit])
    other.fill(again, mine)
    one.send(visit)
    one.reaches(visit, "failed")  # something is missing in it, so it is there and not submitted
    other.send(again)
    conflict = other.reaches(again, "conflict")["conflict"]
    assert (conflict["reason"], conflict["theirs"]["visit"]) == ("second_visit", visit)
    other.run("conflicts.keepMine(visit).then(() => outbox.kick('send'))", visit=again)
    other.reaches(again, "received")
    held = desk.arrived(visit, mine)
    assert held["revision"] == 2
    assert [row["sent_as"] for row in desk.field.conflicts(visit)] == [again]

    one.run("drafts.setAnswer(visit, item, '服务好')", visit=visit, item=lists.BEST)
    one.send(visit)
    draft = one.reaches(visit, "conflict")
    assert draft["conflict"]["locked"]
    assert not one.run("drafts.load(visit).then(conflicts.canKeepMine)", visit=visit)
    one.run("conflicts.takeTheirs(visit).then(() => outbox.kick('send'))", visit=visit)
    draft = one.reaches(visit, "received")
    assert draft["receipt"]["revision"] == 2
    for name in hashes(theirs.shots):  # of what was not chosen nothing is lost either
        assert other.run("api.call('HEAD', path).then(({ status }) => status)", path=f"/v1/photos/{name}") == 200
    desk.arrived(visit, mine)


def test_a_phone_that_drowns_costs_little(desk: Desk, phones: Phones) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(seed=4).without(lists.BEST))
    for _ in range(20):
        phone.page.clock.fast_forward(MINUTE)
        phone.page.wait_for_timeout(200)
        if all(phone.draft(visit)["arrived"].get(name) for name in hashes(work.shots)):
            break
    assert desk.held(visit)["state"] == "started" and phone.draft(visit)["state"] == "draft"
    other = second_phone(desk, phones)
    draft = other.draft(visit)
    assert draft["state"] == "draft" and draft["held"]["revision"] == 1
    other.run("drafts.setAnswer(visit, item, '很干净')", visit=visit, item=lists.BEST)
    other.send(visit)
    other.reaches(visit, "received")
    assert desk.arrived(visit, work)["revision"] == 2


def test_a_report_sent_back_is_mended_and_sent_again(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(seed=5))
    phone.send(visit)
    phone.reaches(visit, "received")
    desk.field.give_back(visit, lists.STORY, "请写明等候过程")
    phone.run("assignments.refresh()")
    draft = phone.reaches(visit, "draft")
    assert draft["asked"] == [{"item": lists.STORY, "note": "请写明等候过程"}]
    story = (observation(desk.held(visit), lists.STORY) or {})["value"] + "等候约五分钟，顾问到场。"
    phone.run("drafts.setAnswer(visit, item, story)", visit=visit, item=lists.STORY, story=story)
    phone.send(visit)
    assert phone.reaches(visit, "received")["receipt"]["revision"] == 2
    held = desk.arrived(visit, work)
    assert (observation(held, lists.STORY) or {})["value"] == story


def test_late_answers_follow_after_the_receipt_and_touch_nothing_else(desk: Desk) -> None:
    phone = desk.phone
    visit, work = desk.filled(a_work(seed=6).without(lists.CALLED))
    phone.send(visit)
    phone.reaches(visit, "received")
    phone.until("drafts.load(visit).then((draft) => draft.follow_ups?.length)", "told what is open", visit=visit)
    before = desk.held(visit)
    assert [row["item"] for row in phone.draft(visit)["follow_ups"]] == [lists.CALLED]
    phone.run("drafts.setAnswer(visit, item, 'yes')", visit=visit, item=lists.CALLED)
    phone.send(visit)
    assert phone.reaches(visit, "received")["receipt"]["revision"] == 2
    held = desk.arrived(visit, work)
    late = observation(held, lists.CALLED)
    assert late is not None and late["value"] == "yes"
    assert [o for o in held["observations"] if o["item"] != lists.CALLED] == before["observations"]
