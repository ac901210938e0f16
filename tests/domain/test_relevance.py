"""Which items are shown: operators, joins, and what a hidden, N/A or missing answer does."""

from __future__ import annotations

import pytest

from audit_api.domain.checklists import AllOf, AnyOf, Comparison
from audit_api.domain.relevance import visible_items


def shown(checklist, item, kind, condition, value, **more):
    made = checklist((100, [item("A", kind, **more), item("B", show_if=condition)]))
    return "B" in visible_items(made, {"A": value})


def test_it_works(checklist, item):
    made = checklist((100, [item("A"), item("B", show_if=Comparison("A", "eq", "yes"))]))
    assert visible_items(made, {"A": "yes"}) == {"A", "B"}
    assert visible_items(made, {"A": "no"}) == {"A"}


@pytest.mark.parametrize(
    ("kind", "op", "wanted", "holds", "fails"),
    [
        ("single", "eq", "best", ["best"], ["fair", "none"]),
        ("single", "ne", "best", ["fair", "none"], ["best"]),
        ("single", "in", ("best", "fair"), ["best", "fair"], ["none"]),
        ("single", "not_in", ("best", "fair"), ["none"], ["best"]),
        ("number", "lt", 99, [98.5, 0], [99, 100]),
        ("number", "lte", 99, [99], [99.5]),
        ("number", "gt", 0, [1], [0]),
        ("scale5", "gte", 4, [4, 5], [3]),
        ("number", "eq", 3, [3, 3.0], [4]),
        ("number", "answered", None, [0, 5], []),
        ("multi", "in", ("a", "b"), [["a"], ["b", "c"]], [["c"], []]),
        ("multi", "not_in", ("a", "b"), [["c"], []], [["a", "c"]]),
        ("multi", "eq", "a", [["a"]], [["a", "b"], []]),
        ("multi", "ne", "a", [["a", "b"], []], [["a"]]),
        ("multi", "answered", None, [[], ["a"]], []),
        ("text", "answered", None, ["x", "na"], ["", "  "]),
    ],
)
def test_each_operator(checklist, item, kind, op, wanted, holds, fails):
    more = {"weight": 0, "allow_na": False} if kind == "text" else {}
    for value in holds:
        assert shown(checklist, item, kind, Comparison("A", op, wanted), value, **more), value
    for value in [*fails, None]:
        assert not shown(checklist, item, kind, Comparison("A", op, wanted), value, **more), value


@pytest.mark.parametrize("op", ["eq", "ne", "in", "not_in", "answered"])
def test_an_answer_of_not_applicable_makes_every_condition_false(checklist, item, op):
    assert not shown(checklist, item, "single", Comparison("A", op, ("best",) if "in" in op else "best"), "na")


def test_a_hidden_item_makes_conditions_on_it_false_even_with_an_old_answer(checklist, item):
    made = checklist(
        (100, [
            item("A"),
            item("B", show_if=Comparison("A", "eq", "yes")),
            item("C", show_if=Comparison("B", "eq", "yes")),
            item("D", show_if=Comparison("B", "ne", "no")),
        ])
    )  # fmt: skip
    assert visible_items(made, {"A": "no", "B": "yes", "C": "yes"}) == {"A"}
    assert visible_items(made, {"A": "yes", "B": "yes"}) == {"A", "B", "C", "D"}


def test_all_and_any(checklist, item):
    a, b = Comparison("A", "eq", "yes"), Comparison("B", "eq", "yes")

    def visible(condition, first, second):
        return "C" in visible_items(
            checklist((100, [item("A"), item("B"), item("C", show_if=condition)])), {"A": first, "B": second}
        )

    assert [visible(AllOf((a, b)), *pair) for pair in (("yes", "yes"), ("yes", "no"), ("no", "no"))] == [
        True,
        False,
        False,
    ]
    assert [visible(AnyOf((a, b)), *pair) for pair in (("yes", "yes"), ("yes", "no"), ("no", "no"))] == [
        True,
        True,
        False,
    ]
    assert visible(AllOf((AnyOf((a, b)), b)), "no", "yes")


@pytest.mark.parametrize("value", ["5", True, [], {}, {"lat": 1}, float("nan")])
def test_values_that_cannot_be_compared_hide_rather_than_crash(checklist, item, value):
    assert not shown(checklist, item, "number", Comparison("A", "lt", 99), value)


def test_ids_the_checklist_does_not_have_are_passed_over(checklist, item):
    assert visible_items(checklist((100, [item("A")])), {"Z": "yes"}) == {"A"}
