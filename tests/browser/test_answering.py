"""Every type of item is answered with a thumb or with keys, stored at once, and says what it still needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import short_checklists as lists
from tests.browser.answering import Desk, Sheet, a_desk_a_language, short_with
from tests.browser.conftest import Site
from tests.browser.field_work import picture

LANGUAGES = ("zh", "en")
SCRIPT = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script> 🚗"


@pytest.fixture(scope="module")
def desks(chromium: Browser, site: Site) -> Iterator[Callable[[str], Desk]]:
    """Give the module's phone of a language."""
    with a_desk_a_language(chromium, site.app) as give:
        yield give


@pytest.fixture
def sheet(desks: Callable[[str], Desk]) -> Sheet:
    return desks("zh").begin()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_type_of_item_is_answered_and_stored(desks: Callable[[str], Desk], language: str) -> None:
    sheet = desks(language).begin()
    phone = sheet.phone
    phone.answer(lists.TIME, "now").answer(lists.PLACE, "fix").answer(lists.GREETED, "no")
    phone.answer(lists.LOOK, "little").answer(lists.TOPICS, "budget", "use").answer(lists.CLEAN, "4")
    phone.answer(lists.RINGS, "１２").answer(lists.WAIT, "2.5").answer(lists.BEST, "干净 clean")
    phone.answer(lists.STORY, "进门后有人迎上来，带看了两辆车。")
    for item, value in {
        lists.GREETED: "no", lists.LOOK: "little", lists.TOPICS: ["use", "budget"], lists.CLEAN: 4, lists.RINGS: 12,
        lists.WAIT: 2.5, lists.BEST: "干净 clean", lists.STORY: "进门后有人迎上来，带看了两辆车。",
    }.items():  # fmt: skip
        sheet.value(item, value)
    sheet.kept(
        "(d, id) => d.answers[id]?.value?.accuracy_m === 8 && d.answers[id].value.datum === 'WGS-84'", lists.PLACE
    )
    sheet.kept("(d, id) => /^2\\d{3}-.+[+]08:00$/.test(d.answers[id]?.value)", lists.TIME)
    assert sheet.part(lists.CLEAN, '[data-value="4"]').get_attribute("aria-checked") == "true"
    assert sheet.part(lists.CLEAN, '[data-value="3"]').get_attribute("aria-checked") == "false"
    phone.sees('[data-saved="saved"]', "the quiet word that all is stored")


def test_na_is_offered_only_where_the_item_allows_it(sheet: Sheet) -> None:
    assert sheet.part(lists.GREETED, '[data-act="na"]').count() == 1
    assert sheet.page.locator('[data-act="na"]').count() == 1
    sheet.phone.answer(lists.GREETED, "na")
    sheet.value(lists.GREETED, "na")
    sheet.part(lists.GREETED, '[data-act="clear"]').click()
    sheet.value(lists.GREETED, None)


def test_none_of_a_list_is_said_never_slipped_into(sheet: Sheet) -> None:
    sheet.phone.answer(lists.TOPICS, "use")
    sheet.phone.answer(lists.TOPICS, "use")
    sheet.value(lists.TOPICS, None)
    sheet.part(lists.TOPICS, '[data-act="none"]').click()
    sheet.value(lists.TOPICS, [])


def test_keys_alone_answer_a_group_of_choices(sheet: Sheet) -> None:
    sheet.part(lists.CLEAN, '[data-value="1"]').focus()
    sheet.page.keyboard.press("ArrowRight")
    sheet.page.keyboard.press("ArrowRight")
    sheet.value(lists.CLEAN, 3)
    assert sheet.page.evaluate("document.activeElement.dataset.value") == "3"
    sheet.page.keyboard.press("Home")
    sheet.value(lists.CLEAN, 1)
    assert sheet.part(lists.CLEAN, '[role="radio"][tabindex="0"]').count() == 1


def test_a_fail_then_a_pass_hides_what_the_fail_asked_and_does_not_send_it(sheet: Sheet) -> None:
    assert not sheet.box(lists.WHY).is_visible()
    sheet.phone.answer(lists.GREETED, "no").answer(lists.WHY, "没人理").comment(lists.WHY, "店里无人")
    sheet.value(lists.WHY, "没人理")
    sheet.phone.answer(lists.GREETED, "yes")
    sheet.box(lists.WHY).wait_for(state="hidden")
    sheet.value(lists.GREETED, "yes")  # shown at once, stored a moment later
    sent = sheet.store.run(
        "drafts.load(visit).then(async (d) => drafts.contentOf(d, await drafts.checklistOf(d), 1))", visit=sheet.visit
    )
    assert lists.GREETED in {o["item"] for o in sent["observations"]}
    assert "没人理" not in str(sent) and "店里无人" not in str(sent)
    sheet.phone.answer(lists.GREETED, "no")
    assert sheet.part(lists.WHY, '[data-part="text"]').input_value() == "没人理"


@pytest.mark.parametrize("language", LANGUAGES)
def test_evidence_owed_stands_at_the_item_until_it_is_there(desks: Callable[[str], Desk], language: str) -> None:
    sheet = desks(language).begin()
    owed = sheet.part(lists.CLEAN, "[data-owed]")
    assert not owed.count()
    sheet.phone.answer(lists.CLEAN, "1")
    owed.wait_for()
    assert {"zh": "所见之处", "en": "What was seen"}[language] in owed.inner_text()
    sheet.phone.photograph(lists.CLEAN, picture(31), source="camera")
    owed.wait_for(state="detached")
    sheet.phone.answer(lists.CLEAN, "5")
    assert sheet.phone.thumbs(lists.CLEAN) == 1


def test_a_note_is_asked_for_at_once_where_an_answer_needs_one(desks: Callable[[str], Desk]) -> None:
    critical = {"critical": {"cap": "total", "max_score": 59, "fail_below": 50}}
    far = {"lat": 31.2, "lon": 121.4, "datum": "WGS-84", "code": "D0042"}
    sheet = desks("zh").begin(short_with(2, **{lists.LOOK.replace("-", "_"): critical}), dealer=far)
    for item, answer, words in (
        (lists.ASKED, "yes", "原话"), (lists.LOOK, "little", "一票否决"), (lists.PLACE, "fix", "米；请说明原因"),
    ):  # fmt: skip
        field = sheet.part(item, '[data-part="comment"]')
        assert not field.is_visible()
        sheet.phone.answer(item, answer)
        field.wait_for(state="visible")
        why = sheet.page.locator(f"#{field.get_attribute('aria-describedby')}")
        why.wait_for(state="visible")
        assert words in why.inner_text()
        field.fill("经理原话：给满分")
        why.wait_for(state="hidden")
    sheet.kept("(d, id) => d.answers[id].comment === '经理原话：给满分'", lists.ASKED)


def test_what_is_no_number_is_said_and_kept_on_the_screen(sheet: Sheet) -> None:
    sheet.phone.answer(lists.RINGS, "3响")
    fault = sheet.part(lists.RINGS, "[data-problem]")
    fault.wait_for()
    assert sheet.part(lists.RINGS, '[data-part="number"]').get_attribute("aria-invalid") == "true"
    assert sheet.part(lists.RINGS, '[data-part="number"]').input_value() == "3响"
    sheet.phone.answer(lists.RINGS, "3")
    fault.wait_for(state="detached")
    sheet.value(lists.RINGS, 3)
    sheet.part(lists.RINGS, '[data-act="more"]').click()
    sheet.value(lists.RINGS, 4)
    sheet.phone.answer(lists.WAIT, "3.2")
    assert "0.5" in sheet.part(lists.WAIT, "[data-problem]").inner_text()


def test_a_recorded_time_is_replaced_only_when_asked_twice(sheet: Sheet) -> None:
    sheet.phone.answer(lists.TIME, "now")
    first = sheet.part(lists.TIME, ".recorded")
    first.wait_for()
    sheet.kept("(d, id) => d.answers[id]?.value", lists.TIME)
    before = sheet.answered(lists.TIME)["value"]
    sheet.phone.answer(lists.TIME, "now")
    sheet.part(lists.TIME, '[data-act="keep"]').click()
    assert sheet.answered(lists.TIME)["value"] == before


def test_the_narrative_counts_what_is_still_to_be_written(sheet: Sheet) -> None:
    count = sheet.page.locator(f"#{lists.STORY}-count")
    sheet.part(lists.STORY, '[data-part="text"]').fill("七个字七个字🚗")
    assert "还差 3 字" in str(count.text_content())
    sheet.part(lists.STORY, '[data-part="text"]').fill("七个字七个字🚗一二三")
    assert "已够" in str(count.text_content())


def test_a_script_in_a_note_stays_text(sheet: Sheet) -> None:
    sheet.phone.comment(lists.LOOK, SCRIPT).answer(lists.BEST, SCRIPT)
    sheet.kept("(d, [id, text]) => d.answers[id]?.comment === text", [lists.LOOK, SCRIPT])
    sheet.store.run(
        "drafts.update(visit, (d) => { d.asked = [{item, note: text}]; d.returned = {reason: text}; })",
        visit=sheet.visit, item=lists.LOOK, text=SCRIPT,
    )  # fmt: skip
    assert SCRIPT in sheet.phone.sees(f'[data-item="{lists.LOOK}"] [data-asked]').inner_text()
    sheet.review()
    assert SCRIPT in sheet.phone.text()
    assert sheet.page.title() != "broken"


def test_switching_the_language_in_the_middle_loses_nothing_typed(desks: Callable[[str], Desk]) -> None:
    desk = desks("zh")
    sheet = desk.begin()
    sheet.part(lists.STORY, '[data-part="text"]').press_sequentially("写到一半")
    sheet.part(lists.RINGS, '[data-part="number"]').fill("7")
    sheet.phone.act("language")
    sheet.page.wait_for_function("document.documentElement.lang === 'en'")
    try:
        sheet.phone.sees('text="Were you greeted?"', "the question in English")
        assert sheet.part(lists.STORY, '[data-part="text"]').input_value() == "写到一半"
        assert sheet.part(lists.RINGS, '[data-part="number"]').input_value() == "7"
        sheet.value(lists.STORY, "写到一半")
        sheet.part(lists.STORY, '[data-part="text"]').press_sequentially(" and on")
        sheet.value(lists.STORY, "写到一半 and on")
    finally:
        sheet.phone.act("language")
        sheet.page.wait_for_function("document.documentElement.lang === 'zh-CN'")


def test_the_timer_goes_on_while_the_page_is_gone(desks: Callable[[str], Desk]) -> None:
    desk = desks("zh")
    sheet = desk.begin()
    sheet.part(lists.WAIT, '[data-act="timer"]').click()
    sheet.kept("(d, id) => d.timers?.[id]?.since > 0", lists.WAIT)
    sheet.change(f"draft.timers['{lists.WAIT}'].since -= 90_500")
    sheet.phone.reload()
    desk.store.unlock()
    sheet.everything()
    sheet.phone.sees(f'[data-item="{lists.WAIT}"] [data-act="timer"][aria-pressed="true"]', "the timer running")
    sheet.phone.sees('.running [data-act="jump"]', "the timer seen from anywhere")
    sheet.part(lists.WAIT, '[data-act="timer"]').click()
    sheet.value(lists.WAIT, 1.5)
    assert sheet.part(lists.WAIT, '[data-part="number"]').input_value() == "1.5"


def test_what_another_tab_writes_is_shown_and_what_is_typed_here_stays(sheet: Sheet) -> None:
    field = sheet.part(lists.STORY, '[data-part="text"]')
    field.press_sequentially("我在写")
    other = sheet.page.context.new_page()
    other.goto(sheet.phone.app)
    elsewhere = type(sheet.store)(other)
    elsewhere.unlock()
    elsewhere.run("drafts.setAnswer(visit, item, 'right')", visit=sheet.visit, item=lists.LOOK)
    other.close()
    sheet.phone.sees(f'[data-item="{lists.LOOK}"] [data-value="right"][aria-checked="true"]', "the other tab's answer")
    assert field.input_value() == "我在写"
    sheet.value(lists.STORY, "我在写")


def test_a_full_phone_is_said_and_nothing_on_the_screen_is_lost(sheet: Sheet) -> None:
    sheet.page.evaluate(
        "() => { globalThis.put = IDBObjectStore.prototype.put;"
        " IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    sheet.part(lists.BEST, '[data-part="text"]').fill("还在")
    trouble = sheet.phone.sees('[data-saved="failed"]', "the word that it is not stored")
    sheet.page.evaluate("() => { IDBObjectStore.prototype.put = globalThis.put; }")
    sheet.page.locator('.sheet [data-act="retry"]').click()
    trouble.wait_for(state="detached")
    sheet.value(lists.BEST, "还在")


def test_a_change_draws_nothing_again_that_it_did_not_change(sheet: Sheet) -> None:
    sheet.page.evaluate(
        "() => { globalThis.kept = [...document.querySelectorAll('[data-item] :is(textarea, [role=radio])')]; }"
    )
    sheet.phone.answer(lists.GREETED, "no").answer(lists.CLEAN, "1").answer(lists.BEST, "好").comment(lists.LOOK, "注")
    sheet.kept("(d, id) => d.answers[id]?.comment === '注'", lists.LOOK)
    assert sheet.page.evaluate("globalThis.kept.every((one) => one.isConnected)")


def test_what_is_spoken_is_written_to_the_end(desks: Callable[[str], Desk]) -> None:
    """The browser's recognition stands in for a voice; whether it is there is the browser's matter."""
    page = desks("zh").phone.page
    page.evaluate(
        """() => { globalThis.SpeechRecognition = class {
          start() { globalThis.heard = this; }
          stop() { this.onend(); }
          say(transcript, isFinal) {
            this.onresult({resultIndex: 0, results: [Object.assign([{transcript}], {isFinal})]});
          }
        }; }"""
    )
    sheet = desks("zh").begin()
    field = sheet.part(lists.STORY, '[data-part="text"]')
    field.fill("进门后")
    button = sheet.part(lists.STORY, '[data-act="voice"]').first
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.evaluate("globalThis.heard.lang") == "zh-CN"
    page.evaluate("globalThis.heard.say('有人', false); globalThis.heard.say('有人迎上来', true)")
    button.click()
    assert field.input_value() == "进门后有人迎上来"
    assert button.get_attribute("aria-pressed") == "false"
    sheet.value(lists.STORY, "进门后有人迎上来")


def test_guidance_is_behind_the_question_mark(sheet: Sheet) -> None:
    button = sheet.part(lists.CLEAN, '[data-act="help"]')
    assert not sheet.page.get_by_text("整洁程度：按所见作答").is_visible()
    button.click()
    sheet.page.get_by_text("整洁程度：按所见作答").wait_for(state="visible")
    assert button.get_attribute("aria-expanded") == "true"
    assert button.get_attribute("aria-label") == "怎样作答：整洁程度"


def test_in_discreet_mode_there_is_no_microphone_and_no_telling_word(desks: Callable[[str], Desk]) -> None:
    sheet = desks("zh").begin()
    look = "import('/field/core/look.js').then((look) => look.chooseDiscreet({}))"
    sheet.page.evaluate(look.format("true"))
    try:
        sheet.page.wait_for_function("document.documentElement.dataset.look === 'discreet'")
        sheet.phone.sees(f'[data-item="{lists.STORY}"] textarea')
        assert not sheet.phone.has('[data-act="voice"]')
        sheet.review()
        told = {
            word for word in ("审核", "检查表", "经销商", "神秘", "暗访", "取证", "证据") if word in sheet.phone.text()
        }
        assert not told
    finally:
        sheet.page.evaluate(look.format("false"))
        sheet.page.wait_for_function("!document.documentElement.dataset.look")


def test_back_leads_through_the_sections(sheet: Sheet) -> None:
    sheet.section("PLACE")
    sheet.phone.act("next-section")
    sheet.box(lists.GREETED).wait_for(state="visible")
    sheet.page.go_back()
    sheet.box(lists.TIME).wait_for(state="visible")
    sheet.phone.act("sections")
    sheet.page.locator('dialog [data-section="END"]').click()
    sheet.box(lists.STORY).wait_for(state="visible")
    assert sheet.page.locator('[data-act="review"]:visible').count() == 1


def test_words_of_both_languages_stand_for_every_key(desks: Callable[[str], Desk]) -> None:
    words_of = "import('/field/words/answer.js').then((made) => made.default)"
    found: dict[str, Any] = desks("zh").phone.page.evaluate(words_of)
    lacking = [key for key, words in found.items() if not words.get("zh") or not words.get("en")]
    assert found and not lacking
