import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_api.simulator import NetworkSpec, simulate_network, survey_rows
from audit_api.simulator.tactics import SHEETS


@pytest.mark.parametrize("levels", [5, 10])
def test_honest_networks_have_the_shape_of_real_ones(levels):
    world = simulate_network(NetworkSpec(dealers=300, levels=levels, gamed_share=0, look_alike_share=0), 1)
    answers = world.answers
    known = ~np.isnan(answers)
    assert 0.5 < (answers[known] == levels).mean() < 0.72
    full = known.all(axis=1)
    r = np.corrcoef(answers[full].T)
    assert 0.6 < r[np.triu_indices(len(r), 1)].mean() < 0.85
    dealer = np.unique(world.responses["dealer_id"], return_inverse=True)[1]
    counts = np.bincount(dealer)
    assert 50 < np.median(counts) < 80
    mean = np.nanmean(answers, axis=1)
    level = np.bincount(dealer, mean) / counts
    within = np.sum((mean - level[dealer]) ** 2) / (len(mean) - len(counts))
    between = np.sum(counts * (level - mean.mean()) ** 2) / (len(counts) - 1)
    assert 0.01 < (between - within) / (between + (counts.mean() - 1) * within) < 0.05


def test_the_same_seed_gives_the_same_network():
    one, other = (simulate_network(NetworkSpec(dealers=20), 4) for _ in range(2))
    assert np.array_equal(one.answers, other.answers, equal_nan=True)
    assert one.audits == other.audits
    assert not np.array_equal(one.answers, simulate_network(NetworkSpec(dealers=20), 5).answers, equal_nan=True)


def test_truth_counts():
    world = simulate_network(NetworkSpec(dealers=100, gamed_share=0.12, look_alike_share=0.2), 1)
    assert sum(label.gamed for label in world.truth) == 12
    assert sum(bool(label.kind) and not label.gamed for label in world.truth) == 20
    gamed = {label.dealer_id for label in world.truth if label.gamed}
    assert {world.responses["dealer_id"][i] for i in np.flatnonzero(world.touched)} == gamed


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(SHEETS)), st.integers(1, 30), st.integers(2, 20), st.sampled_from([5, 10]))
def test_tactics_stay_on_the_scale(tactic, rows, items, levels):
    rng = np.random.default_rng(1)
    sheets = SHEETS[tactic](rng, rng.normal(size=(rows, items)), levels)
    assert sheets.shape == (rows, items)
    assert ((sheets >= 1) & (sheets <= levels) & (sheets == np.round(sheets))).all()


def test_tactics_raise_the_level():
    rng = np.random.default_rng(1)
    judged = rng.normal(size=(500, 15))
    honest = np.searchsorted([-2.3, -1.9, -1.2, -0.4], judged) + 1.0
    for tactic, sheets in SHEETS.items():
        assert sheets(rng, judged, 5).mean() > honest.mean() + 0.2, tactic


def test_survey_rows():
    world = simulate_network(NetworkSpec(dealers=3), 1)
    drivers = {column: f"SSQ-DRV-{i + 1:02d}" for i, column in enumerate(world.columns())}
    rows = list(
        survey_rows(
            world, questionnaire="SSQ", version=1, drivers=drivers, outcomes={"SSQ-OUT-02": (0, 10)},
            constants={"SSQ-SCR-01": "yes"},
        )
    )  # fmt: skip
    assert len(rows) == len(world.answers)
    assert {row["SSQ-SCR-01"] for row in rows} == {"yes"}
    assert all(0 <= row["SSQ-OUT-02"] <= 10 for row in rows)
    assert {row["SSQ-DRV-15"] for row in rows} <= {1, 2, 3, 4, 5, ""}
    assert len({row["response_id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("changed", [{"levels": 7}, {"tactics": ("x",)}, {"dealer_codes": ("a",)}])
def test_specs_are_checked(changed):
    with pytest.raises(ValueError, match=r"levels|tactic|dealer code"):
        NetworkSpec(**changed)
