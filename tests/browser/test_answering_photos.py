"""Photos of an item: taken, chosen, marked on a copy, taken again, refused in words; and what is missing in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser import short_checklists as lists
from tests.browser.answering import Desk, Sheet, a_desk_a_language
from tests.browser.conftest import POSITION, Site
from tests.browser.field_work import COMPLETE, picture, sha256
from tests.browser.phone_app import each

LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def desks(chromium: Browser, site: Site) -> Iterator[Callable[[str], Desk]]:
    """Give the module's phone of a language; the English one is dark and knows no position."""
    with a_desk_a_language(chromium, site.app, permissions=[], color_scheme="dark") as give:
        yield give


@pytest.fixture
def sheet(desks: Callable[[str], Desk]) -> Sheet:
    return desks("zh").begin()


def photos(sheet: Sheet, item: str) -> list[dict[str, object]]:
    return list(sheet.answered(item)["photos"])


def test_several_photos_each_with_its_time_and_place(sheet: Sheet) -> None:
    shots = [picture(seed) for seed in (1, 2)]
    sheet.phone.photograph(lists.FRONT, *shots, source="camera")
    sheet.kept("(d, id) => d.answers[id].photos.every((photo) => photo.fix)", lists.FRONT)
    kept = photos(sheet, lists.FRONT)
    assert [photo["sha256"] for photo in kept] == [sha256(shot) for shot in shots]
    for photo in kept:
        assert photo["source"] == "camera" and str(photo["taken_at"]).endswith("+08:00")
        assert photo["fix"]["accuracy_m"] == POSITION["accuracy"] and photo["fix"]["fixed_at"]  # type: ignore[index]
    sheet.photo(lists.FRONT, "2")
    assert sheet.phone.sees("img[data-full]").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 64
    assert "8" in sheet.phone.sees("dl.facts").inner_text()
    sheet.phone.act("previous").sees("dl.facts")
    sheet.phone.act("to-item")
    sheet.phone.sees(f'[data-item="{lists.FRONT}"]')


def test_the_gallery_is_open_only_where_the_item_allows_it(desks: Callable[[str], Desk]) -> None:
    sheet = desks("zh").begin()
    shown = {
        item: sheet.part(item, 'label:has([data-part="gallery"])').is_visible()
        for item in (lists.FRONT, lists.GREETED, lists.LOOK, lists.CALLED)
    }
    assert shown == {lists.FRONT: True, lists.GREETED: True, lists.LOOK: False, lists.CALLED: False}
    sheet.change("draft.ended_at = draft.started_at")
    sheet.part(lists.CALLED, 'label:has([data-part="gallery"])').wait_for(state="visible")
    sheet.phone.photograph(lists.GREETED, picture(3))
    assert photos(sheet, lists.GREETED)[0]["source"] == "gallery"
    assert photos(sheet, lists.GREETED)[0]["fix"] is None


def test_the_same_photo_twice_is_kept_and_marked(sheet: Sheet) -> None:
    shot = picture(4)
    sheet.phone.photograph(lists.FRONT, shot, source="camera").photograph(lists.CLEAN, shot, source="camera")
    sheet.phone.sees(f'[data-item="{lists.CLEAN}"] [data-again]')
    for item in (lists.FRONT, lists.CLEAN):
        sheet.phone.sees(f'[data-item="{item}"] .tag:has-text("重复")')
    sheet.photo(lists.CLEAN, "1")
    assert "门头照片" in sheet.phone.sees("[data-twice]").inner_text()


def test_what_is_no_photo_is_refused_in_words_and_the_rest_is_kept(sheet: Sheet) -> None:
    field = sheet.part(lists.FRONT, '[data-part="gallery"]')
    text: Any = {"name": "说明📄.jpg", "mimeType": "image/jpeg", "buffer": "不是照片".encode()}
    empty = {"name": "空.jpg", "mimeType": "image/jpeg", "buffer": b""}
    chosen: list[Any] = [text, picture(5), empty]
    field.set_input_files(chosen)
    refused = sheet.part(lists.FRONT, "[data-refused]")
    refused.nth(1).wait_for()
    words = refused.all_inner_texts()
    assert "说明📄.jpg" in words[0] and "不是照片文件" in words[0] and "0 字节" in words[1]
    assert sheet.phone.thumbs(lists.FRONT) == 1


def test_an_arrow_is_drawn_on_a_copy_and_the_original_stays(sheet: Sheet) -> None:
    shot = picture(6, size=(400, 300))
    sheet.phone.photograph(lists.FRONT, shot, source="camera")
    sheet.kept("(d, id) => d.answers[id].photos[0].fix", lists.FRONT)
    sheet.photo(lists.FRONT, "1").phone.act("draw")
    canvas = sheet.phone.sees("canvas")
    assert sheet.page.locator('[data-act="keep-drawing"]').is_disabled()
    place = canvas.bounding_box()
    assert place is not None
    sheet.phone.act("draw-circle")
    mouse = sheet.page.mouse
    mouse.move(place["x"] + 30, place["y"] + 30)
    mouse.down()
    mouse.move(place["x"] + 150, place["y"] + 120, steps=3)
    mouse.up()
    sheet.phone.act("draw-arrow")
    canvas.focus()
    sheet.page.keyboard.press("Enter")
    sheet.page.keyboard.press("ArrowLeft")
    sheet.phone.act("keep-drawing")
    sheet.kept("(d, id) => d.answers[id].photos.length === 2", lists.FRONT)
    first, second = photos(sheet, lists.FRONT)
    assert (first["sha256"], first["source"]) == (sha256(shot), "camera")
    assert (second["source"], second["type"], second["fix"]) == ("drawing", "image/jpeg", first["fix"])
    red = """async (sha256) => {
      const bitmap = await createImageBitmap(await (await import('/field/data/photos.js')).blobOf(sha256));
      const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      pen.drawImage(bitmap, 0, 0);
      const { data } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
      let found = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] > 190 && data[at + 1] < 60 && data[at + 2] < 80) found += 1;
      }
      return found;
    }"""
    assert sheet.page.evaluate(red, second["sha256"]) > 5 * sheet.page.evaluate(red, first["sha256"])


def test_a_photo_is_taken_again_for_a_reason(sheet: Sheet) -> None:
    old, new = picture(7), picture(8)
    file: Any = new
    sheet.phone.photograph(lists.FRONT, old, source="camera")
    sheet.photo(lists.FRONT, "1").phone.act("retake")
    again = sheet.page.locator('[data-part="retake"]')
    assert again.is_disabled()
    sheet.page.locator('[data-reason="other"]').check()
    assert again.is_disabled()
    sheet.page.locator('[data-part="reason"]').fill("手抖 🙂")
    again.set_input_files([file])
    sheet.kept("(d, [id, sha]) => d.answers[id].photos.map((p) => p.sha256).join() === sha", [lists.FRONT, sha256(new)])
    assert [(row["sha256"], row["reason"]) for row in sheet.draft()["retaken"]] == [(sha256(old), "手抖 🙂")]
    sheet.phone.sees("img[data-full]")


def test_without_a_position_the_photo_is_kept_and_words_say_what_to_do(desks: Callable[[str], Desk]) -> None:
    sheet = desks("en").begin()
    sheet.phone.answer(lists.PLACE, "fix")
    sheet.phone.sees(f'[data-item="{lists.PLACE}"] .note.bad:has-text("Allow location")')
    sheet.phone.photograph(lists.FRONT, picture(9), source="camera")
    assert photos(sheet, lists.FRONT)[0]["fix"] is None
    sheet.phone.context.grant_permissions(["geolocation"])
    try:
        sheet.phone.answer(lists.PLACE, "fix")
        sheet.kept("(d, id) => d.answers[id]?.value?.accuracy_m === 8", lists.PLACE)
    finally:
        sheet.phone.context.clear_permissions()


def test_a_vague_position_is_kept_and_said_to_be_vague(sheet: Sheet) -> None:
    vague: Any = {**POSITION, "accuracy": 480}
    exact: Any = POSITION
    sheet.phone.context.set_geolocation(vague)
    try:
        sheet.phone.answer(lists.PLACE, "fix")
        sheet.part(lists.PLACE, '[data-act="fix-enough"]').click()
        sheet.phone.sees(f'[data-item="{lists.PLACE}"] .note.warn:has-text("480")')
        sheet.kept("(d, id) => d.answers[id]?.value?.accuracy_m === 480", lists.PLACE)
    finally:
        sheet.phone.context.set_geolocation(exact)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sending_is_blocked_and_leads_to_what_is_missing(desks: Callable[[str], Desk], language: str) -> None:
    sheet = desks(language).begin()
    phone = sheet.phone
    sheet.review()
    assert phone.sees(f'[data-missing="{lists.FRONT}"]').is_visible()
    assert sheet.page.locator(f'.lack [data-missing="{lists.CALLED}"]').count() == 0
    sheet.everything()
    each(phone, [row for row in COMPLETE if row[0] not in (lists.PLACE, lists.CLEAN)]).answer(lists.CLEAN, "1")
    sheet.store.run(
        "drafts.setAnswer(visit, item, {lat: 30.2741, lon: 120.1551, accuracy_m: 5, fixed_at: at})",
        visit=sheet.visit, item=lists.PLACE, at="2026-11-22T08:00:00+08:00",
    )  # fmt: skip
    phone.photograph(lists.FRONT, picture(11), source="camera")
    sheet.review()
    missing = sheet.page.locator(".lack [data-missing]")
    phone.until("() => document.querySelectorAll('.lack [data-missing]').length === 1", "one thing missing")
    assert {"zh": "所见之处", "en": "What was seen"}[language] in missing.inner_text()
    phone.act("send").screen("answer")
    phone.until(
        "(id) => document.activeElement.closest('[data-item]')?.dataset.item === id",
        "the focus on the item",
        lists.CLEAN,
    )
    assert sheet.draft()["wish"] == "keep"
    phone.photograph(lists.CLEAN, picture(12), source="camera")
    sheet.review()
    phone.sees("[data-complete]")
    phone.act("send").screen("outbox")
    sheet.kept("(d) => d.wish === 'send' && d.ended_at")


def test_a_report_sent_back_says_so_at_its_items_and_asks_why_more_changed(desks: Callable[[str], Desk]) -> None:
    sheet = desks("zh").begin()
    each(sheet.phone, COMPLETE).photograph(lists.FRONT, picture(13), source="camera")
    sheet.value(lists.STORY, {row[0]: row[1] for row in COMPLETE}[lists.STORY])
    sheet.store.run(
        """drafts.update(visit, async (d) => {
          const { observations } = drafts.contentOf(d, await drafts.checklistOf(d), 1);
          d.held = {revision: 1, hash: 'x', observations};
          d.asked = [{item, note: '请写清几声'}];
          d.returned = {reason: '响铃次数存疑'};
        })""",
        visit=sheet.visit, item=lists.RINGS,
    )  # fmt: skip
    assert "请写清几声" in sheet.phone.sees(f'[data-item="{lists.RINGS}"] [data-asked]').inner_text()
    sheet.phone.answer(lists.RINGS, "4").answer(lists.LOOK, "little")
    sheet.value(lists.LOOK, "little")
    sheet.review()
    assert "响铃次数存疑" in sheet.phone.text()
    words = sheet.phone.sees('[data-part="correction"]')
    sheet.phone.act("send")
    sheet.phone.sees('[role="alert"]:has-text("为什么")')
    words.fill("当时看错了")
    sheet.phone.act("send").screen("outbox")
    sheet.kept("(d) => d.correction === '当时看错了' && d.wish === 'send'")


def test_once_it_has_arrived_only_open_follow_ups_can_change(desks: Callable[[str], Desk]) -> None:
    sheet = desks("zh").begin()
    sheet.phone.answer(lists.GREETED, "yes")
    sheet.value(lists.GREETED, "yes")
    sheet.store.run(
        """drafts.update(visit, (d) => { Object.assign(d, {state: 'received', receipt: {photos: []},
           follow_ups: [{item, open_until: new Date(Date.now() + 3.6e6).toISOString()}]}); })""",
        visit=sheet.visit, item=lists.CALLED,
    )  # fmt: skip
    locked = sheet.part(lists.GREETED, '[data-value="no"]')
    sheet.phone.until(
        "(id) => document.querySelector(`[data-item='${id}'] fieldset`).disabled", "locked", lists.GREETED
    )
    assert sheet.part(lists.CALLED, '[data-value="no"]').is_enabled() and not locked.is_enabled()
    sheet.phone.sees(f'[data-item="{lists.CALLED}"] [data-tail]:has-text("前可以补答")')
    sheet.phone.answer(lists.CALLED, "no")
    sheet.value(lists.CALLED, "no")
    assert not locked.is_enabled()
    sheet.change("draft.follow_ups[0].open_until = '2020-01-01T00:00:00Z'")
    sheet.phone.until("(id) => document.querySelector(`[data-item='${id}'] fieldset`).disabled", "over", lists.CALLED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_serious_for_who_sees_or_moves_otherwise(desks: Callable[[str], Desk], language: str) -> None:
    sheet = desks(language).begin()
    phone = sheet.phone.answer(lists.GREETED, "no").answer(lists.CLEAN, "1").answer(lists.ASKED, "yes")
    phone.photograph(lists.FRONT, picture(14), source="camera")
    sheet.review().everything()

    def check(what: str) -> None:
        grave = [
            (found["id"], [node["html"][:150] for node in found["nodes"]])
            for found in Axe().run(sheet.page).response["violations"]
            if found["impact"] in ("serious", "critical")
        ]
        assert not grave, f"{what}: {grave}"
        wide = sheet.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{what} is {wide} px wider than the phone"

    check("answer")
    phone.act("sections")
    check("sections")
    sheet.page.keyboard.press("Escape")
    sheet.page.evaluate("document.documentElement.style.fontSize = '34px'")
    check("answer at 200 %")
    sheet.review()
    check("review at 200 %")
    sheet.photo(lists.FRONT, "1").phone.act("retake")
    check("photo at 200 %")
    phone.act("draw").sees("canvas")
    check("draw at 200 %")
    sheet.page.evaluate("document.documentElement.style.fontSize = ''")
    small = """() => [...document.querySelectorAll('main :is(a, button, input, summary, textarea)')]
      .filter((one) => one.offsetParent && !one.disabled && one.type !== 'radio' && one.type !== 'file')
      .filter((one) => Math.min(one.getBoundingClientRect().width, one.getBoundingClientRect().height) < 47.5)
      .map((one) => one.outerHTML.slice(0, 120))"""
    sheet.everything()
    assert sheet.page.evaluate(small) == []
