"""The hearing's clock, what a dealer sees, the ladder, and the precision of detectors."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.directory import Actor, Role
from audit_api.domain.flag_hearing import (
    after_working_days,
    dealers_part,
    names_in_rows,
    propose_response,
    tell_tale,
)
from audit_api.domain.flag_precision import precision, wilson
from audit_api.domain.flag_views import GRADING_IN_DOSSIER, GRADING_IN_EVIDENCE, shown


@pytest.mark.parametrize(
    ("asked", "days", "until"),
    [
        ("2026-11-16T09:00:00+08:00", 1, "2026-11-17"),  # Monday
        ("2026-11-16T09:00:00+08:00", 10, "2026-11-30"),
        ("2026-11-20T23:00:00+08:00", 1, "2026-11-23"),  # Friday
        ("2026-11-21T10:00:00+08:00", 1, "2026-11-23"),  # Saturday
        ("2026-11-15T17:00:00+00:00", 1, "2026-11-17"),  # Monday already in Shanghai
    ],
)
def test_working_days(asked, days, until):
    moment = after_working_days(datetime.fromisoformat(asked), days, "Asia/Shanghai")
    assert moment.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat() == until


@given(st.integers(0, 20 * 366 * 24), st.integers(1, 30))
def test_a_dealer_never_has_less_than_its_days(hours, days):
    asked = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    until = after_working_days(asked, days, "Asia/Shanghai")
    assert until.weekday() < 5
    assert until - asked >= timedelta(days=days)
    assert after_working_days(asked, days + 1, "Asia/Shanghai") > until


def piece(**changed):
    return {
        "indicator": "near_duplicates", "group": "copying", "title": {"zh": "雷同", "en": "Near-duplicates"},
        "unit": "share", "observed": 0.78, "expected": 0.5, "n": 18, "p": 0.0173, "z": 2.11, "stands_out": True,
        "sentence": {"zh": "概率0.0173", "en": "chance 0.0173"},
        "honest_explanations": [{"code": "L14", "zh": "习惯", "en": "Habit"}],
        "rows": {"clusters": [["RESP-0001", "RESP-0002"]], "visits": ["visit-0001"]},
    } | changed  # fmt: skip


def test_the_dealer_sees_no_respondent_threshold_or_chance():
    part = dealers_part(piece())
    assert part["sentence"]["en"] == "Near-duplicates: 78% at your dealership, 50% expected at comparable ones."
    text = json.dumps(part)
    assert not [hidden for hidden in ("RESP", "visit-", "0.0173", "2.11", "L14", '"p"', "rows") if hidden in text]


def test_a_text_that_names_somebody_is_found():
    names = names_in_rows(piece()["rows"])
    assert names == {"RESP-0001", "RESP-0002", "visit-0001"}
    assert tell_tale("Please explain resp-0002", names) == "RESP-0002"
    assert tell_tale("Please explain", names) == ""


@pytest.mark.parametrize(
    ("groups", "earlier", "rung"),
    [(["level"], 0, 1), (["copying", "level"], 0, 1), (["level"], 1, 2), (["copying"], 1, 3), (["process"], 2, 3)],
)
def test_the_ladder_is_proposed(groups, earlier, rung):
    proposed = propose_response(groups, earlier)
    assert proposed["proposed"] == rung
    assert [step["rung"] for step in proposed["ladder"]] == [1, 2, 3]


def test_wilson_by_hand():
    """8 of 10: (0.8 + 0.19208 ∓ 1.96·√(0.016 + 0.009604)) / 1.38416."""
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share(hits, misses):
    low, high = wilson(hits, hits + misses)
    assert 0 <= low <= high <= 1
    if hits + misses:
        assert low - 1e-12 <= hits / (hits + misses) <= high + 1e-12


def test_precision_counts_by_indicator_and_group():
    def row(state, *, groups=("level",), indicators=("discordance",), control=False, blind=True):
        return {"state": state, "control": control, "blind": blind, "groups": groups, "indicators": indicators}

    found = precision(
        [
            row("confirmed"), row("confirmed", groups=("level", "copying"), indicators=("near_duplicates",)),
            row("dismissed"), row("inconclusive"), row("dismissed", groups=(), indicators=(), control=True),
            row("confirmed", groups=(), indicators=(), control=True),
            row("confirmed", groups=(), indicators=(), control=True, blind=False),
        ]
    )  # fmt: skip
    assert [found["flags"][k] for k in ("confirmed", "dismissed", "inconclusive")] == [2, 1, 1]
    by_name = {entry["name"]: entry for entry in found["indicators"] + found["groups"]}
    assert (by_name["discordance"]["precision"], by_name["near_duplicates"]["precision"]) == (0.5, 1.0)
    assert (by_name["level"]["confirmed"], by_name["copying"]["confirmed"]) == (2, 1)
    assert (found["controls"]["confirmed"], found["controls"]["dismissed"]) == (1, 1)
    assert precision([])["flags"]["precision"] is None


def flag(**changed):
    dossier = dict.fromkeys(GRADING_IN_DOSSIER, 1) | {
        "evidence": [piece(seen={"zh": "看到", "en": "seen"})],
        "peers": 9,
    }
    return {"_id": "x", "state": "open", "grade": "flag", "score": 3, "p": 0.01, "q": 0.02, "groups": ["level"],
            "summary": {"en": "s"}, "blind": True, "control": True, "dossier": dossier} | changed  # fmt: skip


ANNA = Actor("anna", "", "Anna", Role.QUALITY_REVIEWER)
MANAGER = Actor("mia", "", "Mia", Role.PROGRAMME_MANAGER)


def test_before_the_decision_a_control_looks_like_a_flag():
    """The same shape, and not one figure that grades it."""
    seen = [shown(flag(control=control, p=p, q=p, groups=g), ANNA) for control, p, g in
            ((True, 0.6, []), (False, 0.001, ["level"]))]  # fmt: skip
    assert seen[0] == seen[1]
    assert not set(seen[0]["dossier"]) & set(GRADING_IN_DOSSIER)
    assert not set(seen[0]["dossier"]["evidence"][0]) & set(GRADING_IN_EVIDENCE)
    assert seen[0]["dossier"]["evidence"][0]["sentence"]["en"] == "seen"


@pytest.mark.parametrize("state", ["open", "asked", "replied"])
def test_it_stays_so_through_the_hearing(state):
    view = shown(flag(state=state), ANNA)
    assert (view["p"], view["groups"], view["blind"], view["control"]) == (None, [], True, None)


@pytest.mark.parametrize("changed", [{"unblinded": ["anna"]}, {"blind": False}])
def test_the_figures_are_shown_where_they_give_nothing_away_or_were_asked_for(changed):
    view = shown(flag(**changed), ANNA)
    assert (view["p"], view["blind"], view["dossier"]["p"]) == (0.01, False, 1)
    assert view["control"] is None


@pytest.mark.parametrize("state", ["confirmed", "dismissed", "inconclusive"])
def test_afterwards_everything_is_shown(state):
    view = shown(flag(state=state), ANNA)
    assert (view["p"], view["blind"], view["control"]) == (0.01, False, True)


def test_who_does_not_decide_sees_everything_at_once():
    view = shown(flag(), MANAGER)
    assert (view["p"], view["blind"], view["control"], view["dossier"]["p"]) == (0.01, False, True, 1)


def test_a_watch_beside_blind_flags_holds_its_figures_back():
    """From its q one could count the dealers in front of it."""
    watch = flag(state="watch", grade="watch", blind=False, control=False)
    assert shown(watch, ANNA)["q"] == 0.02
    view = shown(watch, ANNA, reviewed=True)
    assert (view["q"], view["blind"]) == (None, True)
    assert "without" not in view["dossier"]
    assert shown(watch, MANAGER, reviewed=True)["q"] == 0.02
