"""Scenarios 12-14, 16-18, 21, 22, 28 and 29 of the phone: photographs of every kind, answers, words, moving about.

The others that concern the phone are in test_scenarios_line.py (what the network and the server do) and in
test_scenarios_lasting.py (what must outlive a killed browser, an update, another auditor). 23 (a reviewer's stale
decision), 24 (a dealer's edited address) and 25 (an overdue corrective action) are not the phone's: the console and
the portal bring them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser import short_checklists as lists
from tests.browser.field_work import COMPLETE, observation, photos_of, picture, sha256
from tests.browser.phone_app import each

languages = pytest.mark.parametrize("language", ["zh", "en"])
SCRIPT = '<img src=x onerror="window.ran = 1"><script>window.ran = 1</script>\'; "&amp;'


@languages
def test_12_heic_12_mb_rotated_zero_bytes_text_renamed_jpg(
    language: str, regular: Any, field: Any, pictures: Path
) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    visit = phone.start(task)
    heic = {"name": "IMG_1.HEIC", "mimeType": "image/heic",
            "buffer": (pictures / "heic" / "samplefilehub.heif").read_bytes()}  # fmt: skip
    turned = {"name": "6.jpg", "mimeType": "image/jpeg",
              "buffer": (pictures / "orientation" / "portrait_6.jpg").read_bytes()}  # fmt: skip
    big = picture(12, size=(4000, 3000), quality=93, name="12mb.jpg")
    assert len(big["buffer"]) > 12_000_000
    phone.photograph(lists.FRONT, heic, turned, big)
    words = b"just words, no picture\n" * 40
    for bad in (heic | {"name": "empty.jpg", "buffer": b""}, turned | {"name": "words.jpg", "buffer": words}):
        phone.box(lists.FRONT).locator('[data-part="gallery"]').first.set_input_files([bad])
        phone.sees(f'[data-item="{lists.FRONT}"] [data-refused]', f"waiting for what is wrong with {bad['name']}")
    assert phone.thumbs(lists.FRONT) == 3, "a file that is no picture was taken" + phone.dump()
    each(phone, COMPLETE).send(visit).received(visit)
    assert photos_of(field.visit(task)) == [sha256(one) for one in (heic, turned, big)]
    field.holds([heic, turned, big])


@languages
def test_13_a_photo_without_exif_raises_no_question(language: str, regular: Any, field: Any) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    visit = phone.start(task)
    phone.photograph(lists.FRONT, bare := picture(13))
    assert not phone.has(f'[data-item="{lists.FRONT}"] .note'), "something is said of it" + phone.dump()
    each(phone, COMPLETE).send(visit).received(visit)
    field.holds([bare])
    words = str(field.checks(visit)).lower()
    assert "exif" not in words and "元数据" not in words, words


@languages
def test_14_the_same_photo_twice(language: str, regular: Any, field: Any) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    visit = phone.start(task)
    twice = picture(14)
    phone.photograph(lists.FRONT, twice).photograph(lists.GREETED, {**twice, "name": "again.jpg"})
    each(phone, COMPLETE).send(visit).received(visit)
    there = field.visit(task)
    assert photos_of(there) == [sha256(twice)] * 2, "both places name the picture, as taken"
    field.holds([twice])


@languages
def test_16_required_photo_missing_blocks_sending_and_jumps_to_the_item(
    language: str, regular: Any, field: Any
) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    visit = phone.start(task)
    assert phone.sees(f'[data-item="{lists.FRONT}"] [data-owed]').inner_text().strip()
    each(phone, COMPLETE).go(f"#/visit/{visit}/review", "review")
    assert phone.has(f'[data-missing="{lists.FRONT}"]'), "the review does not name what is missing" + phone.dump()
    phone.act("send").screen("answer")
    phone.until(
        """(id) => { const box = document.querySelector(`[data-item="${id}"]`)?.getBoundingClientRect();
                     return box && box.top < innerHeight && box.bottom > 0; }""",
        "waiting for the item that lacks its photo to come into view",
        lists.FRONT,
    )
    assert phone.draft(visit)["wish"] == "keep", "it is to be sent without its photo"
    phone.everything(visit).photograph(lists.FRONT, picture(16)).send(visit).received(visit)


@languages
def test_17_fail_then_pass_the_hidden_note_is_not_sent(language: str, regular: Any, field: Any) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    visit = phone.start(task)
    assert not phone.box(lists.WHY).is_visible()
    phone.answer(lists.GREETED, "no").answer(lists.WHY, "无人理会 nobody came")
    phone.comment(lists.WHY, "秘密 secret")
    phone.answer(lists.GREETED, "yes")
    phone.until('(id) => !document.querySelector(`[data-item="${id}"]`)?.checkVisibility()', "hiding", lists.WHY)
    each(phone, COMPLETE).photograph(lists.FRONT, picture(17)).send(visit).received(visit)
    there = field.visit(task)
    assert observation(there, lists.WHY) is None, "the hidden answer was sent"
    assert "secret" not in str(there), "the hidden note was sent"
    assert observation(there, lists.GREETED)["value"] == "yes"


@languages
def test_18_language_switched_in_the_middle(language: str, regular: Any, field: Any) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    visit = phone.start(task)
    words = {"zh": "是否主动问候", "en": "Were you greeted?"}
    other = {"zh": "en", "en": "zh"}[language]
    phone.answer(lists.GREETED, "yes").answer(lists.BEST, "half a word")
    assert words[language] in phone.words() and words[other] not in phone.words(), phone.dump()
    try:
        phone.act("language")  # in the bar, on the very screen: what is half typed stays
        phone.until("(tag) => document.documentElement.lang.startsWith(tag)", "changing the language", other)
        phone.until("(words) => document.querySelector('main').textContent.includes(words)", "the words", words[other])
        assert words[language] not in phone.words(), phone.dump()
        chosen = phone.box(lists.GREETED).locator('[data-value="yes"]')
        assert "true" in (chosen.get_attribute("aria-checked"), chosen.get_attribute("aria-pressed")), phone.dump()
        assert phone.box(lists.BEST).locator('[data-part="text"]').input_value() == "half a word"
        each(phone, COMPLETE).photograph(lists.FRONT, picture(18)).send(visit).received(visit)
        assert observation(field.visit(task), lists.GREETED)["value"] == "yes"
    finally:
        phone.act("language")


@languages
def test_21_back_button(language: str, regular: Any) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    phone.go(f"#/assignment/{task}", "briefing").act("start").screen("answer")
    phone.page.go_back()
    phone.screen("briefing", "today")
    phone.page.go_forward()
    phone.screen("answer")
    visit = phone.visit_shown()
    phone.everything(visit).box(lists.BEST).locator('[data-part="text"]').fill("typed, and Back pressed at once")
    phone.page.go_back()
    phone.page.go_forward()
    phone.screen("answer")
    found = phone.sees(f'[data-item="{lists.BEST}"] [data-part="text"]').input_value()
    assert found == "typed, and Back pressed at once", "what was typed is gone" + phone.dump()
    stored = "(d, item) => d.answers[item]?.value === 'typed, and Back pressed at once'"
    phone.kept(visit, stored, "what was typed is to lie on the phone", lists.BEST)
    phone.go(f"#/visit/{visit}/review", "review").page.go_back()
    phone.screen("answer")


@languages
def test_22_signing_out_with_unsent_data_warns(language: str, regular: Any) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    visit = phone.start(task)
    phone.answer(lists.GREETED, "yes").photograph(lists.FRONT, picture(22))
    phone.go("#/settings", "settings").act("sign-out")
    phone.sees('main [data-act="lock-instead"]', "waiting for the warning")
    warning = phone.words()
    assert {"zh": "没有送达服务器", "en": "not yet on the server"}[language] in warning, f"it says {warning!r}"
    assert phone.page.locator('[data-act="delete-unsent"]').is_disabled(), "one touch would delete a day's work"
    for instead in ("upload-now", "lock-instead", "export", "cancel"):
        assert phone.has(f'main [data-act="{instead}"]'), f"no way out by {instead}" + phone.dump()
    phone.act("cancel", "main")
    phone.everything(visit)
    assert phone.draft(visit)["answers"][lists.GREETED]["value"] == "yes"
    assert phone.thumbs(lists.FRONT) == 1


@languages
def test_28_chinese_file_names_and_emoji(language: str, regular: Any, field: Any) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    visit = phone.start(task)
    named = picture(28, name="门头照片 😀🚗 (副本).jpg")
    said = "很好👍🏽 𠮷野家 \u200fمرحبا e\u0301 — “ok”"
    phone.photograph(lists.FRONT, named)
    each(phone, COMPLETE).answer(lists.BEST, said).comment(lists.GREETED, said).send(visit).received(visit)
    there = field.visit(task)
    assert observation(there, lists.BEST)["value"] == said
    assert observation(there, lists.GREETED)["comment"] == said
    field.holds([named])


@languages
def test_29_script_in_a_note_is_shown_as_text(language: str, regular: Any, field: Any) -> None:
    own = regular(language)
    phone, task = own.phone, own.task()
    visit = phone.start(task)
    each(phone, COMPLETE).answer(lists.BEST, SCRIPT).comment(lists.GREETED, SCRIPT)
    phone.photograph(lists.FRONT, picture(29)).go(f"#/visit/{visit}/review", "review").send(visit).received(visit)
    there = field.visit(task)
    assert observation(there, lists.BEST)["value"] == SCRIPT
    assert observation(there, lists.GREETED)["comment"] == SCRIPT
    field.give_back(visit, lists.BEST, SCRIPT)
    phone.refresh()
    phone.until("(words) => document.querySelector('main').textContent.includes(words)", "the note's text", "onerror=")
    phone.everything(visit).sees(f'[data-item="{lists.BEST}"] [data-asked]', "the note beside its item")
    assert phone.page.evaluate("window.ran") is None, "the script of a note ran"
    assert not phone.has("main img[src=x], main script"), "a note became markup"
