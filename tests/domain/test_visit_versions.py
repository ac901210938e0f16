"""What a returned report changes though nobody asked."""

from __future__ import annotations

import pytest

from audit_api.domain.checklists import Comparison
from audit_api.domain.visit_versions import not_asked


def observed(item, value=None, photos=()):
    named = [{"slot": str(n), "sha256": sha256} for n, sha256 in enumerate(photos)]
    return {"item": item, "value": value, "comment": None, "answered_at": None, "photos": named}


@pytest.fixture
def made(checklist, item):
    shown = {"show_if": Comparison("A", "answered"), "weight": 0, "allow_na": False}
    return checklist((100, [item("A", "photo", weight=0), item("B", "text", **shown), item("C")]))


def test_what_an_asked_change_shows_follows_from_it(made):
    before = [observed("C", "yes")]
    after = [observed("A", photos=["a" * 64]), observed("B", "as on the picture"), observed("C", "yes")]
    assert not_asked(made, ["A"], before, after) == []
    assert not_asked(made, ["A"], after, before) == []


def test_what_it_does_not_show_or_hide_was_not_asked(made):
    before = [observed("A", photos=["a" * 64]), observed("B", "so"), observed("C", "yes")]
    after = [observed("A", photos=["b" * 64]), observed("B", "otherwise"), observed("C", "no")]
    assert not_asked(made, ["A"], before, after) == ["B", "C"]
    assert not_asked(made, [], before, after) == []
