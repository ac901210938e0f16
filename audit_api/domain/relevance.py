"""Which items of a checklist are shown, given the answers so far (``show_if``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audit_api.domain.checklists import ORDERED_TYPES, AllOf, Checklist, Comparison, Condition, Item
from audit_api.domain.item_rules import COMPARE, Answers, is_answered

Test = Callable[[Answers, set[str]], bool]


def visible_items(checklist: Checklist, answers: Answers) -> frozenset[str]:
    """Return the ids of the items shown.

    A condition is false when the item it refers to is hidden, N/A or unanswered; ids the checklist does not have and
    values that cannot be compared are passed over.
    """
    shown: set[str] = set()
    for item_id, test in checklist.kept(_tests):
        if test is None or test(answers, shown):
            shown.add(item_id)
    return frozenset(shown)


def condition_test(checklist: Checklist, condition: Condition) -> Test:
    """Return the test of a condition: true for (answers, ids of the items shown) that meet it."""
    return _test(condition, checklist)


def _tests(checklist: Checklist) -> tuple[tuple[str, Test | None], ...]:
    return tuple((item.id, _test(item.show_if, checklist) if item.show_if else None) for item in checklist.items)


def _test(condition: Condition, checklist: Checklist) -> Test:
    if isinstance(condition, Comparison):
        return _comparison(condition, checklist.item(condition.item))
    parts = [_test(part, checklist) for part in condition.parts]
    join = all if isinstance(condition, AllOf) else any
    return lambda answers, shown: join(part(answers, shown) for part in parts)


def _comparison(condition: Comparison, item: Item) -> Test:
    holds = _holds(condition, item)

    def test(answers: Answers, shown: set[str]) -> bool:
        if item.id not in shown:
            return False
        value = answers.get(item.id)
        if not is_answered(item, value):
            return False
        try:
            return holds(value)
        except TypeError:
            return False

    return test


def _holds(condition: Comparison, item: Item) -> Callable[[Any], bool]:
    """Return the test of an answer. On a multi item eq means exactly these ticked, in means one of these ticked."""
    op, wanted = condition.op, condition.value
    if op == "answered":
        return lambda value: True
    listed = wanted if isinstance(wanted, tuple) else (wanted,)
    if item.type == "multi":
        exact, some = op in ("eq", "ne"), frozenset(listed)
        negated = op in ("ne", "not_in")
        return lambda value: ((set(value) == some) if exact else bool(some.intersection(value))) != negated
    if op in ("in", "not_in"):
        return lambda value: (value in listed) == (op == "in")
    compare = COMPARE[op]
    if item.type in ORDERED_TYPES:
        return lambda value: not isinstance(value, str | bool) and compare(value, wanted)
    return lambda value: compare(value, wanted)
