"""The quality checks of a visit, each on a visit that passes and on one that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from audit_api.domain.evidence_rules import answers_of
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.visit_checks.check import Limits, PreviousVisit, VisitFacts
from audit_api.domain.visit_checks.registry import CHECKS, open_checks, run_checks
from audit_api.simulator.observations import draw_fix, draw_visit

SMS = next(c for c in packaged_checklists() if c.code == "SMS")
PLACE = (30.2741, 120.1551)
BEGAN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
LIMITS = Limits(
    shortest_share=0.4, longest_share=2.5, clock_skew_seconds=300, late_minutes=30, covert_characters=200,
    announced_characters=120, photo_minutes=30, identical_fixes=5,
)  # fmt: skip


def good() -> VisitFacts:
    rng = np.random.default_rng(3)
    drawn = draw_visit(SMS, 0.8, rng, started_at=BEGAN, position=PLACE)
    for number, slot in enumerate(drawn.slots):
        observation = next(o for o in drawn.observations if o["item"] == slot.item)
        at = datetime.fromisoformat(observation["answered_at"])
        fix = draw_fix(rng, at, PLACE)
        observation["photos"].append(
            {"slot": slot.slot, "sha256": f"{number:064x}", "taken_at": at.isoformat(), "fix": fix}
        )  # fmt: skip
    return VisitFacts(
        checklist=SMS, answers=answers_of(SMS, drawn.observations), observations=drawn.observations, mode="covert",
        started_at=drawn.started_at, ended_at=drawn.ended_at, skew_seconds=3600.0, dealer_position=PLACE,
        previous=PreviousVisit("v0", BEGAN - timedelta(hours=3), (31.2, 121.5)),
    )  # fmt: skip


def moved(facts: VisitFacts, **fix) -> VisitFacts:
    for place in facts.fixes():
        place.update(fix)
    return facts


def changed(facts: VisitFacts, at: timedelta, item_type: str = "yes_no") -> VisitFacts:
    kinds = facts.checklist.by_id
    observation = next(o for o in facts.observations if kinds[o["item"]].type == item_type)
    observation["answered_at"] = (facts.started_at + at).isoformat()
    return facts


def photo(facts: VisitFacts, **values) -> VisitFacts:
    next(p for o in facts.observations for p in o["photos"]).update(values)
    return facts


def hidden_answer(facts: VisitFacts) -> VisitFacts:
    answered = {o["item"] for o in facts.observations}
    left_out = next(item.id for item in facts.checklist.items if item.id not in answered)
    return replace(facts, answers={**facts.answers, left_out: "yes"})


def short(facts: VisitFacts) -> VisitFacts:
    told = {item.id: "短" for item in SMS.items if item.type == "narrative"}
    return replace(facts, answers={**facts.answers, **told})


def contradictory(facts: VisitFacts) -> VisitFacts:
    return replace(facts, answers={**facts.answers, "SMS-REC-03": "ignored", "SMS-NEED-02": 5})


BAD = {
    "contradictions": contradictory,
    "fence": lambda f: moved(f, lat=30.29),
    "reused_photos": lambda f: replace(f, reused_photos={f"{0:064x}": "v1"}),
    "travel": lambda f: replace(f, previous=PreviousVisit("v0", BEGAN - timedelta(minutes=20), (31.2, 121.5))),
    "duration": lambda f: replace(f, ended_at=f.started_at + timedelta(minutes=SMS.expected_duration_min * 0.39)),
    "clock": lambda f: replace(f, skew_seconds=-301.0),
    "time_order": lambda f: changed(f, -timedelta(minutes=5)),
    "late_answers": lambda f: changed(f, f.ended_at - f.started_at + timedelta(minutes=31)),
    "hidden_items": hidden_answer,
    "narrative": short,
    "photo_times": lambda f: photo(f, taken_at=(f.ended_at + timedelta(hours=2)).isoformat()),
    "fixes": lambda f: photo(f, fix={"lat": 30.2741, "lon": 120.1551, "accuracy_m": 0, "fixed_at": BEGAN.isoformat()}),
}


def outcome(facts: VisitFacts, code: str):
    return next(entry for entry in run_checks(facts, LIMITS) if entry["check"] == code)


def test_every_check_has_a_bad_example():
    assert set(BAD) == {check.code for check in CHECKS}


def test_a_good_visit_passes_everything():
    found = run_checks(good(), LIMITS)
    assert {entry["check"]: entry["message"] for entry in found if entry["passed"] is not True} == {}
    assert open_checks(found) == {"blocking": 0, "advisory": 0}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_visit_is_noted_in_both_languages(code):
    entry = outcome(BAD[code](good()), code)
    assert entry["passed"] is False
    assert entry["message"]["zh"]
    assert entry["message"]["en"]
    assert open_checks([entry]) == {"blocking": int(entry["blocking"]), "advisory": int(not entry["blocking"])}


def test_a_fence_is_explained_by_a_comment_and_no_map_of_another_datum_accuses():
    facts = moved(good(), lat=30.29)
    assert outcome(facts, "fence")["observed"] > 1000
    assert outcome(moved(facts, datum="GCJ-02"), "fence")["passed"] is None
    located = next(o for o in facts.observations if SMS.by_id[o["item"]].type == "auto_gps")
    moved(facts, datum="WGS-84")
    located["comment"] = "地下车间无信号，在路口定位"
    assert outcome(facts, "fence")["passed"] is True


def test_five_fixes_at_one_exact_place_are_noted_and_one_kept_fix_is_not():
    facts = good()
    assert len(list(facts.fixes())) >= 5
    assert outcome(moved(facts, lat=30.2741, lon=120.1551), "fixes")["passed"] is False
    assert outcome(moved(facts, fixed_at=BEGAN.isoformat()), "fixes")["passed"] is True


def test_a_visit_sent_late_has_no_wrong_clock_and_a_written_account_may_follow():
    assert outcome(replace(good(), skew_seconds=86_400.0), "clock")["passed"] is True
    late = changed(good(), timedelta(hours=30), item_type="narrative")
    assert outcome(late, "late_answers")["passed"] is True


def test_what_is_unknown_is_not_assessable():
    facts = replace(good(), skew_seconds=None, dealer_position=None, previous=None)
    unknown = {entry["check"] for entry in run_checks(facts, LIMITS) if entry["passed"] is None}
    assert unknown == {"fence", "clock", "travel"}


def test_a_pair_is_named_with_its_reason_and_a_hidden_answer_contradicts_nothing():
    entry = outcome(contradictory(good()), "contradictions")
    assert entry["items"] == ["SMS-REC-03", "SMS-NEED-02"]
    assert entry["message"]["en"] == "SMS-REC-03 and SMS-NEED-02: Practically ignored, and yet listened to well"
    assert "SMS-REC-03 与 SMS-NEED-02：" in entry["message"]["zh"]
    ams = next(c for c in packaged_checklists() if c.code == "AMS")
    both = {"AMS-DIAG-01": 0, "AMS-QUA-02": 1}
    facts = replace(good(), checklist=ams)
    assert outcome(replace(facts, answers=both | {"AMS-VIS-03": "maint"}), "contradictions")["passed"] is True
    assert outcome(replace(facts, answers=both | {"AMS-VIS-03": "maint_fault"}), "contradictions")["passed"] is False
    none = replace(ams, contradicts=())
    assert outcome(replace(facts, checklist=none, answers=both), "contradictions")["passed"] is None
