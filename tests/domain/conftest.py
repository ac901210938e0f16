"""Small checklists made in a line or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from audit_api.domain.checklists import Band, Checklist, Evidence, Item, Option, Section, Text

WORDS = Text("文", "text")


def make_item(item_id: str, kind: str = "yes_no", weight: int = 1, **more: Any) -> Item:
    """An item of a type, with what its type cannot do without."""
    filled: dict[str, Any] = {"touchpoint": "T1", "required": False, "allow_na": True, "evidence": Evidence("none")}
    if kind == "yes_no":
        filled["pass_on"] = "yes"
    if kind == "multi":
        filled["options"] = (Option("a", WORDS, 60), Option("b", WORDS, 30), Option("c", WORDS, 40))
    if kind == "single":
        filled["options"] = (Option("best", WORDS, 100), Option("fair", WORDS, 40), Option("none", WORDS))
    if kind in ("number", "duration_min"):
        filled["bands"] = (Band(15, 100), Band(30, 85), Band(60, 30), Band(None, 0))
    return Item(item_id, type=kind, text=WORDS, guidance=WORDS, weight=weight, **(filled | more))


def make_checklist(*sections: tuple[int, list[Item]]) -> Checklist:
    """A checklist of (weight, items) sections S1, S2, ..."""
    made = tuple(Section(f"S{n}", WORDS, weight, tuple(items)) for n, (weight, items) in enumerate(sections, start=1))
    return Checklist("CK", 1, WORDS, "covert", "sales", 60, "discreet", None, 80, 60, made)


@pytest.fixture(scope="session")
def item() -> Callable[..., Item]:
    return make_item


@pytest.fixture(scope="session")
def checklist() -> Callable[..., Checklist]:
    return make_checklist
