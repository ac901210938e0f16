"""Read a relevance condition (``show_if``) and see that it can work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit_api.domain.checklists import ORDERED_TYPES, AllOf, AnyOf, Comparison, Condition, Item
from audit_api.domain.source_fields import Fields

OPERATORS = ("eq", "ne", "in", "not_in", "lt", "lte", "gt", "gte", "answered")
_DEEPEST = 4
_CLOSED = ("yes_no", "single", "multi")


def read_condition(fields: Fields, earlier: Mapping[str, Item]) -> Condition | None:
    """Return the condition under ``show_if``, or None when the item is always shown."""
    inner = fields.inner("show_if", required=False)
    return None if inner is None or inner.broken else _condition(inner, earlier, 1)


def read_comparison(fields: Fields, items: Mapping[str, Item]) -> Comparison | None:
    """Return one comparison with an item among ``items``, or None where it cannot work."""
    return _comparison(fields, items)


def items_in(condition: Condition | None) -> tuple[str, ...]:
    """Return the items a condition refers to."""
    if condition is None:
        return ()
    if isinstance(condition, Comparison):
        return (condition.item,)
    return tuple(item for part in condition.parts for item in items_in(part))


def _condition(fields: Fields, earlier: Mapping[str, Item], depth: int) -> Condition | None:
    joined = [key for key in ("all", "any") if fields.has(key)]
    if joined and (len(joined) > 1 or "item" in fields.nodes):
        fields.wrong(joined[0], "all、any 与 item 只能取一个", "use one of all, any and item")
    if not joined:
        return _comparison(fields, earlier)
    if depth >= _DEEPEST:
        fields.wrong(joined[0], f"条件嵌套超过 {_DEEPEST} 层", f"conditions are nested deeper than {_DEEPEST} levels")
        return None
    parts = []
    for number, node in enumerate(fields.listed(joined[0], 20), start=1):
        inner = Fields(node, fields.report, fields.item, f"{fields.path(joined[0])}[{number}]")
        part = None if inner.broken else _condition(inner, earlier, depth + 1)
        if part is not None:
            parts.append(part)
    fields.done()
    return (AllOf if joined[0] == "all" else AnyOf)(tuple(parts))


def _comparison(fields: Fields, earlier: Mapping[str, Item]) -> Comparison | None:
    target = fields.word("item", longest=60)
    op = fields.choice("op", OPERATORS)
    value = _value(fields, op)
    fields.done()
    if not target or not op:
        return None
    item = earlier.get(target)
    if item is None:
        fields.wrong(
            "item",
            f"条件引用的“{target}”不在本题之前；请调整顺序或改正编号",
            f"the condition refers to '{target}', which does not come earlier: move it up or mend the id",
        )
    elif op != "answered":
        _check_value(fields, item, op, value)
    return Comparison(target, op, value)


def _value(fields: Fields, op: str) -> str | float | tuple[str | float, ...] | None:
    """Read the value a comparison is made with: a list for in and not_in, nothing for answered."""
    node = fields.node("value", required=op not in ("answered", ""))
    value: Any = node.value if node else None
    if op == "answered" and value is not None:
        fields.wrong("value", "answered 不需要 value", "answered takes no value: remove it")
        return None
    if op in ("in", "not_in"):
        found = [inner.value for inner in fields.listed("value", 50, required=False)]
        if all(_simple(one) for one in found):
            return tuple(found)
    elif value is None or _simple(value):
        return value  # type: ignore[no-any-return]  # _simple let through text and numbers only
    fields.wrong("value", "value 只能是文字或数字", "value may hold only text or numbers")
    return None


def _simple(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _check_value(fields: Fields, item: Item, op: str, value: Any) -> None:
    values = value if isinstance(value, tuple) else (value,)
    if item.type not in ORDERED_TYPES and item.type not in _CLOSED:
        fields.wrong(
            "op",
            f"{item.id} 的类型是 {item.type}，只能用 answered",
            f"{item.id} is of type {item.type}: only 'answered' works on it",
        )
        return
    if op in ("lt", "lte", "gt", "gte") and item.type not in ORDERED_TYPES:
        fields.wrong(
            "op",
            f"{item.id} 没有大小顺序，不能用 {op}；请用 eq、ne、in 或 not_in",
            f"{item.id} has no order, so '{op}' cannot work: use eq, ne, in or not_in",
        )
        return
    if item.type in ORDERED_TYPES:
        wrong = [one for one in values if isinstance(one, str)]
    else:
        known = ("yes", "no") if item.type == "yes_no" else tuple(option.code for option in item.options)
        wrong = [one for one in values if one is not None and one not in known]
    for one in wrong:
        fields.wrong("value", f"“{one}”不是 {item.id} 的答案", f"'{one}' is not an answer of {item.id}")
