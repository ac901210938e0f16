# ruff: noqa: E501 - one case a line reads better than wrapped tables
"""Every mistake an author can make is named with file, line, item and what to do; nothing hostile crashes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.checklist_document import from_document, to_document
from audit_api.domain.checklist_format import parse_checklist
from audit_api.domain.checklists import AllOf, AnyOf, Comparison
from audit_api.domain.packaged import packaged_checklists, packaged_checklists_dir, packaged_code_book
from audit_api.domain.source_text import MAX_PROBLEMS, FormatError
from audit_api.domain.touchpoint_format import parse_code_book

SOURCE = """\
schema: dealer-checklist/1
code: TST
version: 1
title: {zh: 测试检查表, en: Test checklist}
mode: covert
domain: sales
expected_duration_min: 30
capture: open
thresholds: {pass: 80, watch: 60}
sections:
- code: FIRST
  title: {zh: 第一节, en: First}
  weight: 100
  items:
  - id: TST-ONE-01
    touchpoint: SAL_LEAD
    type: yes_no
    text: {zh: 问题, en: Question}
    guidance: {zh: 说明, en: Guidance}
    weight: 3
    required: true
    allow_na: false
    pass_on: yes
    evidence: {rule: none}
    expectations: [E52]
  - id: TST-ONE-02
    touchpoint: SAL_LEAD
    type: single
    text: {zh: 问题, en: Question}
    guidance: {zh: 说明, en: Guidance}
    weight: 2
    required: true
    allow_na: true
    options:
    - {code: good, zh: 好, en: Good, score: 100}
    - {code: poor, zh: 差, en: Poor, score: 0}
    show_if: {item: TST-ONE-01, op: eq, value: yes}
    evidence: {rule: on_fail, min_photos: 1, of: {zh: 照片, en: Photo}}
    expectations: []
    critical: {cap: total, max_score: 59, fail_below: 50}
  - id: TST-ONE-03
    touchpoint: XCT_INTEGRITY
    type: number
    text: {zh: 问题, en: Question}
    guidance: {zh: 说明, en: Guidance}
    weight: 1
    required: true
    allow_na: true
    unit: job
    bands:
    - {up_to: 2, score: 100}
    - {up_to: null, score: 0}
    evidence: {rule: none}
    expectations: []
"""
INTEGRITY = "    integrity: {signal: G05, adverse: yes}\n"


def problems_of(source: str, file: str = "tst.yaml"):
    with pytest.raises(FormatError) as caught:
        parse_checklist(source, file, packaged_code_book())
    return caught.value.problems


def test_it_works():
    made = parse_checklist(SOURCE, "tst.yaml", packaged_code_book())
    assert (made.code, made.version, len(made.items)) == ("TST", 1, 3)
    assert made.item("TST-ONE-01").pass_on == "yes"
    assert made.item("TST-ONE-02").show_if == Comparison("TST-ONE-01", "eq", "yes")
    with pytest.raises(KeyError):
        made.item("TST-ONE-99")


def test_json_is_read_too():
    made = parse_checklist(SOURCE)
    assert parse_checklist(json.dumps(to_document(made), ensure_ascii=False)) == made


@pytest.mark.parametrize("made", packaged_checklists(), ids=lambda made: made.code)
def test_packaged_checklists_survive_the_wire(made):
    assert from_document(json.loads(json.dumps(to_document(made)))) == made
    assert len(made.items) == {"AAA": 52, "AMS": 55, "SAA": 49, "SMS": 52}[made.code]
    assert sum(section.weight for section in made.sections) == 100


def test_packaged_item_ids_are_unique_over_all_checklists():
    ids = [item.id for made in packaged_checklists() for item in made.items]
    assert len(set(ids)) == len(ids)


# (what is replaced, by what, line of the problem, item, a word of the zh and of the en message)
MISTAKES = {
    "not yaml": ("mode: covert", "mode: [covert", 6, "", "YAML", "not valid YAML"),
    "tab": ("mode: covert", "mode:\n\tcovert", 6, "", "YAML", "not valid YAML"),
    "schema": ("dealer-checklist/1", "dealer-checklist/9", 1, "", "可选", "dealer-checklist/1"),
    "missing top key": ("mode: covert\n", "", 1, "", "缺少", "'mode' is missing"),
    "code shape": ("code: TST\n", "code: tst\n", 2, "", "SMS", "write it like SMS"),
    "version type": ("version: 1", "version: one", 3, "", "整数", "must be a whole number"),
    "version bool": ("version: 1", "version: true", 3, "", "整数", "not true or false"),
    "version quoted": ("version: 1", "version: '1'", 3, "", "整数", "must be a whole number"),
    "version huge": ("version: 1", "version: 1" + "0" * 5000, 3, "", "整数", "must be a whole number"),
    "version range": ("version: 1", "version: 0", 3, "", "之间", "must lie between"),
    "nan": ("weight: 3", "weight: .nan", 20, "TST-ONE-01", "整数", "must be a whole number"),
    "mode": ("mode: covert", "mode: covrt", 5, "", "可选", "did you mean 'covert'?"),
    "unknown key": ("capture: open", "capture: open\ncolour: red", 9, "", "未知", "unknown key 'colour'"),
    "misspelt key": ("    weight: 3", "    weight: 3\n    requird: true", 21, "TST-ONE-01", "未知", "did you mean 'required'?"),
    "repeated key": ("    weight: 3", "    weight: 3\n    weight: 4", 21, "", "重复", "first on line 20"),
    "list for mapping": ("title: {zh: 测试检查表, en: Test checklist}", "title: [a]", 4, "", "映射", "must be a mapping"),
    "mapping for list": ("expectations: [E52]", "expectations: {a: b}", 25, "TST-ONE-01", "列表", "must be a list"),
    "missing translation": ("title: {zh: 测试检查表, en: Test checklist}", "title: {zh: 测试检查表}", 4, "", "缺少", "'title.en' is missing"),
    "wrong language": ("{zh: 第一节, en: First}", "{zh: 第一节, en: 第一}", 12, "", "英文", "holds Chinese"),
    "not translated": ("{zh: 第一节, en: First}", "{zh: First, en: First}", 12, "", "没有中文", "holds no Chinese"),
    "text too long": ("en: Question}\n    guidance", f"en: {'x' * 2001}}}\n    guidance", 18, "TST-ONE-01", "字符", "1 to 2000 characters"),
    "section weights": ("  weight: 100", "  weight: 90", 10, "", "应为 100", "sum to 90"),
    "scored item in unscored section": ("  weight: 100", "  weight: 0", 13, "TST-ONE-01", "不计分", "cannot stand in section FIRST"),
    "id of another checklist": ("id: TST-ONE-01", "id: XXX-ONE-01", 15, "XXX-ONE-01", "TST-VIS-01", "write it like TST-VIS-01"),
    "repeated id": ("id: TST-ONE-02", "id: TST-ONE-01", 26, "TST-ONE-01", "首次在第 15 行", "first on line 15"),
    "missing id": ("  - id: TST-ONE-01\n    touch", "  - touch", 15, "", "缺少", "'id' is missing"),
    "touchpoint": ("touchpoint: XCT_INTEGRITY", "touchpoint: XCT_NOWHERE", 42, "TST-ONE-03", "触点", "not in touchpoints.yaml"),
    "expectation": ("[E52]", "[E99]", 25, "TST-ONE-01", "期望", "'E99' is not in"),
    "type": ("type: yes_no", "type: yesno", 17, "TST-ONE-01", "可选", "did you mean 'yes_no'?"),
    "item weight": ("    weight: 3", "    weight: 6", 20, "TST-ONE-01", "之间", "between 0 and 5"),
    "flag": ("    allow_na: false", "    allow_na: no", 22, "TST-ONE-01", "true 或 false", "must be true or false"),
    "pass_on missing": ("    pass_on: yes\n", "", 15, "TST-ONE-01", "缺少", "'pass_on' is missing"),
    "key of another type": ("type: number", "type: yes_no\n    pass_on: no", 50, "TST-ONE-03", "未知", "unknown key 'unit'"),
    "unscored type with weight": ("type: yes_no", "type: text", 20, "TST-ONE-01", "从不计分", "is never scored"),
    "option code": ("code: poor", "code: na", 36, "TST-ONE-02", "allow_na", "use allow_na"),
    "option twice": ("code: poor", "code: good", 34, "TST-ONE-02", "重复", "same code"),
    "single without 100": ("en: Good, score: 100", "en: Good, score: 90", 34, "TST-ONE-02", "100 分", "scores 100"),
    "option score": ("en: Poor, score: 0", "en: Poor, score: 101", 36, "TST-ONE-02", "之间", "between 0 and 100"),
    "one option only": ("    - {code: poor, zh: 差, en: Poor, score: 0}\n", "", 34, "TST-ONE-02", "现有 1 项", "it has 1"),
    "bands missing": ("    bands:\n    - {up_to: 2, score: 100}\n    - {up_to: null, score: 0}\n", "", 43, "TST-ONE-03", "bands", "needs bands"),
    "band order": ("{up_to: 2, score: 100}", "{up_to: 2, score: 100}\n    - {up_to: 1, score: 50}", 50, "TST-ONE-03", "递增", "must rise"),
    "last band closed": ("up_to: null", "up_to: 9", 50, "TST-ONE-03", "null", "null in the last"),
    "band without 100": ("{up_to: 2, score: 100}", "{up_to: 2, score: 99}", 50, "TST-ONE-03", "100 分", "one band must score 100"),
    "unit missing": ("    unit: job\n", "", 41, "TST-ONE-03", "缺少", "'unit' is missing"),
    "evidence rule": ("rule: on_fail", "rule: onfail", 38, "TST-ONE-02", "可选", "did you mean 'on_fail'?"),
    "evidence without of": (", of: {zh: 照片, en: Photo}", "", 38, "TST-ONE-02", "缺少", "'evidence.of' is missing"),
    "evidence without photos": ("min_photos: 1", "min_photos: 0", 38, "TST-ONE-02", "至少要 1 张", "at least 1"),
    "photos without rule": ("{rule: none}\n    expectations: [E52]", "{rule: none, min_photos: 1}\n    expectations: [E52]", 24, "TST-ONE-01", "应为 0", "must be 0"),
    "on_adverse alone": ("rule: on_fail", "rule: on_adverse", 38, "TST-ONE-02", "integrity", "needs an integrity part"),
    "condition later": ("item: TST-ONE-01, op", "item: TST-ONE-03, op", 37, "TST-ONE-02", "不在本题之前", "does not come earlier"),
    "condition operator": ("op: eq", "op: equals", 37, "TST-ONE-02", "可选", "choose eq"),
    "condition answer": ("op: eq, value: yes", "op: eq, value: maybe", 37, "TST-ONE-02", "不是 TST-ONE-01 的答案", "not an answer of TST-ONE-01"),
    "condition order": ("op: eq, value: yes", "op: lt, value: yes", 37, "TST-ONE-02", "没有大小顺序", "has no order"),
    "condition value": ("op: eq, value: yes", "op: eq, value: {a: b}", 37, "TST-ONE-02", "文字或数字", "only text or numbers"),
    "condition without value": ("op: eq, value: yes", "op: eq", 37, "TST-ONE-02", "缺少", "'show_if.value' is missing"),
    "answered with value": ("op: eq, value: yes", "op: answered, value: yes", 37, "TST-ONE-02", "不需要", "takes no value"),
    "condition empty": ("{item: TST-ONE-01, op: eq, value: yes}", "{all: []}", 37, "TST-ONE-02", "现有 0 项", "it has 0"),
    "condition both": ("{item: TST-ONE-01, op", "{any: [{item: TST-ONE-01, op: answered}], item: TST-ONE-01, op", 37, "TST-ONE-02", "只能取一个", "use one of"),
    "critical cap": ("cap: total", "cap: all", 40, "TST-ONE-02", "可选", "choose touchpoint, total"),
    "critical unscored": ("    weight: 2", "    weight: 0", 40, "TST-ONE-02", "权重须大于 0", "needs a weight above 0"),
    "integrity with weight": ("    expectations: [E52]\n", "    expectations: [E52]\n" + INTEGRITY, 20, "TST-ONE-01", "必须为 0", "must have weight 0"),
    "integrity signal": ("    expectations: [E52]\n", "    expectations: [E52]\n" + INTEGRITY.replace("G05", "G99"), 26, "TST-ONE-01", "可选", "choose G01"),
    "integrity answer": ("    expectations: [E52]\n", "    expectations: [E52]\n" + INTEGRITY.replace("yes", "often"), 26, "TST-ONE-01", "不是本题的答案", "is not an answer"),
    "thresholds": ("watch: 60", "watch: 90", 9, "", "不能高于", "cannot lie above"),
    "alias": ("code: TST\n", "code: &a TST\n", 2, "", "锚点", "anchors and aliases"),
    "alias of nothing": ("code: TST\n", "code: *a\n", 2, "", "别名", "anchors and aliases"),
    "tag": ("code: TST\n", "code: !!python/object/apply:os.system [ls]\n", 2, "", "标签", "is not supported"),
    "second document": ("sections:", "---\nsections:", 10, "", "一份文档", "second document"),
    "list as key": ("code: TST\n", "? [a]\n: TST\n", 2, "", "键必须是文字", "a key must be a word"),
    "control character": ("code: TST\n", "code: T\x07ST\n", 2, "", "控制字符", "unprintable"),
    "surrogate": ("code: TST\n", "code: T\ud800ST\n", 2, "", "控制字符", "unprintable"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_names_file_line_item_and_what_to_do(mistake):
    old, new, line, item, zh, en = MISTAKES[mistake]
    assert SOURCE.count(old), "the test edits nothing"
    problems = problems_of(SOURCE.replace(old, new, 1))
    matching = [problem for problem in problems if en in problem.en]
    assert matching, [problem.sentence("en") for problem in problems]
    problem = matching[0]
    assert (problem.file, problem.line, problem.item) == ("tst.yaml", line, item), problem.sentence("en")
    assert zh in problem.zh
    assert problem.sentence("en").startswith(f"tst.yaml:{line}: ")


def test_problems_are_collected_in_the_order_of_the_file():
    source = SOURCE.replace("mode: covert", "mode: x").replace("weight: 3", "weight: 9").replace("cap: total", "cap: x")
    assert [problem.line for problem in problems_of(source)] == [5, 20, 40]


def test_several_problems_are_bounded():
    items = "".join(f"  - id: TST-ONE-{n}\n" for n in range(100, 400))
    assert len(problems_of(SOURCE + items)) == MAX_PROBLEMS


def test_conditions_join_and_nest():
    nested = "{all: [{any: [{item: TST-ONE-01, op: eq, value: yes}, {item: TST-ONE-01, op: answered}]}, {item: TST-ONE-01, op: in, value: [yes, no]}]}"
    made = parse_checklist(SOURCE.replace("{item: TST-ONE-01, op: eq, value: yes}", nested))
    first = AnyOf((Comparison("TST-ONE-01", "eq", "yes"), Comparison("TST-ONE-01", "answered")))
    assert made.item("TST-ONE-02").show_if == AllOf((first, Comparison("TST-ONE-01", "in", ("yes", "no"))))
    assert from_document(json.loads(json.dumps(to_document(made)))) == made


@pytest.mark.parametrize(
    "hostile",
    [
        "", "   ", "#", "null", "5", "[]", "{}", "a: b", "- a", "[" * 500, "{a: " * 500, "[" * 100_000, "x" * 900_000,
        "a: &a [1]\n" + "".join(f"b{n}: [*a, *a]\n" for n in range(50)), "\x00", "\ud800", "%YAML 9.9\n---\na: b", "? ?", "!!binary x",
        "<<: {a: b}", "a: 1e999", "a: .inf", "sections: [" + "5," * 600 + "]", '"\\ud800": 1', "a: \"\\0\"", "\ufeff{}", "@", "`", "a: 'b",
    ],
    ids=range(29),
)  # fmt: skip
def test_hostile_sources_get_messages(hostile):
    assert problems_of(hostile)
    for problem in problems_of(hostile):
        assert problem.line >= 1 and problem.zh and problem.en
        problem.sentence("zh").encode()


@given(st.integers(0, len(SOURCE)), st.integers(0, 40), st.text(max_size=8))
def test_damaged_sources_are_read_or_refused(start, length, inserted):
    damaged = SOURCE[:start] + inserted + SOURCE[start + length :]
    try:
        parse_checklist(damaged, "tst.yaml", packaged_code_book())
    except FormatError as error:
        assert all(problem.line <= damaged.count("\n") + len(damaged.splitlines()) + 1 for problem in error.problems)


def test_the_code_book_is_well_formed_and_its_mistakes_are_named():
    source = (packaged_checklists_dir() / "touchpoints.yaml").read_text("utf-8")
    book = packaged_code_book()
    assert len(book.touchpoints) == 39 and book.touchpoint("SAL_LEAD").in_survey
    with pytest.raises(FormatError, match="'SAL_LEAD' is listed twice"):
        parse_code_book(source.replace("code: SAL_PHONE", "code: SAL_LEAD"))
    with pytest.raises(FormatError, match=r"touchpoints.yaml:4: 'touchpoints\[1\].domain' cannot be 'sale'"):
        parse_code_book(source.replace("domain: sales", "domain: sale", 1))
