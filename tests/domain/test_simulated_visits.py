"""Drawn visits pass every check that a real one has to pass."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audit_api.domain.answers import check_answers
from audit_api.domain.evidence_rules import answers_of, comments_of, missing_evidence
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.scoring import score_visit
from audit_api.simulator.observations import draw_visit

HERE = (30.2741, 120.1551)
WHEN = datetime(2026, 11, 20, 2, tzinfo=UTC)


def drawn(checklist, quality, seed, **more):
    return draw_visit(checklist, quality, np.random.default_rng(seed), started_at=WHEN, position=HERE, **more)


def with_photos(visit):
    by_item = {o["item"]: o for o in visit.observations}
    for n, slot in enumerate(visit.slots):
        by_item[slot.item]["photos"].append({"slot": slot.slot, "sha256": f"{n:064x}"})
    return visit.observations


@given(
    st.sampled_from(packaged_checklists()),
    st.floats(0, 1),
    st.integers(0, 10_000),
    st.sampled_from(["zh", "en"]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
@hypothesis_settings(max_examples=150)
def test_nothing_is_wrong_and_nothing_is_missing(checklist, quality, seed, locale, adverse):
    visit = drawn(checklist, quality, seed, locale=locale, adverse_share=adverse)
    observations = with_photos(visit)
    assert check_answers(checklist, answers_of(checklist, observations), comments_of(observations)) == []
    assert missing_evidence(checklist, observations, HERE) == []


@pytest.mark.parametrize("checklist", packaged_checklists(), ids=lambda c: c.code)
def test_better_dealers_score_better(checklist):
    def mean(quality):
        visits = [drawn(checklist, quality, seed) for seed in range(20)]
        scores = [score_visit(checklist, answers_of(checklist, with_photos(v))).raw for v in visits]
        return sum(scores) / len(scores)

    assert mean(0.2) + 15 < mean(0.6) < mean(0.95) - 10


def test_the_same_seed_draws_the_same_visit():
    checklist = packaged_checklists()[0]
    assert drawn(checklist, 0.7, 3) == drawn(checklist, 0.7, 3)
    assert drawn(checklist, 0.7, 3) != drawn(checklist, 0.7, 4)


def test_what_is_missing_is_named_by_item_with_rule_and_count():
    for checklist in packaged_checklists():
        visit = drawn(checklist, 0.1, 1)
        wanted = {slot.item for slot in visit.slots}
        assert wanted, checklist.code
        entries = [e for e in missing_evidence(checklist, visit.observations, HERE) if e["item"] in wanted]
        assert {e["item"] for e in entries} == wanted
        for entry in entries:
            if entry["code"] == "photos_missing":
                assert entry["needed"] > entry["given"] == 0
                assert entry["rule"] in ("always", "on_fail", "on_adverse")
                assert set(entry["of"]) == {"zh", "en"}


def test_a_position_far_from_the_dealer_needs_a_comment():
    checklist = next(c for c in packaged_checklists() if c.code == "SMS")
    observations = with_photos(drawn(checklist, 0.9, 5))
    away = (HERE[0] + 0.01, HERE[1])
    assert [e["code"] for e in missing_evidence(checklist, observations, away)] == ["comment_distance"]
