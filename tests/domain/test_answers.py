# ruff: noqa: E501 - one case a line reads better than wrapped tables
"""Every answer that does not fit its item is refused with the item and the reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.answers import MOST_PROBLEMS, check_answers
from audit_api.domain.checklists import Comparison, Critical, Evidence, Integrity
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.relevance import visible_items
from audit_api.domain.submission_rules import check_submission, distance_metres

FIX = {"lat": 30.2741, "lon": 120.1551, "accuracy_m": 8, "fixed_at": "2026-11-20T10:02:11+08:00"}
GOOD = {
    "yes_no": ["yes", "no", "na", None],
    "scale5": [1, 5, "na"],
    "single": ["best", "none"],
    "multi": [[], ["a"], ["a", "c"], ("a",)],
    "number": [0, 3, 2.75, 1_000_000],
    "duration_min": [0, 0.5, 90],
    "text": ["", "好", "na", "tab\tand\nline"],
    "narrative": ["好" * 20_000],
    "photo": [[], ["1"], ["ab" * 32]],
    "auto_gps": [FIX, FIX | {"datum": "GCJ-02"}],
    "auto_time": ["2026-11-20T10:02:11+08:00", "2026-11-20T02:02:11Z"],
}
BAD = {
    "yes_no": [("maybe", "unknown_option"), (True, "wrong_type"), (1, "wrong_type"), ([], "wrong_type"), ({}, "wrong_type")],
    "scale5": [
        (0, "out_of_range"), (6, "out_of_range"), (2**70, "out_of_range"), (-1, "out_of_range"), (3.0, "wrong_type"),
        ("3", "wrong_type"), (True, "wrong_type"), (float("nan"), "wrong_type"), ([3], "wrong_type"),
    ],
    "single": [("zzz", "unknown_option"), (["best"], "wrong_type"), (1, "wrong_type"), ("\ud800", "unknown_option")],
    "multi": [
        ("a", "wrong_type"), (["a", "zzz"], "unknown_option"), (["a", "a"], "repeated"), ([["a"]], "wrong_type"),
        (["a"] * 10_000, "repeated"), ({"a": True}, "wrong_type"),
    ],
    "number": [
        (float("nan"), "out_of_range"), (float("inf"), "out_of_range"), (-float("inf"), "out_of_range"),
        (2**70, "out_of_range"), (10**4999, "out_of_range"), (-1, "out_of_range"), ("3", "wrong_type"),
        (True, "wrong_type"), ([1], "wrong_type"),
    ],
    "duration_min": [(0.25, "bad_step"), (-0.5, "out_of_range"), (1e300, "out_of_range"), ("5", "wrong_type")],
    "text": [(5, "wrong_type"), ("x" * 1001, "too_long"), ("\ud800", "unprintable"), ("a\x00b", "unprintable"), ([], "wrong_type")],
    "narrative": [("x" * 20_001, "too_long")],
    "photo": [("abc", "wrong_type"), ([1], "wrong_type"), ([""], "wrong_type"), (["../x"], "wrong_type"), (["a"] * 51, "too_long")],
    "auto_gps": [
        ({}, "wrong_type"), ("30,120", "wrong_type"), (FIX | {"lat": 91}, "out_of_range"), (FIX | {"lon": "1"}, "wrong_type"),
        (FIX | {"lat": float("nan")}, "out_of_range"), (FIX | {"accuracy_m": -1}, "out_of_range"), (FIX | {"$x": 1}, "wrong_type"),
        (FIX | {"fixed_at": "2026-11-20T10:02:11"}, "wrong_type"), (FIX | {"datum": "moon"}, "wrong_type"),
        (FIX | {"datum": []}, "wrong_type"),
    ],
    "auto_time": [
        ("2026-11-20T10:02:11", "wrong_type"), ("yesterday", "wrong_type"), (5, "wrong_type"), ("1" * 5000, "wrong_type"),
        ("0001-01-01T00:00:00+08:00", "out_of_range"), ("9999-12-31T23:59:59-12:00", "out_of_range"),
    ],
}  # fmt: skip


def test_it_works():
    made = next(one for one in packaged_checklists() if one.code == "SMS")
    assert check_answers(made, {"SMS-PRI-01": "yes", "SMS-LEAD-01": 12.5}, {"SMS-PRI-01": "报价单清楚"}) == []
    problems = check_answers(made, {"SMS-PRI-01": "perhaps", "XXX-01": 1})
    assert [(problem.item, problem.code) for problem in problems] == [
        ("SMS-PRI-01", "unknown_option"),
        ("XXX-01", "unknown_item"),
    ]
    assert "yes、no" in problems[0].zh and "yes, no" in problems[0].en


@pytest.mark.parametrize(
    ("kind", "value"),
    [pytest.param(kind, value, id=f"{kind}-{n}") for kind in GOOD for n, value in enumerate(GOOD[kind])],
)
def test_what_fits_is_taken(checklist, item, kind, value):
    made = checklist((100, [item("A", kind, weight=0)]))
    assert check_answers(made, {"A": value}) == []


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [pytest.param(kind, *pair, id=f"{kind}-{n}-{pair[1]}") for kind in BAD for n, pair in enumerate(BAD[kind])],
)
def test_what_does_not_fit_is_refused(checklist, item, kind, value, code):
    made = checklist((100, [item("A", kind, weight=0)]))
    (problem,) = check_answers(made, {"A": value})
    assert (problem.item, problem.code) == ("A", code)
    assert problem.zh != problem.en
    json.dumps(problem.as_document(), ensure_ascii=False).encode()


@pytest.mark.parametrize("kind", ["yes_no", "scale5", "single", "multi", "number", "photo", "auto_gps", "auto_time"])
def test_not_applicable_is_refused_where_it_is_not_offered(checklist, item, kind):
    made = checklist((100, [item("A", kind, weight=0, allow_na=False)]))
    assert [problem.code for problem in check_answers(made, {"A": "na"})] == ["na_not_allowed"]


def test_na_is_just_a_word_in_a_text_that_offers_no_na(checklist, item):
    made = checklist((100, [item("A", "text", weight=0, allow_na=False, required=True)]))
    assert check_answers(made, {"A": "na"}) == []
    assert check_submission(made, {"A": "na"}) == []


def test_a_number_that_is_not_finite_is_called_so(checklist, item):
    (problem,) = check_answers(checklist((100, [item("A", "number")])), {"A": float("nan")})
    assert "finite" in problem.en and "有限" in problem.zh


def test_a_percentage_may_be_negative_and_a_count_may_not(checklist, item):
    made = checklist((100, [item("A", "number", unit="percent"), item("B", "number", unit="job")]))
    assert [problem.item for problem in check_answers(made, {"A": -5, "B": -5})] == ["B"]


@pytest.mark.parametrize(("comment", "code"), [("x" * 4001, "too_long"), ("\ud800", "unprintable"), (5, "wrong_type")])
def test_comments_are_checked_too(checklist, item, comment, code):
    made = checklist((100, [item("A")]))
    assert [problem.code for problem in check_answers(made, {}, {"A": comment})] == [code]
    assert [problem.code for problem in check_answers(made, {}, {"Z": "x"})] == ["unknown_item"]
    assert check_answers(made, {}, {"A": None}) == []


def test_the_list_of_problems_is_bounded_and_printable(checklist, item):
    made = checklist((100, [item("A")]))
    problems = check_answers(made, {f"\ud800{number}" * 50: 1 for number in range(5000)})
    assert len(problems) == MOST_PROBLEMS
    assert all(len(problem.item) <= 60 and problem.item.encode() for problem in problems)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(["na", "yes"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(packaged_checklists()), st.data())
def test_nothing_makes_the_checks_crash_and_what_passes_can_be_scored(made, data):
    from audit_api.domain.scoring import score_visit

    answers = {one.id: data.draw(ANYTHING) for one in data.draw(st.lists(st.sampled_from(made.items), max_size=6))}
    visible_items(made, answers)
    wrong = {problem.item for problem in check_answers(made, answers)}
    kept = {key: value for key, value in answers.items() if key not in wrong}
    score_visit(made, kept)
    check_submission(made, kept)


def codes(problems):
    return [(problem.item, problem.code) for problem in problems]


def test_a_submission_needs_every_required_item_that_is_shown(checklist, item):
    made = checklist(
        (100, [
            item("A", required=True),
            item("B", required=True, show_if=Comparison("A", "eq", "yes")),
            item("C", required=True),
            item("D", "photo", weight=0, required=True),
            item("E", "narrative", weight=0, required=True, allow_na=False, min_chars=5),
        ])
    )  # fmt: skip
    assert codes(check_submission(made, {"A": "no", "C": "na", "E": "四个字 "})) == [
        ("D", "required"),
        ("E", "too_short"),
    ]
    assert codes(check_submission(made, {"A": "yes", "C": "na", "E": " "}, {}, {"D": 1})) == [
        ("B", "required"),
        ("E", "required"),
    ]
    assert codes(check_submission(made, {"A": "no", "C": "na", "D": [], "E": "五个字才够"})) == [("D", "required")]
    assert check_submission(made, {"A": "no", "B": "no", "C": "yes", "D": ["p"], "E": "五个字才够"}) == []


def test_an_adverse_answer_needs_a_comment(checklist, item):
    made = checklist(
        (100, [
            item("A", weight=0, integrity=Integrity("G06", "in", ("yes",))),
            item("B", "number", weight=0, integrity=Integrity("G02", "gte", (1,))),
            item("C", weight=0, integrity=Integrity("G05", "context")),
        ])
    )  # fmt: skip
    adverse = {"A": "yes", "B": 1, "C": "yes"}
    assert codes(check_submission(made, adverse)) == [("A", "comment_adverse"), ("B", "comment_adverse")]
    assert codes(check_submission(made, adverse, {"A": "原话", "B": "  "})) == [("B", "comment_adverse")]
    assert check_submission(made, {"A": "no", "B": 0, "C": "yes"}) == []


def test_a_failed_critical_item_needs_a_comment(checklist, item):
    made = checklist((100, [item("A", critical=Critical("total", 59)), item("B")]))
    assert codes(check_submission(made, {"A": "no", "B": "no"})) == [("A", "comment_critical")]
    assert check_submission(made, {"A": "no"}, {"A": "seen at the desk"}) == []
    assert check_submission(made, {"A": "yes"}) == []


def test_a_fix_over_300_metres_off_needs_a_comment(checklist, item):
    made = checklist((100, [item("A", "auto_gps", weight=0)]))
    near, far = (30.2766, 120.1551), (30.2770, 120.1551)  # 278 m and 322 m further north
    assert check_submission(made, {"A": FIX}, dealer_position=near) == []
    assert codes(check_submission(made, {"A": FIX}, dealer_position=far)) == [("A", "comment_distance")]
    assert check_submission(made, {"A": FIX}, {"A": "gate closed"}, dealer_position=far) == []
    assert check_submission(made, {"A": FIX}) == []


@pytest.mark.parametrize(
    ("rule", "value", "needed"),
    [("always", "yes", True), ("on_fail", "no", True), ("on_fail", "yes", False), ("on_adverse", "no", True),
     ("on_adverse", "yes", False), ("optional", "no", False), ("none", "no", False)],
)  # fmt: skip
def test_photos_by_rule(checklist, item, rule, value, needed):
    integrity = {"integrity": Integrity("G07", "in", ("no",)), "weight": 0} if rule == "on_adverse" else {}
    made = checklist((100, [item("A", evidence=Evidence(rule, 2), **integrity)]))
    problems = check_submission(made, {"A": value}, {"A": "why"}, {"A": 1})
    assert codes(problems) == ([("A", "photos_missing")] if needed else [])
    assert check_submission(made, {"A": value}, {"A": "why"}, {"A": 2}) == []


def test_distance_of_a_degree_of_latitude():
    assert distance_metres((0, 0), (1, 0)) == pytest.approx(111_195, rel=1e-4)
    assert distance_metres((10, 179.9), (10, -179.9)) == pytest.approx(21_901, rel=1e-3)
