"""What is practised on the phone is a checklist like any other, and tells nobody what the phone is for."""

from __future__ import annotations

import json
import re
from typing import Any

from audit_api.domain.answers import check_answers
from audit_api.domain.checklist_document import to_document
from audit_api.domain.checklist_format import parse_checklist
from audit_api.domain.checklists import TYPES, Checklist
from audit_api.domain.packaged import packaged_checklists, packaged_code_book
from audit_api.domain.relevance import visible_items
from audit_api.domain.submission_rules import check_submission
from audit_api.web.field_app import edition

# Words that discreet mode does without.
TELLING = re.compile(r"audit|checklist|dealer|evidence|myster|审核|检查|经销商|取证|证据|神秘|暗访", re.IGNORECASE)
DONE: dict[str, Any] = {
    "TRY-ST-01": "2026-11-20T10:02:11+08:00", "TRY-ST-03": "shop", "TRY-LK-01": "yes", "TRY-LK-02": "na",
    "TRY-LK-03": 4, "TRY-LK-04": ["water"], "TRY-LK-05": ["1.jpg", "2.jpg"], "TRY-WT-01": 2.5, "TRY-WT-02": 3,
    "TRY-EN-01": "no", "TRY-EN-02": "晴天",
    "TRY-EN-03": "十点零二分进店，店员抬头问好，我点了一杯茶，三分钟后拿到杯子，坐下。",
}  # fmt: skip


def practice() -> Checklist:
    return parse_checklist(edition().files["practice.json"].body.decode(), "practice.json", packaged_code_book())


def test_it_is_the_very_document_a_published_one_would_be() -> None:
    assert to_document(practice()) == json.loads(edition().files["practice.json"].body)


def test_it_has_something_of_everything() -> None:
    items = practice().items
    assert {item.type for item in items} == set(TYPES)
    assert any(item.show_if for item in items) and any(item.follow_up_hours for item in items)
    assert {item.evidence.rule for item in items} >= {"none", "on_fail", "always"}
    assert any(item.evidence.gallery for item in items) and any(item.integrity for item in items)


def test_nothing_in_it_tells_what_the_phone_is_for() -> None:
    asked = json.loads(edition().files["practice.json"].body)
    words = [asked["title"], asked["auditor_notes"], *(section["title"] for section in asked["sections"])]
    for item in practice().items:
        of = item.evidence.of
        words += [{"zh": text.zh, "en": text.en} for text in (item.text, item.guidance, of) if text]
        words += [{"zh": option.text.zh, "en": option.text.en} for option in item.options]
    assert not [text for pair in words for text in pair.values() if TELLING.search(text)]


def test_it_can_be_done() -> None:
    made = practice()
    assert check_answers(made, DONE) == []
    later = {"TRY-EN-04"}  # known three days later
    missing = {found.item for found in check_submission(made, DONE, photo_counts={"TRY-LK-05": 2})}
    assert missing == later
    assert len(visible_items(made, DONE)) == len(made.items)


def test_its_ids_are_nobody_elses() -> None:
    assert practice().code not in {one.code for one in packaged_checklists()}
