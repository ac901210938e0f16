"""Read the pairs of answers that contradict each other (``contradicts``) and see that each can be found."""

from __future__ import annotations

from collections.abc import Mapping

from audit_api.domain.checklists import Comparison, Contradiction, Item
from audit_api.domain.condition_format import read_comparison
from audit_api.domain.source_fields import Fields, each

MOST_PAIRS = 100


def read_contradictions(fields: Fields, items: Mapping[str, Item]) -> tuple[Contradiction, ...]:
    """Return the pairs of a checklist; an item may stand anywhere in it."""
    if not fields.has("contradicts"):
        return ()
    found: list[Contradiction] = []
    seen: set[frozenset[Comparison]] = set()
    for inner in each(fields.listed("contradicts", MOST_PAIRS), fields.report, "", "contradicts"):
        pair = _pair(inner, items)
        why = inner.bilingual("why", longest=500)
        inner.done()
        if pair is None:
            continue
        if pair[0].item == pair[1].item:
            inner.wrong(
                "pair",
                f"两个条件都是 {pair[0].item}；矛盾须在两个题之间",
                f"both answers are of {pair[0].item}: name two different items",
            )
        if frozenset(pair) in seen:
            inner.wrong("pair", "这一对已经列出；请删除一处", "this pair is listed already: remove one")
        seen.add(frozenset(pair))
        found.append(Contradiction(pair, why))
    return tuple(found)


def _pair(fields: Fields, items: Mapping[str, Item]) -> tuple[Comparison, Comparison] | None:
    nodes = fields.listed("pair", 2, least=2)
    if len(nodes) != 2:
        return None
    read = []
    for number, node in enumerate(nodes, start=1):
        inner = Fields(node, fields.report, fields.item, f"{fields.path('pair')}[{number}]")
        read.append(None if inner.broken else read_comparison(inner, items))
    first, second = read
    return None if first is None or second is None else (first, second)
