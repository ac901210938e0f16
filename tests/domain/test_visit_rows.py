"""Past visits from rows: what is written is read back, whatever it is nothing breaks."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audit_api.domain.answers import check_answers
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.programmes import Wave
from audit_api.domain.rows import RowError
from audit_api.domain.surveys import DealerPlace
from audit_api.domain.visit_cells import NOT_IMPORTED, CellRefusedError, ItemCells
from audit_api.domain.visit_columns import COMMENT, AuditItem, AuditItems
from audit_api.domain.visit_groups import by_visit, mark_of, scattered_visits
from audit_api.domain.visit_heads import Places, VisitDefaults
from audit_api.domain.visit_rows import PastVisit, PastVisitReader
from audit_api.simulator.observations import draw_visit

CHECKLISTS = {c.code: c for c in packaged_checklists()}
BEGIN = datetime(2025, 3, 3, 2, 0, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WAVE = Wave("W", "P", "Aurora", "UTC", datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
PLACES = Places(
    {"D1": DealerPlace("D1", "Aurora", "Asia/Shanghai")}, {"li": "P1"}, [WAVE],
    lambda code, version: CHECKLISTS.get(code) if version == 1 else None,
)  # fmt: skip
HEAD = ("visit_id", "dealer", "auditor", "started_at")
SAID = ("V1", "D1", "LI", "2025-03-03 10:00")
WORDS = {"yes": "是", "no": "否", "na": "不适用"}


def reader(checklist, columns, *, long=False):
    items = AuditItems({i.id: AuditItem(i.id, i.type) for i in checklist.items})
    defaults = VisitDefaults("agency", checklist.code, 1, "plan")
    return PastVisitReader([*HEAD, *columns], items, PLACES, long=long, defaults=defaults, before=NOW)


def drawn(checklist, seed):
    found = draw_visit(checklist, 0.6, np.random.default_rng(seed), started_at=BEGIN, position=(30.0, 120.0))
    taken = {i.id for i in checklist.items if i.type not in NOT_IMPORTED}
    return [o for o in found.observations if o["item"] in taken and (o["value"] is not None or o["comment"])]


def written(item, value, chance):
    """Write an answer in one of the ways that spreadsheets have for it."""
    if value is None:
        return ""
    option = item.option(value) if isinstance(value, str) else None
    if option is not None:
        return chance.draw(st.sampled_from([value, value.upper(), option.text.zh, option.text.en]))
    if isinstance(value, list):
        return chance.draw(st.sampled_from([";", "；", " | ", "、"])).join(value) or "[]"
    if isinstance(value, int):
        return chance.draw(st.sampled_from([str(value), f"{value}.0"]))
    return chance.draw(st.sampled_from([value, WORDS.get(value, value)])) if isinstance(value, str) else str(value)


@pytest.mark.parametrize("code", sorted(CHECKLISTS))
@hypothesis_settings(max_examples=20)
@given(seed=st.integers(0, 10_000), chance=st.data())
def test_what_is_written_is_read_back_in_both_forms(code, seed, chance):
    checklist = CHECKLISTS[code]
    sent = drawn(checklist, seed)
    items = [o["item"] for o in sent]
    cells = {o["item"]: written(checklist.item(o["item"]), o["value"], chance) for o in sent}
    comments = {o["item"]: o["comment"] or "" for o in sent}
    order = chance.draw(st.permutations(items))
    columns = [*order, *(i + COMMENT for i in order)]
    wide = reader(checklist, columns).read(2, (*SAID, *(cells[i] for i in order), *(comments[i] for i in order)))
    assert isinstance(wide, PastVisit), wide
    place = {item.id: n for n, item in enumerate(checklist.items)}
    assert [o["item"] for o in wide.observations] == sorted(items, key=place.__getitem__)
    for observation in wide.observations:
        told = next(o for o in sent if o["item"] == observation["item"])
        if checklist.item(told["item"]).type == "auto_time":
            assert datetime.fromisoformat(observation["value"]) == datetime.fromisoformat(told["value"])
        else:
            assert observation["value"] == told["value"]
            assert type(observation["value"]) is type(told["value"]) or isinstance(told["value"], float)
        assert (observation["comment"] or None) == (told["comment"] or None)
    rows = [(n, (*(SAID if n == 2 else ("V1", "", "", "")), i, cells[i], comments[i])) for n, i in enumerate(order, 2)]
    long = reader(checklist, ["item", "value", "comment"], long=True).read_answers(rows)
    assert isinstance(long, PastVisit), long
    assert long[1:] == wide[1:]


@pytest.mark.parametrize("code", sorted(CHECKLISTS))
@given(
    text=st.text(min_size=1, max_size=40) | st.sampled_from(["9" * 400, "1e9", "NaN", "-0", "5;5", "；", "½", "\ud800"])
)
def test_any_text_is_an_answer_or_refused_with_reasons(code, text):
    checklist = CHECKLISTS[code]
    for item in checklist.items:
        if item.type in NOT_IMPORTED or item.type == "auto_time":
            continue
        try:
            value = ItemCells(checklist, item)[text]
        except CellRefusedError as refused:
            assert refused.zh
            assert refused.en
        else:
            assert check_answers(checklist, {item.id: value}) == []


@given(
    ids=st.lists(st.sampled_from("abc") | st.just(None), max_size=14),
)
def test_rows_are_gathered_whole_or_named(ids):
    """A visit comes out once, with all its rows, when they follow each other and nothing unreadable is beside them."""
    rows = [(n, (name,) if name else RowError(n, "", "", "坏", "broken")) for n, name in enumerate(ids, 2)]
    scattered = scattered_visits(rows, lambda cells: cells[0])
    found = list(by_visit(rows, lambda cells: cells[0], scattered))
    whole = {group[0][1][0]: [n for n, _ in group] for group in found if not isinstance(group, RowError)}
    for name in "abc":
        places = [n for n, one in enumerate(ids, 2) if one == name]
        beside = {ids[n - 2] for p in places for n in (p - 1, p + 1) if 0 <= n - 2 < len(ids)}
        together = bool(places) and places == list(range(places[0], places[0] + len(places)))
        if together and None not in beside:
            assert whole.pop(name) == places
        else:
            assert name not in whole
            assert not places or any(isinstance(g, RowError) and g.value == name for g in found)
    assert not whole
    assert sum(isinstance(g, RowError) and g.en == "broken" for g in found) == ids.count(None)
    assert {mark_of(n) for n in "abc"} >= scattered
