# ruff: noqa: E501 - one case a line reads better than wrapped tables
"""The two questionnaires: what they hold, what they accept, and what the format refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.packaged import (
    packaged_checklists,
    packaged_checklists_dir,
    packaged_code_book,
    packaged_questionnaires,
)
from audit_api.domain.questionnaire_document import from_document, to_document
from audit_api.domain.questionnaire_format import parse_questionnaire
from audit_api.domain.source_text import FormatError
from audit_api.domain.touchpoints import FACT_JOINS, PLAYBOOK_TRACES

BY_CODE = {made.code: made for made in packaged_questionnaires()}
SSQ = BY_CODE["SSQ"]
SOURCE = (packaged_checklists_dir() / "questionnaires" / "sales_satisfaction.yaml").read_text("utf-8")


def test_it_works():
    assert {code: len(made.items) for code, made in BY_CODE.items()} == {"SSQ": 34, "ASQ": 36}
    assert [len(SSQ.of_role(role)) for role in ("screening", "driver", "fact", "integrity")] == [1, 15, 3, 4]
    assert SSQ.field_window.open_after_days == 7 and SSQ.field_window.event == "delivery"
    assert SSQ.item("SSQ-FAC-01").favourable == "yes"
    assert SSQ.item("SSQ-INT-03").adverse == ("watched", "staff")
    assert SSQ.item("SSQ-EXP-01A").pair == SSQ.item("SSQ-EXP-01B").pair


def test_ids_are_unique_over_checklists_and_questionnaires_and_references_exist():
    ids = [item.id for made in (*packaged_checklists(), *packaged_questionnaires()) for item in made.items]
    assert len(set(ids)) == len(ids)
    assert set(ids) >= PLAYBOOK_TRACES
    assert set(ids) >= set(FACT_JOINS) | {item for joined in FACT_JOINS.values() for item in joined}


@pytest.mark.parametrize(
    ("item", "value", "accepted"),
    [
        ("SSQ-DRV-01", 5, True), ("SSQ-DRV-01", "na", True), ("SSQ-DRV-01", 6, False), ("SSQ-DRV-01", "5", False),
        ("SSQ-DRV-01", True, False), ("SSQ-DRV-01", 5.0, False), ("SSQ-DRV-01", None, False), ("SSQ-DRV-01", [5], False),
        ("SSQ-OUT-01", "na", False), ("SSQ-OUT-02", 0, True), ("SSQ-OUT-02", 10, True), ("SSQ-OUT-02", 11, False),
        ("SSQ-FAC-01", "unsure", True), ("SSQ-FAC-01", "maybe", False), ("SSQ-INT-03", "staff", True),
        ("SSQ-TXT-01", "好", True), ("SSQ-TXT-01", 5, False), ("SSQ-TXT-01", "x" * 5001, False), ("SSQ-XXX-01", 5, False),
    ],
)  # fmt: skip
def test_values_are_accepted_by_exact_type(item, value, accepted):
    assert SSQ.accepts(item, value) is accepted


@pytest.mark.parametrize(
    ("item", "cell", "value"),
    [
        ("SSQ-DRV-01", " 5 ", 5), ("SSQ-DRV-01", "5.0", 5), ("SSQ-DRV-01", "NA", "na"), ("SSQ-DRV-01", "", None),
        ("SSQ-FAC-01", "Yes", "yes"), ("SSQ-OUT-02", "10", 10), ("SSQ-TXT-01", " 很好 ", "很好"),
        ("SSQ-DRV-01", "5,0", 5), ("SSQ-DRV-01", "５", 5), ("SSQ-DRV-01", "很满意", 5), ("SSQ-DRV-01", "very  satisfied", None),
        ("SSQ-DRV-01", "VERY SATISFIED", 5), ("SSQ-FAC-01", "是", "yes"), ("SSQ-OUT-02", "1,000", None),
    ],
)  # fmt: skip
def test_cells_are_read(item, cell, value):
    if value is None and cell:
        with pytest.raises(ValueError, match="is not one of"):
            SSQ.read_cell(item, cell)
    else:
        assert SSQ.read_cell(item, cell) == value


TEN = """
schema: csat-survey/1
code: TEN
version: 1
title: {zh: 十分制问卷, en: Ten-point survey}
domain: sales
field_window_days: {open_after: 7, close_after: 30, event: delivery}
channels: [sms_link]
scales:
  TEN: {min: 1, max: 10, zh: [很差, 很好], en: [Poor, Excellent]}
  COUNT3: {min: 0, max: 3, zh: [一条都没有, 三条都有], en: [None of them, All of them]}
  COUNT4: {min: 0, max: 4, zh: [一条都没有, 四条都有], en: [None of them, All of them]}
items:
- {id: TEN-DRV-01, touchpoint: SAL_RECEP, role: driver, scale: TEN, text: {zh: 接待, en: Reception}, required: true}
- {id: TEN-OUT-01, touchpoint: XCT_OVERALL, role: outcome, scale: TEN, text: {zh: 总体, en: Overall}, required: true}
- id: TEN-LST-01
  touchpoint: XCT_INTEGRITY
  role: list_experiment
  arm: control
  pair: TEN-LST-01
  scale: COUNT3
  text: {zh: 以下有几条属实？, en: How many of these are true?}
  statements: [{zh: 喝了茶, en: I had tea}, {zh: 看了新车, en: I saw a new car}, {zh: 等过, en: I had to wait}]
  required: false
- id: TEN-LST-02
  touchpoint: XCT_INTEGRITY
  role: list_experiment
  arm: treatment
  pair: TEN-LST-01
  scale: COUNT4
  text: {zh: 以下有几条属实？, en: How many of these are true?}
  statements:
  - {zh: 喝了茶, en: I had tea}
  - {zh: 看了新车, en: I saw a new car}
  - {zh: 等过, en: I had to wait}
  - {zh: 店员要我打满分, en: I was asked for full marks}
  required: false
- {id: TEN-TXT-01, touchpoint: XCT_OVERALL, role: open, scale: text, text: {zh: 意见, en: Remarks}, required: false}
"""


def test_ten_points_and_a_list_experiment():
    ten = parse_questionnaire(TEN, "ten.yaml", packaged_code_book())
    assert ten.range_of("TEN-DRV-01") == (1, 10)
    assert [ten.read_cell("TEN-DRV-01", cell) for cell in ("1", "10.0", "7,0")] == [1, 10, 7]
    assert not ten.accepts("TEN-DRV-01", 11)
    control, treatment = ten.of_role("list_experiment")
    assert (control.arm, treatment.arm, len(treatment.statements)) == ("control", "treatment", 4)
    assert treatment.statements[3].en == "I was asked for full marks"
    assert from_document(to_document(ten)) == ten
    assert ten.range_of("TEN-TXT-01") is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("arm: treatment", "arm: control", "one control followed by one treatment"),
        ("arm: treatment", "arm: both", "choose control, treatment"),
        ("  - {zh: 店员要我打满分, en: I was asked for full marks}\n", "", "from 0 to 3"),
        ("scale: COUNT4", "scale: TEN", "from 0 to 4"),
        ("  pair: TEN-LST-01\n", "", "'pair' is missing"),
        ("role: driver, scale: TEN", "role: driver, scale: text", "consecutive whole numbers"),
    ],
)
def test_a_list_experiment_is_held_to_its_form(old, new, reason):
    assert old in TEN
    with pytest.raises(FormatError) as caught:
        parse_questionnaire(TEN.replace(old, new, 1), "ten.yaml", packaged_code_book())
    assert any(reason in problem.en for problem in caught.value.problems), str(caught.value)


@given(st.sampled_from(SSQ.items), st.text(max_size=12))
def test_a_cell_is_an_accepted_value_or_refused(item, cell):
    try:
        value = SSQ.read_cell(item.id, cell)
    except ValueError:
        return
    assert value is None or SSQ.accepts(item.id, value)


MISTAKES = {
    "schema": ("csat-survey/1", "csat-survey/2", 3, "", "choose csat-survey/1"),
    "window": ("close_after: 30", "close_after: 3", 12, "", "cannot lie before"),
    "range": ("    min: 0", "    min: 11", 70, "", "must lie above min"),
    "scale value twice": ("  - value: 4\n    zh: 满意", "  - value: 5\n    zh: 满意", 20, "", "holds a value twice"),
    "role": ("role: screening", "role: screner", 99, "SSQ-SCR-01", "did you mean 'screening'?"),
    "scale": ("  scale: YNU", "  scale: YN", 100, "SSQ-SCR-01", "did you mean 'YNU'?"),
    "adverse": ("adverse: 'no'", "adverse: never", 105, "SSQ-SCR-01", "is not an answer"),
    "signal": ("signal: G01", "signal: G77", 106, "SSQ-SCR-01", "choose G01"),
    "not in survey": ("touchpoint: SAL_LEAD", "touchpoint: SAL_NURTURE", 108, "SSQ-DRV-01", "not marked in_survey"),
    "driver scale": (
        "role: driver\n  scale: SAT5",
        "role: driver\n  scale: YNU",
        110,
        "SSQ-DRV-01",
        "consecutive whole numbers",
    ),
    "repeated id": ("id: SSQ-DRV-02", "id: SSQ-DRV-01", 116, "SSQ-DRV-01", "used twice"),
    "pair": ("pair: SSQ-EXP-01\n", "pair: SSQ-EXP-99\n", None, "", "one expectation followed by one experience"),
    "unknown key": (
        "  required: true\n",
        "  required: true\n  colour: red\n",
        105,
        "SSQ-SCR-01",
        "unknown key 'colour'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_names_line_and_item(mistake):
    old, new, line, item, en = MISTAKES[mistake]
    assert old in SOURCE
    with pytest.raises(FormatError) as caught:
        parse_questionnaire(SOURCE.replace(old, new, 1), "ssq.yaml", packaged_code_book())
    matching = [problem for problem in caught.value.problems if en in problem.en]
    assert matching, str(caught.value)
    assert matching[0].item == item
    assert line is None or matching[0].line == line, str(caught.value)
