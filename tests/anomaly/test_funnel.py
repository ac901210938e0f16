"""The funnel on drawn outlets: what it estimates, what it covers, and that a few odd outlets cannot bend it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from share_funnel import angles, fit_share_funnel

from audit_api.anomaly.funnel import LIMITS, fit_funnel


def _draw(rng: np.random.Generator, outlets: int, between: float) -> tuple[np.ndarray, np.ndarray]:
    variance = 0.25 / np.exp(rng.uniform(np.log(10), np.log(1000), outlets))
    return rng.normal(0.0, np.sqrt(between), outlets) + rng.normal(0.0, np.sqrt(variance)), variance


def test_five_equal_outlets_by_hand():
    # Without winsorising and sampling error: mean, variance with n − 1 below, and its variance over n.
    funnel = fit_funnel([1.0, 2.0, 3.0, 4.0, 5.0], [0.0] * 5, winsor=0.0)
    assert funnel.centre == pytest.approx(3.0)
    assert funnel.between_variance == pytest.approx(2.5)
    assert funnel.centre_variance == pytest.approx(0.5)
    deviation, freedom = funnel.spread([0.0])
    assert deviation == pytest.approx([3**0.5])  # 2.5 + 0.5
    assert freedom == pytest.approx([4.0])  # k − 1
    low, high = funnel.limits([0.0], 0.90)
    assert [low[0], high[0]] == pytest.approx([3 - 2.131846786 * 3**0.5, 3 + 2.131846786 * 3**0.5])  # t(4) at .95


def test_known_sampling_error_is_taken_off():
    # The same spread of 2.5, of which 1.5 is sampling: τ² = 1.
    assert fit_funnel([1.0, 2.0, 3.0, 4.0, 5.0], [1.5] * 5, winsor=0.0).between_variance == pytest.approx(1.0)
    # All of it: nothing is left, and the floor holds.
    assert fit_funnel([1.0, 2.0, 3.0, 4.0, 5.0], [9.0] * 5).between_variance == 0.0
    assert fit_funnel([1.0, 2.0, 3.0, 4.0, 5.0], [9.0] * 5, floor=0.2).between_variance == 0.2


@pytest.mark.parametrize("between", [0.0, 0.0025, 0.01])
def test_limits_cover_new_outlets_of_every_size(between: float):
    rng = np.random.default_rng(20261)
    inside = {share: np.zeros(3) for share in LIMITS}
    seen = np.zeros(3)
    estimates = []
    for _ in range(150):
        funnel = fit_funnel(*_draw(rng, 60, between))
        estimates.append(funnel.between_variance)
        level, variance = _draw(rng, 300, between)
        size = np.digitize(0.25 / variance, [46, 215])
        seen += np.bincount(size, minlength=3)
        for share in LIMITS:
            low, high = funnel.limits(variance, share)
            inside[share] += np.bincount(size[(level >= low) & (level <= high)], minlength=3)
    covered = {share: inside[share] / seen for share in LIMITS}
    # With no true over-dispersion τ² can only err upwards: the largest outlets are then judged more mildly.
    slack = 0.07 if between == 0 else 0.02
    assert (covered[0.90] > 0.885).all()
    assert (covered[0.90] < 0.915 + slack).all()
    assert (covered[0.95] > 0.94).all()
    assert (covered[0.998] > 0.996).all()
    if between > 0:
        assert np.mean(estimates) == pytest.approx(between, rel=0.12)


@given(st.integers(0, 2**32 - 1), st.integers(5, 40))
def test_both_equations_hold_at_the_solution(seed: int, outlets: int):
    level, variance = _draw(np.random.default_rng(seed), outlets, 0.01)
    funnel = fit_funnel(level, variance)
    deviation = np.sqrt(variance + funnel.between_variance)
    z = (level - funnel.centre) / deviation
    end = 1.2815515655446004  # normal quantile of .90
    assert np.sum(np.clip(z, -end, end) / deviation) == pytest.approx(0.0, abs=1e-8 * np.sum(1 / deviation))
    if funnel.between_variance > 0:
        # E min(z², end²) = .8 − 2·end·φ(end) + .2·end² for a normal z.
        expected = 0.8 - 2 * end * 0.1754983319 + 0.2 * end**2
        assert np.mean(np.minimum(z**2, end**2)) == pytest.approx(expected * (outlets - 1) / outlets, rel=1e-7)


def test_one_outlet_in_ten_far_off_hardly_widens_the_limits():
    rng = np.random.default_rng(5)
    level, variance = _draw(rng, 300, 0.01)
    honest = fit_funnel(level, variance)
    level[:30] += 1.0
    bent = fit_funnel(level, variance)
    assert bent.between_variance < 2 * honest.between_variance
    assert fit_funnel(level, variance, winsor=0.0).between_variance > 5 * honest.between_variance
    assert np.median(bent.z(level, variance)[:30]) > 5


def test_normal_scores_and_limits_say_the_same():
    level, variance = _draw(np.random.default_rng(6), 80, 0.01)
    funnel = fit_funnel(level, variance)
    z = funnel.z(level, variance)
    for share, cut in ((0.90, 1.6448536), (0.95, 1.959964), (0.998, 3.0902323)):
        low, high = funnel.limits(variance, share)
        assert ((np.abs(z) <= cut) == ((level >= low) & (level <= high))).all()


def test_outlets_without_a_level_are_left_out_and_stay_without():
    level, variance = _draw(np.random.default_rng(7), 40, 0.01)
    whole = fit_funnel(level, variance)
    more = fit_funnel(np.append(level, np.nan), np.append(variance, 0.01))
    assert more == whole
    assert np.isnan(whole.z([np.nan], [0.01])).all()


def test_refuses_what_makes_no_funnel():
    with pytest.raises(ValueError, match="at least 5"):
        fit_funnel([1, 2, 3, 4, np.nan], [1] * 5)
    with pytest.raises(ValueError, match="one length"):
        fit_funnel([1, 2, 3], [1])
    with pytest.raises(ValueError, match="finite"):
        fit_funnel([1, 2, 3, 4, np.inf], [1] * 5)
    with pytest.raises(ValueError, match="not negative"):
        fit_funnel([1, 2, 3, 4, 5], [-1] * 5)
    with pytest.raises(ValueError, match="floor"):
        fit_funnel([1, 2, 3, 4, 5], [1] * 5, floor=-1)
    with pytest.raises(ValueError, match="coverage"):
        fit_funnel([1, 2, 3, 4, 5], [1] * 5).limits([1], 90)
    with pytest.raises(ValueError, match="successes"):
        angles([3], [2])


def test_share_limits_by_hand_and_within_bounds():
    level, variance = angles([0, 5, 10], [10, 10, 10])
    assert level == pytest.approx([0.187875, np.pi / 4, np.pi / 2 - 0.187875], abs=1e-5)  # arcsin √(.375/10.75)
    assert variance == pytest.approx([1 / 42] * 3)
    rng = np.random.default_rng(8)
    answers = rng.integers(8, 200, 120)
    successes = rng.binomial(answers, np.clip(rng.normal(0.9, 0.05, 120), 0, 1))
    funnel = fit_share_funnel(successes, answers)
    assert funnel.centre == pytest.approx(0.9, abs=0.03)
    low, high = funnel.limits(np.array([0, 5, 50, 500]), 0.998)
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert (np.diff(low[1:]) > 0).all()
    assert ((low[1:] >= 0) & (high[1:] <= 1) & (low[1:] < funnel.centre) & (high[1:] > funnel.centre)).all()


def test_share_limits_cover_counts_near_the_ceiling():
    rng = np.random.default_rng(9)
    inside = []
    for _ in range(60):
        answers = rng.integers(15, 300, 200)
        successes = rng.binomial(answers, rng.beta(60, 15, 200))
        funnel = fit_share_funnel(successes[:100], answers[:100])
        low, high = funnel.limits(answers[100:], 0.90)
        share = successes[100:] / answers[100:]
        inside.append((share >= low) & (share <= high))
    assert 0.88 < np.mean(inside) < 0.92


NUMBERS = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))


@given(arrays.arrays(np.float64, st.integers(5, 30), elements=NUMBERS), st.floats(0, 10), st.floats(0, 1))
def test_any_levels_give_finite_limits_around_the_centre(level: np.ndarray, variance: float, floor: float):
    funnel = fit_funnel(level, np.full(len(level), variance), floor=floor)
    assert level.min() <= funnel.centre <= level.max()
    assert funnel.between_variance >= floor
    low, high = funnel.limits([variance], 0.998)
    assert np.isfinite([low[0], high[0]]).all()
    assert low[0] <= funnel.centre <= high[0]
    assert np.isfinite(funnel.z(level, np.full(len(level), variance))).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-50, 50))
def test_another_unit_changes_no_score(seed: int, scale: float, shift: float):
    level, variance = _draw(np.random.default_rng(seed), 20, 0.01)
    here = fit_funnel(level, variance)
    there = fit_funnel(level * scale + shift, variance * scale**2)
    assert there.z(level * scale + shift, variance * scale**2) == pytest.approx(here.z(level, variance), abs=1e-4)
