"""Each look-alike looks as it should, with ordinary answers where the playbook says so."""

from pathlib import Path

import numpy as np
import pytest

from audit_api.simulator import NetworkSpec, simulate_network
from audit_api.simulator.catalogue import HONEST, LOOK_ALIKES


def network(kind, share=0.5, seed=5, dealers=80, **spec):
    named = {"dealers": dealers, "gamed_share": 0, "look_alike_share": share, "look_alikes": (kind,), "icc": 0.03}
    world = simulate_network(NetworkSpec(**(named | spec)), seed)
    alike = [label.dealer_id for label in world.truth if label.kind == kind]
    assert len(alike) == round(share * dealers)
    return world, lambda table: np.isin(getattr(world, table)["dealer_id"].astype(str), alike)


def level(world):
    return np.nanmean(world.answers, axis=1)


def audit_share(world, where):
    rated = world.audits["touchpoint"] != "XCT_INTEGRITY"
    return world.audits["passed"][where & rated & (world.audits["selected_by"] == "plan")].mean()


def repeated(values):
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return count[place] > 1


def ordinary(world, inside, outside):
    """Answers inside are no happier than outside: within 0.08 levels, or 3.5 standard errors where that is more."""
    one, other = level(world)[inside], level(world)[outside]
    error = np.sqrt(one.var() / len(one) + other.var() / len(other))
    assert abs(one.mean() - other.mean()) < max(0.08, 3.5 * error)


def test_every_look_alike_is_tried():
    source = Path(__file__).read_text("utf-8")
    assert [kind for kind in LOOK_ALIKES if source.count(f'"{kind}"') < 1] == []
    assert {f"L{i:02d}" for i in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18)} <= {
        code for code, *_ in HONEST.values()
    }


@pytest.mark.parametrize("kind", LOOK_ALIKES)
def test_no_look_alike_is_gamed(kind):
    world, _ = network(kind, dealers=30)
    assert not world.touched.any()
    assert not world.kept_out.any()
    assert not any(label.gamed for label in world.truth)


def test_excellent_dealers_are_excellent_in_both():
    world, mine = network("excellent")
    assert level(world)[mine("responses")].mean() > level(world)[~mine("responses")].mean() + 0.1
    assert audit_share(world, mine("audits")) > audit_share(world, ~mine("audits")) + 0.1


@pytest.mark.parametrize(("kind", "low", "high"), [("small", 2, 30), ("new_store", 4, 50), ("large", 130, 4000)])
def test_volume(kind, low, high):
    world, mine = network(kind)
    counts = world.dealers["responses"][mine("dealers")]
    assert ((counts >= low) & (counts <= high)).all()


@pytest.mark.parametrize("kind", ["fleet", "household", "loyal"])
def test_repeated_contacts(kind):
    world, mine = network(kind)
    again = repeated(world.responses["contact"])
    rows = mine("responses")
    assert again[rows].mean() > 0.07
    assert not again[~rows].any()
    if kind != "loyal":
        ordinary(world, rows & again, rows & ~again)
    else:
        assert level(world)[rows & again].mean() > level(world)[rows & ~again].mean() + 0.1
    number = np.unique(world.responses["contact"][rows & again], return_counts=True)[1]
    assert (np.median(number) > 4) == (kind == "fleet")


def test_call_centre_contacts_are_seen_at_many_dealers():
    world, mine = network("call_centre")
    rows = mine("responses")
    many = [
        len(set(world.responses["dealer_id"][world.responses["contact"] == contact]))
        for contact in np.unique(world.responses["contact"][rows & repeated(world.responses["contact"])])
    ]
    assert min(many) > 5
    phone = world.responses["channel"] == "phone"
    assert phone[rows].mean() > phone[~rows].mean() + 0.2
    ordinary(world, rows & phone, rows & ~phone)


def test_a_few_staff_bought_cars():
    world, mine = network("staff_purchase")
    staff = np.isin(world.responses["contact"], world.staff["contact"])
    assert 0 < staff[mine("responses")].mean() < 0.1
    assert not staff[~mine("responses")].any()


def test_a_strict_auditor_sees_less():
    world, mine = network("strict_auditor", share=0.2, icc=0.0)
    rows = mine("audits")
    strict = world.audits["auditor_id"] == "AU01"
    assert strict[rows].mean() > 0.6
    assert audit_share(world, strict) < audit_share(world, ~strict) - 0.1
    ordinary(world, mine("responses"), ~mine("responses"))


def test_one_bad_day():
    world, mine = network("bad_day")
    first = np.char.endswith(world.audits["visit"].astype(str), "V01")
    rows = mine("audits")
    assert audit_share(world, rows & first) < audit_share(world, rows & ~first) - 0.2
    assert abs(audit_share(world, ~rows & first) - audit_share(world, ~rows & ~first)) < 0.12


def days(world, column, table="responses"):
    when = getattr(world, table)[column] - np.datetime64(world.spec.first_day)
    return when.astype("timedelta64[D]").astype(int)


def test_improvement_comes_after_the_audits():
    world, mine = network("improved")
    assert days(world, "visited_at", "audits")[mine("audits")].max() < world.spec.days * 0.3
    day, rows = days(world, "event_at"), mine("responses")
    late = day > world.spec.days / 2
    assert level(world)[rows & late].mean() > level(world)[rows & ~late].mean() + 0.05
    assert late[rows].mean() > late[~rows].mean() + 0.05


def test_new_stores_rise():
    world, mine = network("new_store", dealers=200)
    day, rows = days(world, "event_at"), mine("responses")
    late = day > world.spec.days / 2
    assert level(world)[rows & late].mean() > level(world)[rows & ~late].mean() + 0.02
    assert set(world.dealers["store_age_band"][mine("dealers")]) == {"0-1"}


def test_a_batch_of_invitations_comes_back_together():
    world, mine = network("batch_invitation")
    rows = mine("responses")
    at = world.responses["submitted_at"].astype("datetime64[h]").astype(int)
    dealers = np.unique(world.responses["dealer_id"][rows].astype(str))
    own = [world.responses["dealer_id"] == dealer for dealer in dealers]
    share = [np.bincount(at[mine] - at.min()).max() / mine.sum() for mine in own]
    assert np.median(share) > 0.15
    invited = world.responses["invited_at"].astype("datetime64[h]")
    assert np.unique(invited[rows], return_counts=True)[1].max() > 0.5 * rows.sum()
    ordinary(world, rows, ~rows)


def test_a_region_that_marks_higher():
    world, mine = network("acquiescent", share=0.1, dealers=200, regions=4)
    assert set(world.dealers["region"][mine("dealers")]) == {"R1"}
    region = np.isin(
        world.responses["dealer_id"].astype(str),
        world.dealers["dealer_id"][world.dealers["region"] == "R1"].astype(str),
    )
    assert level(world)[region].mean() > level(world)[~region].mean() + 0.08
    ordinary(world, mine("responses"), region & ~mine("responses"))


def test_demanding_customers_mention_gifts():
    world, mine = network("demanding")
    rows, said = mine("responses"), world.responses["mentions_incentive"]
    assert np.nanmean(said[rows]) > np.nanmean(said[~rows]) + 0.05
    ordinary(world, rows, ~rows)


def test_a_ceiling_leaves_little_spread():
    world, mine = network("ceiling")
    rows = mine("responses")
    assert level(world)[rows].std() < 0.85 * level(world)[~rows].std()
    assert audit_share(world, mine("audits")) > audit_share(world, ~mine("audits"))


def test_stock_answers_are_straight_lines():
    world, mine = network("stock_answers")
    straight = np.nanstd(world.answers, axis=1) == 0
    rows = mine("responses")
    assert straight[rows].mean() > straight[~rows].mean() + 0.15
    below = np.nanmean(world.answers, axis=1) < 5
    assert straight[rows & below].mean() > straight[~rows & below].mean() + 0.2


def test_the_new_model_is_liked_everywhere():
    world, mine = network("launch_glow")
    new, rows = world.responses["vehicle_class"] == "new_model", mine("responses")
    assert new[rows].mean() > 0.6 > 0.4 > new[~rows].mean()
    for where in (rows, ~rows):
        assert level(world)[where & new].mean() > level(world)[where & ~new].mean() + 0.05


def test_second_tier_deliveries_miss_facts_and_contacts():
    world, mine = network("second_tier")
    facts = np.column_stack([world.responses[name] for name in world.responses if name.startswith("fact_")])
    rows = mine("responses")
    assert np.nanmean(facts[rows]) < np.nanmean(facts[~rows]) - 0.1
    valid = world.dealers["contacts_valid"] / world.dealers["contacts_supplied"]
    assert valid[mine("dealers")].mean() < valid[~mine("dealers")].mean() - 0.05


def test_a_lounge_shares_devices_without_happier_answers():
    world, mine = network("lounge")
    own = repeated(world.responses["device"]) & (world.responses["channel"] != "phone")
    rows = mine("responses")
    assert own[rows].mean() > 0.2
    assert not own[~rows].any()
    ordinary(world, rows & own, rows & ~own)


def test_laconic_customers_write_stock_phrases():
    world, mine = network("laconic")
    length = np.char.str_len(world.responses["text"].astype(str))
    rows = mine("responses")
    assert ((length > 0) & (length < 15))[rows].mean() > 0.6
    ordinary(world, rows, ~rows)


def test_a_neutral_poster_brings_ordinary_answers():
    world, mine = network("neutral_poster")
    code, rows = world.responses["channel"] == "qr_code", mine("responses")
    assert 0.2 < code[rows].mean() < 0.4
    assert not code[~rows].any()
    ordinary(world, rows & code, rows & ~code)


def test_extra_audits_are_marked_and_find_too_much():
    world, mine = network("extra_audits")
    extra = world.audits["selected_by"] == "trigger"
    rows = mine("audits")
    assert extra[rows].any()
    assert not extra[~rows].any()
    rated = world.audits["touchpoint"] != "XCT_INTEGRITY"
    passed = world.audits["passed"]
    covert = world.audits["kind"] == "mystery"
    assert extra[extra].sum() == (extra & covert).sum()
    assert passed[rows & extra & rated].mean() < passed[rows & ~extra & covert & rated].mean() - 0.05
    assert set(world.audits["selected_by"]) == {"plan", "trigger"}


@pytest.mark.parametrize("kind", ["missing_contacts", "private"])
def test_missing_whoever_the_customer_is(kind):
    world, mine = network(kind)
    events, rows = world.events, mine("events")
    unhappy = (events["complaint"] == 1) | (events["comeback"] == 1) | (events["long_wait"] == 1)
    asked = events["invited"]
    assert asked[rows].mean() < asked[~rows].mean() - 0.12
    assert abs(asked[rows & unhappy].mean() - asked[rows & ~unhappy].mean()) < 0.04
    ordinary(world, mine("responses"), ~mine("responses"))


def test_a_busy_season_heaps_events_not_answers():
    world, mine = network("seasonal")
    day, rows = days(world, "event_at", "events"), mine("events")
    assert np.bincount(day[rows] // 14).max() / rows.sum() > 0.5
    ordinary(world, mine("responses"), ~mine("responses"))


def test_quick_service_invites_as_it_comes():
    world, mine = network("quick_service")
    rows, easy, invited = mine("events"), world.events["job_type"] == "retail", world.events["invited"] == 1
    assert easy[rows].mean() > easy[~rows].mean() + 0.15
    assert abs(easy[rows & invited].mean() - easy[rows].mean()) < 0.02
