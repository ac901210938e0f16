"""The generator: shape of honest networks, the same figures from the same seed, rows for the survey import."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import inputs_of

from audit_api.intake.screening_files import notices, read_folder
from audit_api.simulator import NetworkSpec, simulate_network, survey_rows, write_folder
from audit_api.simulator.catalogue import LOOK_ALIKES, TACTICS
from audit_api.simulator.sheets import SHEETS

CLEAN = {"gamed_share": 0.0, "look_alike_share": 0.0}


def owners(world):
    return np.unique(world.responses["dealer_id"].astype(str), return_inverse=True)[1]


def intra_class_correlation(world):
    dealer, mean = owners(world), np.nanmean(world.answers, axis=1)
    counts = np.bincount(dealer)
    level = np.bincount(dealer, mean) / counts
    within = np.sum((mean - level[dealer]) ** 2) / (len(mean) - len(counts))
    between = np.sum(counts * (level - mean.mean()) ** 2) / (len(counts) - 1)
    return (between - within) / (between + (counts.mean() - 1) * within)


@pytest.mark.parametrize("levels", [5, 10])
@pytest.mark.parametrize("model", ["latent", "anchored"])
def test_honest_networks_have_the_shape_of_real_ones(levels, model):
    world = simulate_network(NetworkSpec(dealers=300, levels=levels, answer_model=model, **CLEAN), 1)
    answers = world.answers
    known = ~np.isnan(answers)
    assert (0.60 if levels == 5 else 0.50) < (answers[known] == levels).mean() < 0.70
    r = np.corrcoef(answers[known.all(axis=1)].T)
    assert 0.6 < r[np.triu_indices(len(r), 1)].mean() < 0.85
    counts = np.bincount(owners(world))
    assert 55 < np.median(counts) < 75
    assert (counts > 160).mean() > 0.05
    assert (counts < 20).mean() > 0.02
    assert 0.01 < intra_class_correlation(world) < 0.05
    rate = world.dealers["responses"] / world.dealers["contacts_valid"]
    assert 0.12 < np.quantile(rate, 0.05) < np.quantile(rate, 0.95) < 0.44


@pytest.mark.parametrize("seed", range(8))
def test_drawn_networks_stay_plausible_and_differ(seed):
    spec = NetworkSpec.draw(seed, dealers=200, **CLEAN)
    world = simulate_network(spec, seed)
    known = ~np.isnan(world.answers)
    r = np.corrcoef(world.answers[known.all(axis=1)].T)
    assert abs((world.answers[known] == spec.levels).mean() - spec.top()) < 0.09
    assert 0.5 < r[np.triu_indices(len(r), 1)].mean() < 0.9
    assert 0.002 < intra_class_correlation(world) < 0.08
    assert spec != NetworkSpec.draw(seed + 1, dealers=200, **CLEAN)
    assert spec == NetworkSpec.draw(seed, dealers=200, **CLEAN)


def test_audits_and_survey_are_linked_as_asked():
    def link(quality_link):
        world = simulate_network(NetworkSpec(dealers=400, quality_link=quality_link, icc=0.05, criteria=6, **CLEAN), 2)
        codes = np.unique(world.audits["dealer_id"].astype(str), return_inverse=True)[1]
        audit = np.bincount(codes, world.audits["passed"]) / np.bincount(codes)
        survey = np.bincount(owners(world), np.nanmean(world.answers, axis=1)) / np.bincount(owners(world))
        return np.corrcoef(audit, survey)[0, 1]

    assert link(0.9) > 0.4
    assert abs(link(0.0)) < 0.12


def test_the_same_seed_gives_the_same_network():
    one, other = (simulate_network(NetworkSpec(dealers=40), 4) for _ in range(2))
    for name in ("dealers", "responses", "audits", "events", "staff"):
        for column, values in getattr(one, name).items():
            assert np.array_equal(values, getattr(other, name)[column], equal_nan=values.dtype.kind in "fM"), column
    assert np.array_equal(one.answers, other.answers, equal_nan=True)
    assert one.truth == other.truth
    assert not np.array_equal(one.answers, simulate_network(NetworkSpec(dealers=40), 5).answers, equal_nan=True)


def test_truth_counts():
    world = simulate_network(NetworkSpec(dealers=200, gamed_share=0.12, look_alike_share=0.2), 1)
    assert sum(label.gamed for label in world.truth) == 24
    assert sum(bool(label.kind) and not label.gamed for label in world.truth) == 40
    gamed = {label.dealer_id for label in world.truth if label.gamed}
    changed = set(world.responses["dealer_id"][world.touched]) | set(world.events["dealer_id"][world.kept_out])
    assert changed == gamed


def test_tables_agree():
    world = simulate_network(NetworkSpec(dealers=80), 3)
    events = {
        name: dict(zip(world.events["event_id"], world.events[name], strict=True)) for name in ("invited", "dealer_id")
    }
    for event, dealer in zip(world.responses["event_id"], world.responses["dealer_id"], strict=True):
        assert events["invited"][event] == 1
        assert events["dealer_id"][event] == dealer
    assert (world.events["valid"] <= world.events["supplied"]).all()
    assert (world.events["invited"] <= world.events["valid"] * (1 - world.events["opted_out"])).all()
    assert world.dealers["eligible"].sum() == len(world.events["event_id"])
    assert (world.responses["invited_at"] <= world.responses["submitted_at"]).all()
    assert (world.responses["event_at"] <= world.responses["submitted_at"]).all()
    assert len(set(world.responses["response_id"])) == len(world.answers)


def test_the_columns_and_the_folder_are_the_same_inputs(tmp_path):
    world = simulate_network(NetworkSpec(dealers=50, levels=10), 6)
    write_folder(world, tmp_path)
    assert read_folder(tmp_path, (1.0, 10.0)).content_hash() == inputs_of(world).content_hash()
    assert notices(tmp_path) == []


def test_auditors_and_dealers_are_connected():
    world = simulate_network(NetworkSpec(dealers=100, regions=4), 1)
    region = dict(zip(world.dealers["dealer_id"], world.dealers["region"], strict=True))
    seen = {}
    for dealer, auditor in zip(world.audits["dealer_id"], world.audits["auditor_id"], strict=True):
        seen.setdefault(auditor, set()).add(region[dealer])
    assert sum(len(regions) > 1 for regions in seen.values()) > len(seen) / 2


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(SHEETS)), st.integers(1, 30), st.integers(1, 20), st.sampled_from([5, 10]))
def test_written_sheets_stay_on_the_scale(way, rows, items, levels):
    rng = np.random.default_rng(1)
    sheets = SHEETS[way](rng, rng.integers(0, 3, rows), items, levels)
    assert sheets.shape == (rows, items)
    assert ((sheets >= 1) & (sheets <= levels) & (sheets == np.round(sheets))).all()
    assert sheets.min() >= levels - 2


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.fixed_dictionaries(
        {
            "dealers": st.integers(1, 40),
            "median_responses": st.floats(1, 60),
            "gamed_share": st.floats(0, 0.5),
            "look_alike_share": st.floats(0, 0.5),
            "intensity": st.floats(0, 1),
            "second_tactic_share": st.floats(0, 1),
            "visit_spread": st.integers(0, 3),
            "tactics": st.sets(st.sampled_from(TACTICS)).map(lambda s: tuple(sorted(s))),
            "look_alikes": st.sets(st.sampled_from(LOOK_ALIKES)).map(lambda s: tuple(sorted(s))),
            "touchpoints": st.sampled_from([("A",), ("A", "A", "B"), ("AFS_ESTIM", "AFS_BOOK")]),
        }
    ),
)
def test_any_spec_gives_a_sound_world(seed, fixed):
    spec = NetworkSpec.draw(seed, **fixed)
    world = simulate_network(spec, seed)
    rows = len(world.answers)
    known = world.answers[~np.isnan(world.answers)]
    assert ((known >= 1) & (known <= spec.levels) & (known == np.round(known))).all()
    assert all(len(values) == rows for values in world.responses.values())
    assert len(world.touched) == len(world.overall) == rows
    assert all(len(values) == len(world.kept_out) for values in world.events.values())
    assert len({len(values) for values in world.audits.values()}) == 1
    assert len(world.truth) == spec.dealers
    assert inputs_of(world).responses.answers.shape[0] == rows


def test_survey_rows():
    world = simulate_network(NetworkSpec(dealers=12), 1)
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
    assert rows[0]["event_at"] == str(world.responses["event_at"][0])


@pytest.mark.parametrize(
    "changed",
    [
        {"levels": 7}, {"tactics": ("x",)}, {"dealer_codes": ("a",)}, {"dealers": 0}, {"gamed_share": 1.5},
        {"gamed_share": 0.6, "look_alike_share": 0.6}, {"answer_model": "x"}, {"mystery_visits": -1}, {"icc": 0.7},
    ],
)  # fmt: skip
def test_specs_are_checked(changed):
    with pytest.raises(ValueError, match=r"must|tactic|dealer code|touchpoints"):
        NetworkSpec(**changed)
