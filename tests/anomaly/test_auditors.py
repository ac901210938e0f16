"""Auditors screened: who takes short cuts is named with the reason, honest ones are not; the pieces one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from audit_api.anomaly.auditors.agreement import krippendorff_alpha
from audit_api.anomaly.auditors.comparison import count_result, mean_result
from audit_api.anomaly.auditors.double_visits import agreement, double_visits
from audit_api.anomaly.auditors.indicators import (
    identical_fixes,
    outside_fence,
    recycled_photos,
    route,
    severity_shift,
    straight_lining,
)
from audit_api.anomaly.auditors.inputs import build
from audit_api.anomaly.auditors.registry import ENTRIES
from audit_api.anomaly.auditors.screening import Parameters, holm, screen
from audit_api.anomaly.auditors.severity import fit_crossed
from audit_api.simulator.auditors import (
    DESK,
    FAVOURING,
    HONEST,
    RECYCLING,
    STRAIGHT,
    AuditorSpec,
    simulate_auditors,
)

REASONS = {
    RECYCLING: {"recycled_photos"},
    DESK: {"outside_fence", "identical_fixes", "previous_match", "tempo", "route"},
    STRAIGHT: {"straight_lining"},
    FAVOURING: {"favoured_dealer"},
}


@pytest.fixture(scope="module")
def world():
    return simulate_auditors(AuditorSpec(), 1000)


@pytest.fixture(scope="module")
def done(world):
    return screen(build(**world.tables()))


@pytest.mark.parametrize("seed", [1001, 1002, pytest.param(range(1003, 1043), marks=pytest.mark.slow)])
def test_the_four_are_named_with_their_reasons_and_nobody_else(seed):
    """On forty seeds never used for tuning (slow): one miss in a hundred and sixty at most, nobody honest."""
    seeds = seed if isinstance(seed, range) else [seed]
    missed, accused = [], []
    for number in seeds:
        world = simulate_auditors(AuditorSpec(), number)
        found = screen(build(**world.tables())).dossiers
        for auditor, kind in world.truth.items():
            named = found[auditor]["grade"] == "flag"
            if kind == HONEST:
                accused += [(number, auditor)] * named
            elif not named or not REASONS[kind] & set(found[auditor]["reasons"]):
                missed.append((number, kind))
    assert not accused
    assert len(missed) <= len(seeds) * 4 // 160, missed


def test_a_dossier_tells_its_evidence_in_both_languages(world, done):
    auditor = next(a for a, kind in world.truth.items() if kind == RECYCLING)
    dossier = done.dossiers[auditor]
    piece = dossier["evidence"][0]
    assert piece["indicator"] == "recycled_photos"
    assert set(piece["sentence"]) == {"zh", "en"}
    assert f"of {piece['n']} photos" in piece["sentence"]["en"]
    assert piece["honest_explanations"]
    photo = piece["rows"]["photos"][0]
    visits = dict(zip(world.visits["visit"], world.visits["auditor"], strict=True))
    assert visits[photo["visit"]] == auditor
    shown = {p["indicator"] for p in dossier["evidence"]} | {s["indicator"] for s in dossier["not_assessable"]}
    assert shown == {entry.indicator.code for entry in ENTRIES}


def test_the_order_of_the_rows_changes_nothing(world, done):
    rng = np.random.default_rng(3)

    def shuffled(table):
        order = rng.permutation(len(next(iter(table.values()))))
        return {name: [values[i] for i in order] for name, values in table.items()}

    again = screen(build(**{name: shuffled(table) for name, table in world.tables().items()}))
    assert again.run["inputs_sha256"] == done.run["inputs_sha256"]
    assert again.dossiers == done.dossiers
    assert again.run == done.run


def test_severity_is_shown_beside_the_raw_mean_and_never_flags(world):
    inputs = build(**world.tables())
    rows = severity_shift.evidence(inputs, [0])[0]
    assert rows["interval"][0] < rows["adjusted_points"] < rows["interval"][1]
    assert "raw_points" in rows
    spec = AuditorSpec(honest=13, dishonest=(), severity_sd=0.01)
    strict = simulate_auditors(spec, 5)
    victim = strict.visits["auditor"][0]
    mine = {v for v, a in zip(strict.visits["visit"], strict.visits["auditor"], strict=True) if a == victim}
    for i, visit in enumerate(strict.answers["visit"]):
        if visit in mine and i % 3 == 0 and strict.answers["kind"][i] == "yes_no":
            strict.answers["mark"][i], strict.answers["value"][i] = 0.0, "0"
            strict.answers["photos"][i] = 1.0
    dossier = screen(build(**strict.tables())).dossiers[victim]
    piece = next(p for p in dossier["evidence"] if p["indicator"] == "severity")
    assert piece["p"] < 0.05
    assert piece["observed"] < -5
    assert piece["raises"] is False
    assert "severity" not in dossier["reasons"]


def dense_reml(y, dealer, auditor):
    """Minimise the restricted likelihood written out with full matrices: what the EM has to reach."""
    Zd, Za, X = np.eye(dealer.max() + 1)[dealer], np.eye(auditor.max() + 1)[auditor], np.ones((len(y), 1))

    def loss(log_variances):
        vd, va, ve = np.exp(log_variances)
        V = vd * Zd @ Zd.T + va * Za @ Za.T + ve * np.eye(len(y))
        W = np.linalg.inv(V)
        A = X.T @ W @ X
        r = y - X @ np.linalg.solve(A, X.T @ W @ y)
        return np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1] + r @ W @ r

    return np.exp(minimize(loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).x)


def test_crossed_random_effects_reach_the_restricted_likelihoods_maximum():
    rng = np.random.default_rng(8)
    dealer, auditor = rng.integers(0, 15, 150), rng.integers(0, 8, 150)
    y = rng.normal(0, 2, 15)[dealer] + rng.normal(0, 1.5, 8)[auditor] + rng.normal(0, 1, 150)
    fit = fit_crossed(y, dealer, auditor, np.zeros(150, dtype=int))
    assert [fit.dealer_variance, fit.auditor_variance, fit.rest_variance] == pytest.approx(
        dense_reml(y, dealer, auditor), rel=0.01
    )


def test_severity_does_not_follow_from_where_an_auditor_is_sent():
    """Auditor 0 is as strict as the others but sees the worst dealers: raw means differ, effects do not."""
    rng = np.random.default_rng(2)
    quality = np.r_[np.full(6, -10.0), np.full(6, 10.0)]
    dealer = rng.integers(0, 12, 600)
    auditor = np.where((dealer < 6) & (rng.random(600) < 0.5), 0, rng.integers(0, 6, 600))
    y = quality[dealer] + rng.normal(0, 1, 600)
    fit = fit_crossed(y, dealer, auditor, np.zeros(600, dtype=int))
    assert y[auditor == 0].mean() < -4
    assert abs(fit.auditor[0]) < 0.5


# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011): four observers, twelve units, some missing.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


@pytest.mark.parametrize(("metric", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_equals_the_published_worked_example(metric, alpha):
    rows = [(u, v) for observer in OBSERVERS for u, v in enumerate(observer) if v is not None]
    unit, value = (np.array(column) for column in zip(*rows, strict=True))
    assert krippendorff_alpha(unit, value.astype(float), metric) == pytest.approx(alpha, abs=0.0005)


def test_alpha_at_its_ends():
    unit = np.repeat(np.arange(400), 2)
    drawn = np.random.default_rng(1).integers(0, 2, 800).astype(float)
    assert krippendorff_alpha(unit, np.repeat(drawn[:400], 2), "nominal") == 1.0
    assert abs(krippendorff_alpha(unit, drawn, "nominal")) < 0.15
    assert np.isnan(krippendorff_alpha(unit, np.ones(800), "nominal"))
    assert np.isnan(krippendorff_alpha(np.arange(5), np.ones(5), "nominal"))


def visits(rows):
    """Build inputs from (visit, auditor, dealer, day, hour) and defaults."""
    return {
        "visit": [r[0] for r in rows], "auditor": [r[1] for r in rows], "dealer": [r[2] for r in rows],
        "checklist": ["C"] * len(rows),
        "started_at": [f"2026-01-{r[3]:02d}T{r[4]:02d}:00:00" for r in rows],
        "duration_s": [3600.0] * len(rows), "expected_s": [3600.0] * len(rows), "distance_m": [0.0] * len(rows),
        "fence_m": [300.0] * len(rows), "lat": [30.0 if r[2] == "D1" else 31.0 for r in rows],
        "lon": [120.0] * len(rows),
    }  # fmt: skip


EMPTY = {
    "answers": {n: [] for n in ("visit", "item", "place", "value", "mark", "kind", "photos")},
    "photos": {"visit": [], "sha256": []},
    "fixes": {n: [] for n in ("visit", "lat", "lon", "accuracy_m", "fixed_at")},
}


def test_double_visits_are_pairs_by_two_auditors_within_ten_days():
    rows = [
        ("V1", "a", "D1", 1, 9), ("V2", "b", "D1", 3, 9), ("V3", "c", "D1", 25, 9), ("V4", "a", "D2", 1, 9),
        ("V5", "a", "D2", 2, 9),
    ]  # fmt: skip
    inputs = build(visits=visits(rows), **EMPTY)
    unit = dict(zip(inputs.visits.visit, double_visits(inputs), strict=True))
    assert unit["V1"] == unit["V2"] >= 0
    assert unit["V3"] == unit["V4"] == unit["V5"] == -1


def test_agreement_is_given_by_item_with_an_interval():
    world = simulate_auditors(AuditorSpec(honest=14, dishonest=(), doubled=0.3), 6)
    rows = agreement(build(**world.tables()), np.random.default_rng(0))
    assert len(rows) > 40
    for row in rows:
        assert row["units"] >= 5
        if row["interval"] and row["alpha"] is not None:
            assert row["interval"][0] <= row["alpha"] + 0.2
    assert np.nanmean([row["alpha"] for row in rows if row["alpha"] is not None]) > 0.05


def test_the_first_use_of_a_photo_counts_for_nobody():
    rows = [("V1", "a", "D1", 1, 9), ("V2", "b", "D2", 5, 9), ("V3", "a", "D1", 1, 11)]
    photos = {"visit": ["V1", "V2", "V3", "V3"], "sha256": ["x", "x", "x", "y"]}
    inputs = build(visits=visits(rows), **EMPTY | {"photos": photos})
    origin = recycled_photos.origins(inputs)
    told = {
        (str(inputs.visits.visit[v]), s): o
        for v, s, o in zip(inputs.photos.visit, inputs.photos.sha256, origin, strict=True)
    }
    assert told["V1", "x"] == -1
    assert inputs.visits.visit[told["V2", "x"]] == "V1"  # another dealer
    assert told["V3", "x"] == -1  # the same dealer on the same day: one walk round the showroom
    assert told["V3", "y"] == -1


def test_a_route_is_impossible_only_beyond_any_train():
    rows = [("V1", "a", "D1", 1, 9), ("V2", "a", "D2", 1, 11), ("V3", "a", "D1", 1, 12), ("V4", "b", "D1", 1, 9)]
    inputs = build(visits=visits(rows), **EMPTY)
    before, after, km, hours = route.legs(inputs)
    assert [(inputs.visits.visit[i], inputs.visits.visit[j]) for i, j in zip(before, after, strict=True)] == [
        ("V1", "V2"), ("V2", "V3"),
    ]  # fmt: skip
    assert km == pytest.approx(111.2, abs=0.1)
    assert (hours < route.needed_hours(km)).tolist() == [False, True]  # an hour on the road; none at all


def test_a_kept_fix_is_no_repetition_and_accuracy_zero_is_mocked():
    rows = [("V1", "a", "D1", 1, 9)]
    fixes = {
        "visit": ["V1"] * 6,
        "lat": [30.0, 30.0, 30.1, 30.1, 30.2, 30.3], "lon": [120.0] * 6, "accuracy_m": [8.0, 8.0, 8.0, 8.0, 0.0, 8.0],
        "fixed_at": [f"2026-01-01T09:0{m}:00" for m in (0, 0, 1, 2, 3, 4)],
    }  # fmt: skip
    inputs = build(visits=visits(rows), **EMPTY | {"fixes": fixes})
    order, again = identical_fixes.repeated(inputs)
    assert len(order) == 5  # the kept one counts once
    assert sorted(inputs.fixes.lat[order[again]].tolist()) == [30.1, 30.1, 30.2]


def test_a_wrongly_registered_dealer_accuses_nobody():
    rows = [(f"V{n}", auditor, "D1", n + 1, 9) for n, auditor in enumerate("abcd")]
    rows.append(("V9", "a", "D2", 9, 9))
    table = visits(rows) | {"distance_m": [900.0, 900.0, 900.0, 0.0, 900.0]}
    known, out = outside_fence.outside(build(visits=table, **EMPTY))
    assert known.sum() == 1
    assert out.sum() == 1


def test_runs_are_counted_by_kind_of_item():
    answers = {
        "visit": ["V1"] * 12, "item": [f"I{n:02d}" for n in range(12)], "place": [float(n) for n in range(12)],
        "value": ["x"] * 12, "mark": [75.0, 100.0] * 4 + [0.0, 100.0, 0.0, 100.0],
        "kind": ["scale5", "yes_no"] * 4 + ["yes_no"] * 4, "photos": [0.0] * 12,
    }  # fmt: skip
    inputs = build(visits=visits([("V1", "a", "D1", 1, 9)]), **EMPTY | {"answers": answers})
    run, _ = straight_lining.runs(inputs)
    assert run[0] == pytest.approx((4 + 4) / 12)


def test_comparisons_find_the_odd_one_and_say_when_they_cannot():
    rng = np.random.default_rng(4)
    auditor = np.repeat(np.arange(12), 20)
    value = rng.normal(0, 1, 240) + rng.normal(0, 0.1, 12)[auditor]
    value[auditor == 3] += 2.0
    result = mean_result(value, auditor, 12, min_n=5, floor=0.1)
    assert int(np.argmin(result.p)) == 3
    assert result.p[3] < 1e-4
    few = mean_result(value[auditor < 5], auditor[auditor < 5], 5, min_n=5, floor=0.1)
    assert set(few.reason) == {"few_auditors"}
    assert np.isnan(few.p).all()
    k, n = np.r_[[1] * 11, 15], np.full(12, 30)
    counted = count_result(k, n, min_n=5, floor=0.02, rho=0.05, few="few_visits")
    assert counted.p[11] < 1e-4
    assert counted.p[:11].min() > 0.1


def test_holms_p_is_bonferronis_for_the_first_and_never_falls():
    p = holm(np.array([0.01, 0.2, np.nan, 0.011]))
    assert p[[0, 1, 3]].tolist() == pytest.approx([0.03, 0.2, 0.03])
    assert np.isnan(p[2])


def test_honest_auditors_of_very_different_severity_are_not_named():
    world = simulate_auditors(AuditorSpec(honest=14, dishonest=(), severity_sd=0.7), 1100)
    found = screen(build(**world.tables()), Parameters())
    assert found.run["counts"]["flag"] == 0
