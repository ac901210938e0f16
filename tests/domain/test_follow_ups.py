"""Late follow-up items: what stays open, what may still change, what is stamped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audit_api.domain import follow_ups
from audit_api.domain.checklist_document import from_document, to_document
from audit_api.domain.checklist_format import parse_checklist
from audit_api.domain.checklists import Comparison
from audit_api.domain.packaged import packaged_checklists, packaged_checklists_dir
from audit_api.domain.source_text import FormatError
from audit_api.domain.submission_rules import standings

ENDED = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def made(checklist, item):
    late = {"required": True, "allow_na": False, "follow_up_hours": 72}
    return checklist(
        (100, [item("A", required=True), item("B", **late), item("C", show_if=Comparison("B", "eq", "yes"), **late)])
    )


def observed(item, value, answered_at="2026-11-20T04:00:00+08:00"):
    return {"item": item, "value": value, "comment": None, "answered_at": answered_at, "photos": []}


def begun(made, answers, at=ENDED):
    return follow_ups.begin(made, answers, ENDED, 24, at)


def test_the_shipped_checklists_leave_open_what_their_notes_say():
    marks = {c.code: {i.id: i.follow_up_hours for i in follow_ups.marked(c)} for c in packaged_checklists()}
    assert marks == {
        "SMS": {"SMS-NUR-01": 72, "SMS-NUR-02": 72}, "SAA": {}, "AAA": {},
        "AMS": {"AMS-CAL-01": 168, "AMS-CAL-02": 168, "AMS-INT-08": 168},
    }  # fmt: skip
    for one in packaged_checklists():
        assert from_document(to_document(one)) == one


def test_what_is_unanswered_stays_open_for_the_watch_and_its_grace(made):
    rows = begun(made, {"A": "yes"})
    assert [(row["item"], row["open_until"]) for row in rows] == [("B", ENDED + 96 * HOUR), ("C", ENDED + 96 * HOUR)]
    assert [row["item"] for row in begun(made, {"A": "yes", "B": "yes"})] == ["C"]
    assert begun(made, {"A": "yes", "B": "no"}) == []
    assert begun(made, {"A": "yes"}, ENDED + 96 * HOUR) == []


def test_only_an_open_follow_up_may_be_unanswered(made):
    def codes(answers, later):
        return [p.item for s in standings(made, answers, later=later) for p in s.problems]

    assert codes({}, set()) == ["A", "B"]
    assert codes({}, {"B", "C"}) == ["A"]
    assert codes({"A": "yes", "B": "yes"}, {"B", "C"}) == []


def test_outstanding_is_what_is_asked_and_not_answered(made):
    rows = begun(made, {"A": "yes"})

    def left(answers, at=None):
        return [row["item"] for row in follow_ups.outstanding(made, rows, answers, at)]

    assert left({"A": "yes"}) == ["B"]
    assert left({"A": "yes", "B": "yes"}) == ["C"]
    assert left({"A": "yes", "B": "no"}) == []
    assert left({"A": "yes"}, ENDED + 95 * HOUR) == ["B"]
    assert left({"A": "yes"}, ENDED + 96 * HOUR) == []


def test_of_a_submitted_visit_only_open_follow_ups_change(made):
    rows = begun(made, {"A": "yes"})
    before = [observed("A", "yes")]

    def refused(after, at=ENDED + 80 * HOUR):
        return [(p.item, p.code) for p in follow_ups.refused_changes(rows, before, after, at)]

    assert refused([observed("A", "yes"), observed("B", "yes"), observed("C", "no")]) == []
    assert refused([observed("A", "no"), observed("B", "yes")]) == [("A", "not_a_follow_up")]
    assert refused([observed("A", "yes", None)]) == [("A", "not_a_follow_up")]
    assert refused([observed("B", "yes")]) == [("A", "not_a_follow_up")]
    assert refused([*before, observed("B", "yes")], ENDED + 96 * HOUR) == [("B", "follow_up_over")]


def test_late_answers_are_stamped_apart(made):
    rows = begun(made, {"A": "yes"})
    before = [observed("A", "yes")]
    first = follow_ups.stamped(rows, before, [*before, observed("B", "yes", "b")], ENDED + HOUR)
    assert [(r["answered_at"], r["received_at"]) for r in first] == [("b", ENDED + HOUR), (None, None)]
    held = [*before, observed("B", "yes", "b")]
    second = follow_ups.stamped(first, held, [*held, observed("C", "no", "c")], ENDED + 2 * HOUR)
    assert [(r["answered_at"], r["received_at"]) for r in second] == [("b", ENDED + HOUR), ("c", ENDED + 2 * HOUR)]


SOURCE = (packaged_checklists_dir() / "sales_mystery_shop.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("follow_up_hours: 72\n    weight: 2", "weight: 2"), "SMS-NUR-01: give it a follow_up_hours of at least 72"),
        (("follow_up_hours: 72\n    weight: 2", "follow_up_hours: 24\n    weight: 2"), "at least 72"),
        (("follow_up_hours: 72", "follow_up_hours: 0"), "follow_up_hours"),
        (("follow_up_hours: 72", "follow_up_hours: 721"), "follow_up_hours"),
        (("type: auto_gps", "type: auto_gps\n    follow_up_hours: 72"), "recorded on site"),
    ],
)
def test_a_mark_that_cannot_work_is_named(change, said):
    assert change[0] in SOURCE
    with pytest.raises(FormatError) as refused:
        parse_checklist(SOURCE.replace(*change, 1))
    assert any(said in problem.en for problem in refused.value.problems), refused.value.problems
