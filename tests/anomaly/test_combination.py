"""Nulls, groups, false-discovery rate and grades."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from worlds import network

from audit_api.anomaly.fdr import adjusted
from audit_api.anomaly.grades import FLAG, NONE, NOT_ASSESSABLE, WATCH, Parameters, Standing, grade, supported_groups
from audit_api.anomaly.groups import HonestDraws, as_far_as_the_network, as_in_the_network
from audit_api.anomaly.indicator import IndicatorResult
from audit_api.anomaly.nulls import calibrate
from audit_api.anomaly.peers import strata
from audit_api.anomaly.robust import additive_variance, huber_fit
from audit_api.anomaly.traces import log_odds, width_of


def test_bh_table():
    # the example of fifteen p-values of Benjamini & Hochberg (1995): four are picked out at .05
    p = np.array(
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
         0.7590, 1.0000]
    )  # fmt: skip
    q = adjusted(p)
    assert (q <= 0.05).sum() == 4
    assert q[0] == pytest.approx(0.0015)
    assert q[3] == pytest.approx(0.0095 * 15 / 4)


def test_bh_leaves_missing_out():
    q = adjusted(np.array([0.01, np.nan, 0.04]))
    assert q[0] == pytest.approx(0.02)
    assert np.isnan(q[1])
    assert adjusted(np.array([np.nan])).shape == (1,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_bh_keeps_the_order_and_never_lowers(values):
    p = np.array(values)
    q = adjusted(p)
    assert (q >= p - 1e-12).all()
    assert (q <= 1).all()
    order = np.argsort(p)
    assert (np.diff(q[order]) >= -1e-12).all()


def result(z) -> IndicatorResult:
    z = np.asarray(z, dtype=float)
    return IndicatorResult(
        observed=z, expected=z * 0, n=np.full(len(z), 50), z=z, p=norm.sf(z), reason=np.full(len(z), "", dtype=object)
    )


def test_null_never_scales_below_one_and_clips():
    narrow = calibrate(result(np.linspace(-0.1, 0.1, 100)))[0]
    assert narrow.z[-1] == pytest.approx(0.1)
    wide = calibrate(result(np.concatenate([norm.ppf(np.linspace(0.01, 0.99, 200)) * 3, [900, -900]])))[0]
    assert wide.z[-2:].tolist() == [10, -6]
    assert np.std(wide.z[:-2]) == pytest.approx(1, abs=0.1)


def test_null_does_not_raise_ordinary_dealers():
    low = calibrate(result(np.linspace(-2, -1, 100)))[0]
    assert low.z.max() <= -1


def test_robust_fits_resist_a_tenth():
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(400), rng.normal(size=400)])
    variance = rng.uniform(0.01, 0.5, 400)
    y = X @ [1.0, 2.0] + rng.normal(size=400) * np.sqrt(variance + 0.2)
    y[:40] += 6
    beta = huber_fit(y, X, variance)
    assert beta == pytest.approx([1.0, 2.0], abs=0.2)
    assert additive_variance(y - X @ beta, variance, floor=0.01) == pytest.approx(0.2, abs=0.12)


def test_log_odds_by_hand():
    # share .9, shift 1.5, spread 1: the ratio of the two normal laws at z = 1.5 is exp(1.5²/2)
    assert log_odds("discordance", np.array([1.5]))[0] == pytest.approx(np.log(0.1 + 0.9 * np.exp(1.125)))
    # far below, only the tenth without the trace remains; far above, a thousand to one
    assert log_odds("discordance", np.array([-6.0, 10.0])) == pytest.approx([np.log(0.1), np.log(1000)], abs=1e-3)
    # an indicator without numbers of its own: share .1, shift 2, spread 1.2
    assert log_odds("another", np.array([2.0]))[0] == pytest.approx(np.log(0.9 + 0.1 * np.exp(2) / 1.2))
    # where ordinary dealers reach half as far, the same figure says what twice as much would elsewhere
    assert log_odds("another", np.array([1.5]), 0.5) == log_odds("another", np.array([3.0]))


def test_width_by_hand():
    # uniform from -1 to 1.2: the 95 % point is 1.09, two thirds of a normal law's 1.645
    assert width_of("another", np.linspace(-1, 1.2, 200)) == pytest.approx(1.09 / 1.6449, abs=0.002)
    assert width_of("another", np.zeros(200)) == 0.6
    assert width_of("another", np.linspace(-9, 9, 200)) == 1
    assert width_of("another", np.zeros(59)) == 1
    assert width_of("discordance", np.zeros(200)) == 1


@pytest.mark.parametrize("code", ["discordance", "window_dressing", "another"])
def test_log_odds_rise(code):
    said = log_odds(code, np.linspace(-6, 10, 400))
    assert (np.diff(said) >= 0).all()
    assert np.isfinite(said).all()


@pytest.mark.parametrize("r", [0.0, 0.6])
def test_p_is_uniform_for_honest_dealers_in_the_tail_too(r):
    groups = ["level", "level", "copying"]
    R = np.array([[1, r, 0], [r, 1, 0], [0, 0, 1.0]])

    def honest(seed: int, n: int) -> np.ndarray:
        return log_odds("another", np.random.default_rng(seed).standard_normal((n, 3)) @ np.linalg.cholesky(R).T)

    reference = HonestDraws.of(honest(1, 200_000), groups)
    p = np.array([reference.judge(row)[1] for row in honest(2, 20_000)])
    for limit, slack in ((0.5, 0.02), (0.1, 0.01), (0.01, 0.003), (0.001, 0.0008)):
        assert np.mean(p <= limit) == pytest.approx(limit, abs=slack)


def test_draws_take_the_shape_an_indicator_has_in_the_network():
    draws = np.random.default_rng(1).standard_normal(100_000)
    narrow = np.random.default_rng(2).normal(-0.5, 0.5, 2_000)
    shaped = as_in_the_network(draws, narrow)
    assert np.quantile(shaped, [0.5, 0.9]) == pytest.approx(np.quantile(narrow, [0.5, 0.9]), abs=0.02)
    # beyond 95 % the tail is normal: wider than what was seen, further in than a normal law
    assert np.quantile(shaped, 0.999) == pytest.approx(np.quantile(narrow, 0.95) + 3.09 - 1.645, abs=0.1)
    # dealers that stand out raise the points they are held against, never lower them
    assert np.quantile(as_in_the_network(draws, np.r_[narrow, np.full(200, 6.0)]), 0.99) > np.quantile(shaped, 0.99)
    # too few dealers to know a shape: normal
    assert np.array_equal(as_in_the_network(draws, narrow[:59]), draws)


def test_draws_of_a_law_reach_as_far_as_the_dealers():
    draws = np.random.default_rng(1).standard_normal(200_000)
    seen = np.linspace(-2, 1.0, 2_000)  # 95 % point .85
    shaped = as_far_as_the_network(draws, seen)
    assert np.quantile(shaped, 0.95) == pytest.approx(0.85, abs=0.01)
    assert np.quantile(shaped, 0.8) == pytest.approx(0.85 / 1.645 * 0.8416, abs=0.02)
    assert np.quantile(shaped, 0.3) == np.quantile(draws, 0.3)
    # beyond, the tail is normal
    assert np.quantile(shaped, 0.999) == pytest.approx(0.85 + 3.09 - 1.645, abs=0.05)
    # nothing is widened, and a handful of dealers shows no shape
    assert np.array_equal(as_far_as_the_network(draws, seen * 9), draws)
    assert np.array_equal(as_far_as_the_network(draws, seen[:59]), draws)


def test_no_p_below_what_the_draws_can_tell():
    reference = HonestDraws.of(np.random.default_rng(1).normal(size=(20_000, 2)), ["copying", "level"])
    by_group, p, weight = reference.judge(np.array([9.0, 9.0]))
    assert p == by_group["level"] == by_group["copying"] == 1 / 20_001
    assert weight == 18


def standing(**changed) -> Standing:
    base = Standing(
        p=1e-5,
        q=0.01,
        p_by_group={"level": 0.001, "copying": 0.001},
        p_by_indicator={"discordance": 0.001, "window_dressing": 0.2, "near_duplicates": 0.001},
        group_of={"discordance": "level", "window_dressing": "level", "near_duplicates": "copying"},
        responses=65,
        visits=3,
        covert_visits=2,
    )
    return replace(base, **changed)


ACTION = Parameters(action=True)


@pytest.mark.parametrize(
    ("changed", "parameters", "expected"),
    [
        ({}, ACTION, FLAG),
        ({}, Parameters(action=False), WATCH),
        ({"q": 0.11}, ACTION, WATCH),
        ({"q": 0.11, "p": 0.02}, ACTION, NONE),
        ({"p_by_group": {"level": 1e-9, "copying": 0.06}}, ACTION, WATCH),  # a level alone, however extreme
        ({"p_by_group": {"level": 0.06, "copying": 1e-9}}, ACTION, WATCH),
        # the second of five groups: .013 × 4 is above .05, .012 × 4 below
        (
            {"p_by_group": {"level": 1e-9, "copying": 0.013, "process": 0.5, "frame": 0.5, "statement": 0.5}},
            ACTION,
            WATCH,
        ),
        (
            {"p_by_group": {"level": 1e-9, "copying": 0.012, "process": 0.5, "frame": 0.5, "statement": 0.5}},
            ACTION,
            FLAG,
        ),
        ({"responses": 29}, ACTION, WATCH),
        ({"visits": 1, "covert_visits": 1}, ACTION, WATCH),
        ({"covert_visits": 0}, ACTION, WATCH),
        (
            {"covert_visits": 0, "p_by_indicator": {"window_dressing": 0.001, "near_duplicates": 0.001}},
            ACTION,
            FLAG,  # the level stands without the audits
        ),
        ({"p_by_indicator": {}, "p_by_group": {}, "p": float("nan"), "q": float("nan")}, ACTION, NOT_ASSESSABLE),
    ],
)
def test_grades(changed, parameters, expected):
    assert grade(standing(**changed), parameters) == expected


@pytest.mark.parametrize(
    ("customers", "auditors", "q", "expected"),
    [
        (0.03, 0.04, 0.05, FLAG),  # both say so, each more often than chance
        (0.001, 0.06, 0.05, WATCH),  # customers alone, however many
        (0.06, 0.001, 0.05, WATCH),
        (0.03, 0.04, 0.2, NONE),  # not picked out among so many dealers
    ],
)
def test_two_independent_direct_statements_are_enough(customers, auditors, q, expected):
    said = standing(
        p=0.02,
        q=q,
        p_by_group={"level": 0.5, "statement": 0.001},
        p_by_indicator={"discordance": 0.5, "mentions": customers, "auditor_statements": auditors},
        group_of={"discordance": "level", "mentions": "statement", "auditor_statements": "statement"},
    )
    assert grade(said, ACTION) == expected
    assert supported_groups(said, ACTION) == ("statement",)


def test_level_without_enough_visits_rests_on_the_rest():
    weak = standing(visits=1, p_by_indicator={"discordance": 1e-6, "window_dressing": 0.3, "near_duplicates": 0.001})
    assert supported_groups(weak, ACTION) == ("copying",)


def test_a_group_counts_only_where_its_own_p_does():
    # .03 without the gap to the audits, .06 with it: what is shown as .06 is not evidence
    shown = standing(
        visits=1,
        p_by_group={"level": 0.06, "copying": 0.02},
        p_by_indicator={"discordance": 0.2, "window_dressing": 0.03, "near_duplicates": 0.02},
    )
    assert supported_groups(shown, ACTION) == ("copying",)


def test_strata_fall_back_below_thirty_peers():
    inputs = network(1, dealers=100, regions=2)[1]
    region = np.array(["N"] * 40 + ["S"] * 31 + ["W"] * 29, dtype=object)
    empty = np.full(100, "", dtype=object)
    dealers = replace(inputs.dealers, region=region, brand=empty, volume_band=empty)
    peers = strata(dealers)
    assert set(peers.label) == {"N · ? · ?", "S · ? · ?", "network"}
    assert peers.count.tolist() == [39] * 40 + [30] * 31 + [99] * 29
    assert peers.group[-1] == 0


@pytest.mark.parametrize("changed", [{"q": 0}, {"draws": 10}, {"group_p": 1}, {"near_duplicate_draws": 1}])
def test_parameters_are_checked(changed):
    with pytest.raises(ValueError, match=next(iter(changed))):
        Parameters(**changed)
