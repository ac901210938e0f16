"""The share of honest dealers that a p among the draws stands for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import network

from audit_api.anomaly.calibration import KNOTS, drawn_share, honest_share
from audit_api.anomaly.grades import Parameters
from audit_api.anomaly.screening import screen

shares = st.floats(1e-6, 1.0)


@given(shares, shares)
def test_rises_with_p_and_never_leaves_its_range(one, other):
    low, high = sorted((one, other))
    assert 0 < honest_share(low) <= honest_share(high) <= 1


@given(shares)
def test_can_be_turned_round(p):
    assert drawn_share(np.array([honest_share(p)]))[0] == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize(("p", "share"), KNOTS)
def test_knots_by_hand(p, share):
    assert honest_share(p) == pytest.approx(share)


def test_below_the_last_knot_it_falls_as_p_does():
    p, share = KNOTS[-1]
    assert honest_share(p / 10) == pytest.approx(share / 10)


def test_a_run_reports_the_share_of_honest_dealers(monkeypatch):
    _, inputs = network(5, dealers=70, gamed_share=0.0)
    parameters = Parameters(action=True, draws=10_000, ensemble=False)
    read = [dealer.p for dealer in screen(inputs, parameters, dossiers=False).dealers]
    monkeypatch.setattr("audit_api.anomaly.groups.honest_share", lambda p: p)
    drawn = [dealer.p for dealer in screen(inputs, parameters, dossiers=False).dealers]
    assert [p is None for p in read] == [p is None for p in drawn]
    assert [p for p in read if p is not None] == pytest.approx([honest_share(p) for p in drawn if p is not None])
