"""Each tactic against its honest twin: it leaves its own trace at its own dealers, and nothing else."""

import numpy as np
import pytest

from audit_api.simulator import NetworkSpec, simulate_network
from audit_api.simulator.catalogue import PLAYBOOK, TACTICS

CHANGES = {
    # tactic: response columns it changes, besides answers and what follows from them
    "pressed": set(),
    "pressed_hard": set(),
    "copied": {"submitted_at", "duration_s"},
    "invented": {"contact", "text", "duration_s", "mentions_incentive", "mentions_coaching", "fact"},
    "staff_phones": {"contact", "device", "duration_s", "fact"},
    "relatives": {"contact", "device"},
    "screened": set(),
    "filled_in": {"device", "duration_s", "text", "invited_at", "submitted_at"},
    "watched": {"device", "invited_at", "submitted_at", "mentions_coaching"},
    "coached": {"mentions_coaching"},
    "rewarded": {"mentions_incentive", "text"},
    "signs": {"channel", "device", "submitted_at", "mentions_coaching"},
    "called_first": {"submitted_at"},
    "cherry_picked": {"event_at", "invited_at", "submitted_at"},
    "templated": {"text"},
    "edited": {"revised", "submitted_at", "mentions_coaching"},
    "staged": {"fact"},
    "window_push": set(),
}
FRAME = {"screened", "called_first", "cherry_picked", "invented"}
AUDITS = {"staged", "coached", "rewarded", "signs", "watched", "staff_phones"}
OUTCOMES = {"q_overall", "q_recommend"}


@pytest.fixture(scope="module", params=TACTICS)
def pair(request):
    spec = NetworkSpec(dealers=60, gamed_share=0.5, look_alike_share=0, intensity=0.6, tactics=(request.param,))
    return request.param, simulate_network(spec, 7), simulate_network(spec, 7, twin=True)


def same(one, other):
    return (one == other) | ((one != one) & (other != other))


def common(world, twin):
    """Rows of both worlds for the customers who answer in both."""
    return np.intersect1d(
        world.responses["event_id"].astype(str), twin.responses["event_id"].astype(str), return_indices=True
    )[1:]


def of(world, table="responses"):
    gamed = {label.dealer_id for label in world.truth if label.gamed}
    return np.isin(getattr(world, table)["dealer_id"].astype(str), list(gamed))


def test_every_tactic_is_listed():
    assert set(CHANGES) == set(TACTICS)
    assert len({PLAYBOOK[tactic][0] for tactic in TACTICS}) >= 12


def test_honest_dealers_are_untouched(pair):
    _tactic, world, twin = pair
    ours, theirs = ~of(world), ~of(twin)
    assert ours.sum() == theirs.sum() > 500
    assert np.array_equal(world.answers[ours], twin.answers[theirs], equal_nan=True)
    for name in set(world.responses) - {"response_id"}:
        assert same(world.responses[name][ours], twin.responses[name][theirs]).all(), name
    ours, theirs = ~of(world, "audits"), ~of(twin, "audits")
    assert np.array_equal(world.audits["passed"][ours], twin.audits["passed"][theirs])


def test_it_changes_what_it_says_and_nothing_else(pair):
    tactic, world, twin = pair
    ours, theirs = common(world, twin)
    changed = {
        "fact" if name.startswith("fact_") else name
        for name in set(world.responses) - {"response_id"} - OUTCOMES
        if not same(world.responses[name][ours], twin.responses[name][theirs]).all()
    }
    assert changed == CHANGES[tactic]
    moved = ~same(world.answers[ours], twin.answers[theirs]).all(axis=1)
    assert not (moved & ~(world.touched[ours] | (tactic == "called_first"))).any()
    frame = [
        name
        for name in ("supplied", "valid", "invited", "opted_out", "complaint", "comeback", "long_wait", "job_type")
        if not np.array_equal(world.events[name], twin.events[name])
    ]
    assert bool(frame) == (tactic in FRAME)
    audits_differ = (world.audits["passed"] != twin.audits["passed"]).any()
    assert audits_differ == (tactic in AUDITS)


def test_answers_get_better(pair):
    _tactic, world, twin = pair
    assert np.nanmean(world.answers[of(world)]) > np.nanmean(twin.answers[of(twin)]) + 0.01


def test_intensity_is_the_share_touched(pair):
    tactic, world, _twin = pair
    touched = world.touched[of(world)].mean()
    if tactic in ("screened", "called_first", "cherry_picked"):
        assert touched == 0
        assert 0.03 < world.kept_out[of(world, "events")].mean() < 0.6
        assert not world.kept_out[~of(world, "events")].any()
    elif tactic in ("edited", "window_push"):
        assert 0.1 < touched < 0.5
    else:
        assert 0.55 < touched < 0.75


@pytest.mark.parametrize("tactic", TACTICS)
def test_no_intensity_is_the_twin(tactic):
    spec = {"dealers": 30, "gamed_share": 0.5, "tactics": (tactic,)}
    none = simulate_network(NetworkSpec(**spec, intensity=0.0), 3)
    twin = simulate_network(NetworkSpec(**spec, intensity=0.9), 3, twin=True)
    assert np.array_equal(none.answers, twin.answers, equal_nan=True)
    assert not none.touched.any()
    assert not none.kept_out.any()


def gamed(tactic, intensity=0.6, seed=7, **spec):
    named = {"dealers": 60, "gamed_share": 0.5, "look_alike_share": 0, "intensity": intensity, "tactics": (tactic,)}
    world = simulate_network(NetworkSpec(**(named | spec)), seed)
    return world, world.touched, of(world)


def repeated(values):
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return count[place] > 1


def test_pressing_hard_presses_harder():
    soft, hard = (gamed(tactic) for tactic in ("pressed", "pressed_hard"))
    assert np.nanmean(hard[0].answers[hard[1]]) > np.nanmean(soft[0].answers[soft[1]]) + 0.1


def test_invented_customers_leave_undeliverable_contacts_and_say_yes_to_everything():
    world, touched, _ = gamed("invented")
    facts = np.column_stack([world.responses[name] for name in world.responses if name.startswith("fact_")])
    assert (facts[touched] == 1).all()
    assert np.nanmean(facts[~touched]) < 0.9
    rows = of(world, "events")
    supplied = world.events["supplied"] == 1
    assert world.events["valid"][rows & supplied].mean() < world.events["valid"][~rows & supplied].mean() - 0.05
    assert not repeated(world.responses["contact"][touched]).any()


def test_staff_answer_from_few_phones_of_which_some_are_in_the_directory():
    world, touched, _ = gamed("staff_phones")
    assert repeated(world.responses["contact"][touched]).mean() > 0.9
    in_directory = np.isin(world.responses["contact"], world.staff["contact"])
    assert 0.3 < in_directory[touched].mean() < 0.5
    assert in_directory[~touched].mean() == 0
    assert np.median(world.responses["duration_s"][touched]) < 0.5 * np.median(world.responses["duration_s"][~touched])


def test_relatives_are_in_no_directory():
    world, touched, _ = gamed("relatives")
    assert repeated(world.responses["contact"][touched]).mean() > 0.7
    assert not np.isin(world.responses["contact"], world.staff["contact"]).any()


@pytest.mark.parametrize("tactic", ["screened", "called_first"])
def test_the_unhappy_go_missing(tactic):
    world, _, rows = gamed(tactic)
    events, mine = world.events, of(world, "events")
    unhappy = (events["complaint"] == 1) | (events["comeback"] == 1)

    def odds(where):
        asked, missing = events["invited"][where & unhappy].mean(), events["invited"][where & ~unhappy].mean()
        return (asked / (1 - asked)) / (missing / (1 - missing))

    assert odds(mine) < 0.6 * odds(~mine)
    low = np.nanmean(world.answers, axis=1) < 3.5
    assert low[rows].mean() < 0.75 * low[~rows].mean()


def test_cherry_picking_invites_the_easy_jobs():
    world, _, _ = gamed("cherry_picked")
    mine, easy = of(world, "events"), world.events["job_type"] == "retail"
    invited = world.events["invited"] == 1
    assert easy[mine & invited].mean() > easy[mine].mean() + 0.2
    assert abs(easy[~mine & invited].mean() - easy[~mine].mean()) < 0.03
    day = world.events["event_at"].astype("datetime64[D]")
    last = (day + 2).astype("datetime64[M]") > day.astype("datetime64[M]")
    assert last[mine].mean() > last[~mine].mean() + 0.3


def office(moments):
    hour = (moments - moments.astype("datetime64[D]")).astype("timedelta64[s]").astype(int) / 3600
    return (hour >= 9) & (hour <= 18)


@pytest.mark.parametrize("tactic", ["filled_in", "watched"])
def test_staff_beside_the_customer_leave_devices_and_office_hours(tactic):
    world, touched, _ = gamed(tactic)
    submitted, event = world.responses["submitted_at"], world.responses["event_at"]
    assert office(submitted[touched]).mean() > 0.97
    assert office(submitted[~touched]).mean() < 0.75
    same_day = submitted.astype("datetime64[D]") == event.astype("datetime64[D]")
    assert same_day[touched].mean() > 0.97
    assert same_day[~touched].mean() < 0.1
    assert repeated(world.responses["device"][touched]).mean() > 0.9


def within_quarter_of_an_hour(world, rows):
    """Share of the rows with three others of the same dealer within a quarter of an hour."""
    found = []
    for dealer in np.unique(world.responses["dealer_id"].astype(str)):
        own = rows & (world.responses["dealer_id"] == dealer)
        at = world.responses["submitted_at"][own].astype("datetime64[s]").astype(np.int64)
        found += ((np.abs(at[:, None] - at[None, :]) < 900).sum(axis=1) > 3).tolist()
    return np.mean(found)


@pytest.mark.parametrize(("tactic", "share"), [("copied", 0.6), ("signs", 0.3)])
def test_bursts(tactic, share):
    world, touched, _ = gamed(tactic)
    assert within_quarter_of_an_hour(world, touched) > share
    assert within_quarter_of_an_hour(world, ~touched) < 0.1


@pytest.mark.parametrize("tactic", ["copied", "filled_in"])
def test_template_sheets_repeat_each_other(tactic):
    world, touched, _ = gamed(tactic)

    def repeats(rows):
        uneven = rows & (np.nanstd(world.answers, axis=1) > 0)
        keys = [
            f"{d}{s}" for d, s in zip(world.responses["dealer_id"][uneven], world.answers[uneven].tolist(), strict=True)
        ]
        return repeated(np.array(keys)).mean()

    assert repeats(touched) > repeats(~touched) + 0.3


def test_coaching_takes_the_fours_and_customers_say_so():
    world, touched, _ = gamed("coached")
    fours = (world.answers == 4).sum(axis=1) / (world.answers < 5).sum(axis=1).clip(1)
    assert (world.answers[touched] == 4).mean() < 0.5 * (world.answers[~touched] == 4).mean()
    assert np.isfinite(fours).all()
    assert 0.2 < np.nanmean(world.responses["mentions_coaching"][touched]) < 0.45
    assert np.nanmean(world.responses["mentions_coaching"][~touched]) < 0.06


def test_gifts_raise_the_response_rate():
    world, touched, _ = gamed("rewarded")
    mine = np.isin(world.dealers["dealer_id"].astype(str), [t.dealer_id for t in world.truth if t.gamed])
    rate = world.dealers["responses"] / world.dealers["contacts_valid"]
    assert np.median(rate[mine]) > np.median(rate[~mine]) + 0.06
    assert np.nanmean(world.responses["mentions_incentive"][touched]) > 0.2


def test_templates_repeat():
    world, touched, _ = gamed("templated")
    text = world.responses["text"].astype(str)
    long = np.char.str_len(text) >= 12
    assert repeated(text[touched & long]).mean() > 0.8
    assert long[touched].mean() > 0.6
    assert repeated(text[~touched & long]).mean() < 0.5


def test_a_push_stays_in_the_window():
    world, touched, rows = gamed("window_push")
    day = (world.responses["event_at"] - np.datetime64(world.spec.first_day)).astype("timedelta64[D]").astype(int)
    assert (day[touched] >= world.spec.window_day()).all()
    late = day >= world.spec.window_day()
    top = (world.answers == 5).mean(axis=1)
    assert top[rows & late].mean() > top[rows & ~late].mean() + 0.1


def test_staging_parts_announced_from_covert():
    world, _, _ = gamed("staged")
    mine, announced = of(world, "audits"), world.audits["kind"] == "announced"
    rated = world.audits["touchpoint"] != "XCT_INTEGRITY"
    passed = world.audits["passed"]

    def gap(where):
        return passed[where & announced & rated].mean() - passed[where & ~announced & rated].mean()

    assert gap(mine) > gap(~mine) + 0.08


def test_second_tactics_add_up():
    spec = {"dealers": 60, "gamed_share": 0.5, "tactics": ("pressed", "templated"), "second_tactic_share": 1.0}
    world = simulate_network(NetworkSpec(**spec), 2)
    assert {label.second for label in world.truth if label.gamed} <= {"pressed", "templated"}
    assert all(not label.second for label in world.truth if not label.gamed)
