"""score_visit against examples worked by hand, and the properties any scoring must have."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.checklists import Checklist, Comparison, Critical, Integrity, Item
from audit_api.domain.item_rules import scorer
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.relevance import visible_items
from audit_api.domain.scoring import audit_levels, score_visit, shown_score

PACKAGED = {made.code: made for made in packaged_checklists()}


def test_it_works(checklist, item):
    """The worked example of the format: 66.67 and 81.25 make 72.5; a total cap makes 59."""
    made = checklist(
        (60, [item("A", weight=4), item("B", weight=2), item("C", weight=3)]),
        (40, [item("D", "scale5", weight=3), item("E", "scale5", weight=1)]),
    )
    score = score_visit(made, {"A": "yes", "B": "no", "C": "na", "D": 4, "E": 5})
    assert [section.score for section in score.sections] == [pytest.approx(400 / 6), 81.25]
    assert (score.raw, score.capped) == (72.5, 72.5)
    assert score.coverage == 10 / 13
    assert score.triggered_by == ()


def test_a_failed_critical_item_caps_the_total_and_leaves_the_raw(checklist, item):
    made = checklist(
        (60, [item("A", weight=4), item("B", weight=2, critical=Critical("total", 59)), item("C", weight=3)]),
        (40, [item("D", "scale5", weight=3), item("E", "scale5", weight=1)]),
    )
    score = score_visit(made, {"A": "yes", "B": "no", "C": "na", "D": 4, "E": 5})
    assert (score.raw, score.capped, score.triggered_by) == (72.5, 59.0, ("B",))
    assert score.sections[0].score == pytest.approx(400 / 6)
    passed = score_visit(made, {"A": "yes", "B": "yes", "D": 4, "E": 5})
    assert (passed.capped, passed.triggered_by) == (passed.raw, ())


def test_a_critical_item_at_the_limit_itself_has_not_failed(checklist, item):
    made = checklist((100, [item("A", "scale5", critical=Critical("total", 10)), item("B")]))
    assert score_visit(made, {"A": 3, "B": "yes"}).capped == 75
    assert score_visit(made, {"A": 2, "B": "yes"}).capped == 10


def test_of_several_caps_the_lowest_wins_and_a_cap_never_lifts(checklist, item):
    caps = [item(name, critical=Critical("total", limit)) for name, limit in (("A", 69), ("B", 59), ("C", 90))]
    made = checklist((100, [*caps, *[item(f"P{n}", weight=5) for n in range(9)]]))
    answers = {"A": "no", "B": "no", "C": "no"} | {f"P{n}": "yes" for n in range(9)}
    score = score_visit(made, answers)
    assert score.raw == pytest.approx(4500 / 48)
    assert (score.capped, score.triggered_by) == (59, ("A", "B", "C"))
    low = score_visit(made, answers | {f"P{n}": "no" for n in range(9)})
    assert (low.raw, low.capped) == (0, 0)


def test_a_touchpoint_cap_stays_at_its_touchpoint(checklist, item):
    made = checklist(
        (50, [item("A", weight=3), item("B", weight=1, critical=Critical("touchpoint", 40))]),
        (50, [item("C", weight=2, touchpoint="T2"), item("D", weight=2)]),
    )
    score = score_visit(made, {"A": "yes", "B": "no", "C": "yes", "D": "yes"})
    first, second = score.touchpoints
    assert (first.code, first.raw, first.capped, first.triggered_by) == ("T1", 500 / 6, 40, ("B",))
    assert (second.raw, second.capped, second.triggered_by) == (100, 100, ())
    assert (score.raw, score.capped, score.triggered_by) == (87.5, 87.5, ())


def test_a_section_without_a_score_hands_its_weight_on(checklist, item):
    made = checklist((30, [item("A")]), (50, [item("B", "scale5")]), (20, [item("C")]))
    score = score_visit(made, {"A": "na", "B": 4, "C": "no"})
    assert score.sections[0].score is None
    assert score.raw == pytest.approx(50 * 75 / 70)


def test_nothing_answered_scores_nothing_rather_than_zero(checklist, item):
    score = score_visit(checklist((100, [item("A"), item("B")])), {})
    assert (score.raw, score.capped, score.coverage, score.sufficient) == (None, None, 0, False)
    assert score.touchpoints == ()
    assert {result.reason for result in score.items} == {"unanswered"}


def test_every_item_says_why_it_does_not_count(checklist, item):
    made = checklist(
        (100, [
            item("COUNTS"),
            item("NA"),
            item("OPEN"),
            item("REJECTED"),
            item("NOSCORE", "single"),
            item("HIDDEN", show_if=Comparison("NA", "eq", "yes")),
            item("UNSCORED", weight=0, integrity=Integrity("G05", "in", ("yes",))),
        ])
    )  # fmt: skip
    answers = {"COUNTS": "no", "NA": "na", "REJECTED": "yes", "NOSCORE": "none", "HIDDEN": "yes", "UNSCORED": "yes"}
    score = score_visit(made, answers, frozenset({"REJECTED"}))
    assert {result.item: result.reason for result in score.items} == {
        "COUNTS": None, "NA": "not_applicable", "OPEN": "unanswered", "REJECTED": "unverified",
        "NOSCORE": "no_score", "HIDDEN": "hidden", "UNSCORED": "unscored",
    }  # fmt: skip
    assert (score.raw, score.applicable_weight, score.visible_weight) == (0, 1, 5)
    assert [result.item for result in score.failed_items()] == ["COUNTS"]


def test_coverage_marks_sections_below_half_and_totals_below_seventy_percent(checklist, item):
    made = checklist((50, [item("A", weight=1), item("B", weight=1)]), (50, [item("C", weight=1), item("D", weight=2)]))
    score = score_visit(made, {"A": "yes", "B": "na", "C": "yes", "D": "na"})
    assert [(section.coverage, section.insufficient) for section in score.sections] == [(0.5, False), (1 / 3, True)]
    assert score.coverage == 2 / 5 and not score.sufficient
    assert score_visit(made, {"A": "yes", "B": "yes", "C": "na", "D": "yes"}).sufficient


def test_an_unverified_critical_item_caps_nothing(checklist, item):
    made = checklist((100, [item("A", critical=Critical("total", 59)), item("B")]))
    score = score_visit(made, {"A": "no", "B": "yes"}, frozenset({"A"}))
    assert (score.raw, score.capped, score.triggered_by) == (100, 100, ())


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("scale5", 1, 0), ("scale5", 2, 25), ("scale5", 3, 50), ("scale5", 5, 100),
        ("single", "fair", 40), ("single", "none", None),
        ("multi", [], 0), ("multi", ["b", "c"], 70), ("multi", ["a", "b", "c"], 100),
        ("number", 15, 100), ("number", 15.01, 85), ("number", 30, 85), ("number", 61, 0), ("number", 0, 100),
        ("duration_min", 60, 30), ("duration_min", 60.5, 0),
    ],
)  # fmt: skip
def test_each_type_by_hand(item, kind, value, expected):
    assert scorer(item("A", kind))(value) == expected


def test_pass_on_no_earns_its_points_for_no(item):
    assert scorer(item("A", pass_on="no"))("no") == 100
    assert scorer(item("A", pass_on="no"))("yes") == 0


def test_a_value_that_is_no_answer_is_named(checklist, item):
    with pytest.raises(ValueError, match="A: 'perhaps'"):
        score_visit(checklist((100, [item("A")])), {"A": "perhaps"})


def test_the_gap_takes_raw_levels_without_traces(checklist, item):
    made = checklist(
        (100, [item("A", critical=Critical("touchpoint", 10)), item("B", weight=3), item("C", touchpoint="T2")])
    )
    score = score_visit(made, {"A": "no", "B": "yes", "C": "yes"})
    assert audit_levels(score.items) == {"T1": 75, "T2": 100}
    assert audit_levels(score.items, frozenset({"A", "C"})) == {"T1": 100}


@pytest.mark.parametrize(("score", "shown"), [(72.25, 72.3), (72.249, 72.2), (0.05, 0.1), (66.65, 66.7), (100.0, 100)])
def test_scores_are_shown_with_one_decimal_rounded_half_up(score, shown):
    assert shown_score(score) == shown


def choices(item: Item) -> list[Any]:
    """Answers that reach every score of an item."""
    if item.type == "yes_no":
        return ["yes", "no"]
    if item.type == "scale5":
        return [1, 2, 3, 4, 5]
    if item.type == "single":
        return [option.code for option in item.options]
    if item.type == "multi":
        return [[], [option.code for option in item.options], [item.options[0].code]]
    if item.type in ("number", "duration_min"):
        ends = [band.up_to for band in item.bands if band.up_to is not None]
        return [0, *ends, ends[-1] + 1] if ends else [0, 3]
    return [None]


def pursue(made: Checklist, best: bool) -> dict[str, Any]:
    """Answer every item in turn with its best or worst score."""
    answers: dict[str, Any] = {}
    for one in made.items:
        if one.id in visible_items(made, answers):
            score = scorer(one) if one.weight else lambda _value: None
            scored = [(score(value), value) for value in choices(one)]
            ranked = [pair for pair in scored if pair[0] is not None] or scored
            answers[one.id] = (max if best else min)(ranked, key=lambda pair: pair[0] or 0)[1]
    return answers


@pytest.mark.parametrize("code", PACKAGED)
def test_the_best_visit_scores_100_and_the_worst_0(code):
    best = score_visit(PACKAGED[code], pursue(PACKAGED[code], best=True))
    assert (best.raw, best.capped, best.triggered_by) == (100, 100, ())
    worst = score_visit(PACKAGED[code], pursue(PACKAGED[code], best=False))
    assert worst.raw == 0
    assert all(touchpoint.raw == 0 for touchpoint in worst.touchpoints)


@st.composite
def visits(draw: st.DrawFn) -> tuple[Checklist, dict[str, Any], frozenset[str]]:
    """A packaged checklist with any answers, gaps, N/A and rejected evidence."""
    made = draw(st.sampled_from(list(PACKAGED.values())))
    random = draw(st.randoms(use_true_random=False))
    answers = {
        one.id: "na" if random.random() < 0.1 else random.choice(choices(one))
        for one in made.items
        if random.random() < 0.9
    }
    return made, answers, frozenset(one.id for one in made.items if random.random() < 0.05)


@given(visits())
def test_everything_stays_in_range(visit):
    made, answers, unverified = visit
    score = score_visit(made, answers, unverified)
    figures = [result.score for result in score.items] + [section.score for section in score.sections]
    figures += [figure for touchpoint in score.touchpoints for figure in (touchpoint.raw, touchpoint.capped)]
    assert all(0 <= figure <= 100 for figure in [*figures, score.raw, score.capped] if figure is not None)
    assert score.raw is None or score.capped <= score.raw
    assert all(touchpoint.capped <= touchpoint.raw for touchpoint in score.touchpoints)
    assert score.coverage is None or 0 <= score.coverage <= 1
    assert json.loads(json.dumps(score.as_document()))["raw"] == score.raw


@given(visits(), st.data())
def test_a_better_answer_never_lowers_the_score_while_the_same_items_are_shown(visit, data):
    made, answers, unverified = visit
    score = score_visit(made, answers, unverified)
    counting = [result for result in score.items if result.score is not None]
    if not counting:
        return
    result = data.draw(st.sampled_from(counting))
    one = made.item(result.item)
    better = [
        value for value in choices(one) if (scorer(one)(value) or 0) >= result.score and scorer(one)(value) is not None
    ]
    raised = answers | {one.id: data.draw(st.sampled_from(better))}
    if visible_items(made, raised) == visible_items(made, answers):
        again = score_visit(made, raised, unverified)
        assert again.raw >= score.raw - 1e-9
        assert again.capped >= score.capped - 1e-9


@given(visits(), st.data())
def test_not_applicable_is_neutral(visit, data):
    """N/A scores exactly what the checklist scores without that item."""
    made, answers, unverified = visit
    referred = {one.show_if.item for one in made.items if isinstance(one.show_if, Comparison)}
    one = data.draw(st.sampled_from([one for one in made.items if one.weight and one.id not in referred]))
    sections = tuple(
        replace(section, items=tuple(kept for kept in section.items if kept.id != one.id)) for section in made.sections
    )
    without = score_visit(replace(made, sections=sections), answers, unverified)
    marked = score_visit(made, answers | {one.id: "na"}, unverified)
    assert (marked.raw, marked.capped) == (without.raw, without.capped)
    assert [section.score for section in marked.sections] == [section.score for section in without.sections]
    assert [(t.code, t.raw) for t in marked.touchpoints] == [(t.code, t.raw) for t in without.touchpoints]


@given(visits(), st.data())
def test_hidden_items_have_no_effect(visit, data):
    made, answers, unverified = visit
    score = score_visit(made, answers, unverified)
    hidden = [result.item for result in score.items if result.reason == "hidden"]
    if hidden:
        one = made.item(data.draw(st.sampled_from(hidden)))
        changed = answers | {one.id: data.draw(st.sampled_from(choices(one)))}
        assert score_visit(made, changed, unverified) == score
        dropped = {key: value for key, value in answers.items() if key not in hidden}
        assert score_visit(made, dropped, unverified) == score


@given(visits())
def test_integrity_items_never_move_a_figure(visit):
    made, answers, unverified = visit
    integrity = {one.id for one in made.items if one.integrity}
    assert integrity
    without = {key: value for key, value in answers.items() if key not in integrity}
    one, other = score_visit(made, answers, unverified), score_visit(made, without, unverified)
    assert (one.raw, one.capped, one.sections, one.touchpoints) == (
        other.raw,
        other.capped,
        other.sections,
        other.touchpoints,
    )
