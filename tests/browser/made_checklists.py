"""Checklists made by a random generator, valid by our own format: every type, operator and rule somewhere in them."""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Any

from audit_api.domain.checklist_format import parse_checklist
from audit_api.domain.checklists import ORDERED_TYPES, TYPES, WORDED_TYPES, Checklist
from audit_api.domain.condition_format import OPERATORS
from audit_api.domain.packaged import packaged_code_book

TOUCHPOINTS = ("SAL_RECEP", "SAL_NEEDS", "SAL_TDRIVE", "SAL_PRICE")
SIMPLE_OPERATORS = ("eq", "ne", "in", "not_in", "answered")
Document = dict[str, Any]


@cache
def nasty(count: int = 80, seed: int = 5) -> Checklist:
    """Make a checklist that asks for trouble: nested conditions on hidden items, awkward bands, texts taking N/A."""
    rng = Random(seed)
    earlier: list[Document] = []
    sections = []
    for number, weight in enumerate((0, 40, 35, 25), start=1):
        items = []
        for at in range(count // 4):
            kind = TYPES[(at * 7 + number) % len(TYPES)]
            scored = bool(weight) and (at < len(TYPES) or rng.random() < 0.6)
            items.append(_item(rng, f"NST-P{'ABCD'[number - 1]}-{at + 1:02d}", kind, scored, earlier))
            earlier.append(items[-1])
        sections.append({"code": f"PART{number}", "title": _words("章节", "Part"), "weight": weight, "items": items})
    return as_checklist("NST", sections)


def as_checklist(
    code: str, sections: list[Document], zh: str = "生成的检查表", en: str = "Made for tests"
) -> Checklist:
    """Read a checklist through the format's own reader; JSON is YAML too."""
    document = {
        "schema": "dealer-checklist/1", "code": code, "version": 1, "title": _words(zh, en), "mode": "announced",
        "domain": "sales", "expected_duration_min": 60, "capture": "open", "sections": sections,
    }  # fmt: skip
    return parse_checklist(json.dumps(document, ensure_ascii=False), f"{code}.json", packaged_code_book())


def _words(zh: str, en: str) -> Document:
    return {"zh": zh, "en": en}


def _item(rng: Random, item_id: str, kind: str, scored: bool, earlier: list[Document]) -> Document:
    weight = rng.randint(1, 5) if scored and kind in TYPES[:6] else 0
    made: Document = {
        "id": item_id, "touchpoint": rng.choice(TOUCHPOINTS), "type": kind, "weight": weight,
        "text": _words(f"题目 {item_id}", f"Question {item_id}"), "guidance": _words("说明", "Guidance"),
        "required": rng.random() < 0.8, "allow_na": rng.random() < 0.4, "expectations": [],
    }  # fmt: skip
    made |= _of_type(rng, kind, weight)
    if not weight and rng.random() < 0.6:
        made["integrity"] = {"signal": "G01", "adverse": _adverse(rng, made)}
    if weight and rng.random() < 0.4:
        made["critical"] = {"cap": "total", "max_score": 60, "fail_below": rng.choice([50, 33.3, 75, 100])}
    made["evidence"] = _evidence(rng, made)
    if earlier and rng.random() < 0.65:
        made["show_if"] = _condition(rng, earlier, rng.choice([1, 1, 2, 3, 4]))
        hours = max(one.get("follow_up_hours", 0) for one in earlier if one["id"] in json.dumps(made["show_if"]))
        if hours and kind in ("auto_gps", "auto_time"):
            del made["show_if"]
        elif hours:
            made["follow_up_hours"] = hours
    elif rng.random() < 0.15 and kind not in ("auto_gps", "auto_time"):
        made["follow_up_hours"] = rng.choice([2, 72, 168])
    return made


def _of_type(rng: Random, kind: str, weight: int) -> Document:
    if kind == "yes_no":
        return {"pass_on": rng.choice(["yes", "no"])}
    if kind in ("single", "multi"):
        codes = [*"abcde"] if rng.random() < 0.3 else ["first", "second", "third", "fourth", "fifth"]
        scores = [100, 50, 49.9, 0, 33.3] if kind == "multi" or rng.random() < 0.4 else [100, 50, 49.9, None, 0]
        rng.shuffle(scores)
        options = [{"code": c, **_words(f"选项{c}", f"Option {c}")} for c in codes]
        for option, score in zip(options, scores, strict=True):
            if score is not None:
                option["score"] = score
        return {"options": options}
    if kind in ("number", "duration_min"):
        made: Document = {"unit": rng.choice(["percent", "day", "person"])} if kind == "number" else {}
        ends = rng.choice([[2.5, 7.05, 30], [0.3], [-5, 0, 5.5], [1, 2, 3, 4]])
        if weight:
            scores = rng.sample([100, 80, 50, 49.5, 0], len(ends) + 1)
            scores[rng.randrange(len(scores))] = 100
            bands = zip([*ends, None], scores, strict=True)
            made["bands"] = [{"up_to": end, "score": score} for end, score in bands]
        return made
    return {"min_chars": rng.choice([0, 1, 12, 60])} if kind in WORDED_TYPES else {}


def _adverse(rng: Random, item: Document) -> Any:
    if item["type"] in ORDERED_TYPES:
        return {"op": rng.choice(["eq", "ne", "lt", "lte", "gt", "gte"]), "value": rng.choice([0, 2, 2.5, 4])}
    known = codes_of(item)
    if not known or rng.random() < 0.2:
        return "context"
    return rng.choice([known[0], rng.sample(known, 2)])


def codes_of(item: Document) -> list[str]:
    """Give the codes a closed item is answered with."""
    return ["yes", "no"] if item["type"] == "yes_no" else [option["code"] for option in item.get("options", ())]


def _evidence(rng: Random, item: Document) -> Document:
    rules = ["none", "optional", "always"]
    rules += ["on_fail"] * 2 if item["weight"] else []
    rules += ["on_adverse"] * 3 if item.get("integrity", {"adverse": "context"})["adverse"] != "context" else []
    rule = rng.choice(rules)
    if rule == "none":
        return {"rule": rule, "min_photos": 0}
    return {"rule": rule, "min_photos": rng.randint(1, 3), "of": _words("所见之处", "What was seen")}


def _condition(rng: Random, earlier: list[Document], depth: int) -> Document:
    if depth > 1:
        parts = [_condition(rng, earlier, depth - 1) for _ in range(rng.randint(2, 3))]
        return {rng.choice(["all", "any", "any"]): parts}
    # Near ones, so that chains of hidden items arise.
    item = rng.choice(earlier[-12:])
    known = codes_of(item)
    if item["type"] in ORDERED_TYPES:
        op = rng.choice(OPERATORS)
        values: list[Any] = rng.sample([0, 1, 2, 2.5, 3, 4, 5, 0.3], 3)
    elif known:
        op, values = rng.choice(SIMPLE_OPERATORS), rng.sample(known, 2)
    else:
        op, values = "answered", []
    if op == "answered":
        return {"item": item["id"], "op": op}
    return {"item": item["id"], "op": op, "value": values if op in ("in", "not_in") else values[0]}
