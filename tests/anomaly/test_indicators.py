"""The battery every indicator must pass, and one worked example each."""

from dataclasses import replace

import numpy as np
import pytest
import test_indicator_battery
from scipy.stats import betabinom, norm
from worlds import by_hand, inputs_of, network

from audit_api.anomaly import levels, patterns
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.indicators import discordance, near_duplicates
from audit_api.anomaly.laws import beta_binomial, scores_of
from audit_api.anomaly.peers import Peers, strata
from audit_api.anomaly.registry import ENTRIES

ELSEWHERE = {module.INDICATOR for module in test_indicator_battery.MODULES}  # these have a battery of their own
HERE = [entry for entry in ENTRIES if entry.indicator not in ELSEWHERE]
every = pytest.mark.parametrize("entry", HERE, ids=lambda entry: entry.indicator.code)


def alone(count: int) -> Peers:
    return Peers(
        label=np.full(count, "network", dtype=object),
        group=np.zeros(count, dtype=np.int64),
        count=np.full(count, count - 1),
    )


@pytest.fixture(scope="module")
def clean():
    return network(5, dealers=120, gamed_share=0.0, look_alike_share=0.0)


# ---- the battery


@every
def test_describes_itself(entry):
    indicator = entry.indicator
    for text in (indicator.title_zh, indicator.title_en, indicator.formula, indicator.source, indicator.unit):
        assert text
    assert indicator.explanations
    assert all(cause.zh and cause.en for cause in indicator.explanations)
    for sentence in (indicator.sentence_zh, indicator.sentence_en):
        assert sentence.format(observed=0.5, expected=0.25, n=40, p="0.01")
    for word in ("fraud", "cheat", "fake", "violation"):
        assert word not in (indicator.sentence_en + indicator.title_en).lower()


@every
def test_no_nan_where_assessable_and_zero_elsewhere(entry, clean):
    result = entry.compute(clean[1], strata(clean[1].dealers), 1)
    able = result.assessable
    assert able.sum() > 80
    for figure in (result.observed, result.expected, result.z, result.p):
        assert np.isfinite(figure[able]).all()
    assert (result.z[~able] == 0).all()
    assert np.isnan(result.p[~able]).all()
    assert ((result.p[able] >= 0) & (result.p[able] <= 1)).all()


@every
def test_higher_is_more_unusual(entry, clean):
    _world, inputs = clean
    dealer = 7
    rows = np.flatnonzero(inputs.responses.dealer == dealer)[:25]
    answers = inputs.responses.answers.copy()
    sheet = np.full(answers.shape[1], 5.0)
    if entry.indicator.code == "near_duplicates":
        sheet[[1, 4, 9]] = 3.0  # one uneven sheet, many times
    answers[rows] = sheet
    changed = replace(inputs, responses=replace(inputs.responses, answers=answers))
    before = entry.compute(inputs, strata(inputs.dealers), 1)
    after = entry.compute(changed, strata(inputs.dealers), 1)
    assert after.z[dealer] > before.z[dealer] + 1
    assert after.p[dealer] < before.p[dealer]


@every
def test_row_order_is_nothing(entry, clean):
    world, inputs = clean
    order = np.random.default_rng(3).permutation(len(world.answers))
    shuffled = replace(
        world,
        responses={name: [values[i] for i in order] for name, values in world.responses.items()},
        answers=world.answers[order],
        dealers={name: values[::-1] for name, values in world.dealers.items()},
        audits={name: values[::-1] for name, values in world.audits.items()},
    )
    one = entry.compute(inputs, strata(inputs.dealers), 1)
    other = entry.compute(inputs_of(shuffled), strata(inputs.dealers), 1)
    assert np.array_equal(one.z, other.z)


@every
def test_missing_data_is_not_assessable(entry, clean):
    inputs = clean[1]
    answers = inputs.responses.answers.copy()
    answers[inputs.responses.dealer == 3] = np.nan
    result = entry.compute(replace(inputs, responses=replace(inputs.responses, answers=answers)), alone(120), 1)
    assert not result.assessable[3]
    assert result.reason[3]
    assert np.isfinite(result.z).all()


@every
@pytest.mark.parametrize("value", [5.0, 3.0, 1.0])
def test_constant_answers_are_safe(entry, clean, value):
    inputs = clean[1]
    answers = np.full_like(inputs.responses.answers, value)
    result = entry.compute(replace(inputs, responses=replace(inputs.responses, answers=answers)), alone(120), 1)
    assert not result.assessable.any()
    assert (result.z == 0).all()


@every
@pytest.mark.parametrize("dealers", [1, 2, 5])
def test_tiny_networks_are_safe(entry, dealers):
    inputs = network(2, dealers=dealers, gamed_share=0, look_alike_share=0)[1]
    result = entry.compute(inputs, strata(inputs.dealers), 1)
    assert np.isfinite(result.z).all()


@every
def test_no_responses_are_safe(entry, clean):
    _world, inputs = clean
    rows = [{"dealer_id": code} for code in inputs.dealers.code]
    empty = Inputs.from_rows(dealers=rows, responses=[], columns=inputs.columns)
    result = entry.compute(empty, strata(empty.dealers), 1)
    assert not result.assessable.any()


@every
def test_evidence_is_plain_and_bounded(entry, clean):
    import json

    evidence = entry.evidence(clean[1], [0, 5])
    assert len(json.dumps(evidence, allow_nan=False)) < 40_000


# ---- worked examples


def test_discordance_scores_by_hand():
    # three responses: means .5, 1 and 1 on 0..1, network mean 5/6, standard deviation √2/6
    inputs = by_hand({"a": [[3, 3], [5, 5]], "b": [[5, 5]]})
    scores = levels.response_scores(inputs)
    assert scores == pytest.approx([-(2**0.5), 0.5**0.5, 0.5**0.5])
    # one furious customer among twenty pleased ones is held at −2
    assert levels.response_scores(by_hand({"a": [[5, 5]] * 20 + [[1, 1]]}))[20] == -2


@pytest.mark.parametrize("link", [1, -1])
def test_discordance_needs_the_audit(link):
    # the same survey, once with audits as good as it and once with poor ones; dealer 39 has the best surveys
    def z(share: float) -> float:
        rng = np.random.default_rng(0)
        sheets = {
            f"d{d:02d}": [
                [float(x) for x in row] for row in np.clip(np.round(rng.normal(3 + d / 40, 1, (40, 4))), 1, 5)
            ]
            for d in range(40)
        }
        audits = []
        for d in range(40):
            level = share if d == 39 else 0.5 + link * 0.4 * (d / 40 - 0.5)
            for visit in range(2):
                passed = [1] * round(20 * level) + [0] * (20 - round(20 * level))
                audits += [
                    {"dealer_id": f"d{d:02d}", "visit": f"v{visit}", "kind": "mystery", "touchpoint": "T01",
                     "criterion": f"c{i}", "passed": value}
                    for i, value in enumerate(passed)
                ]  # fmt: skip
        return float(discordance.compute(by_hand(sheets, audits), alone(40), 1).z[39])

    if link == 1:
        assert z(0.1) > z(0.9) + 1
    else:
        assert z(0.1) == pytest.approx(z(0.9), abs=0.2)  # a falling slope is not believed


def test_triggered_visits_never_enter(clean):
    world, inputs = clean
    poor = world.audits | {
        name: [*values, *extra]
        for name, values, extra in (
            (name, world.audits[name], value)
            for name, value in {
                "dealer_id": ["D0001"] * 40, "visit": ["extra"] * 40, "kind": ["mystery"] * 40,
                "touchpoint": ["SAL_LEAD"] * 40, "criterion": [f"x{i}" for i in range(40)], "passed": [0] * 40,
                "severity": [1] * 40, "visited_at": [""] * 40, "auditor_id": ["AU01"] * 40,
                "selected_by": ["trigger"] * 40,
            }.items()
        )
    }  # fmt: skip
    other = inputs_of(replace(world, audits=poor))
    peers = strata(inputs.dealers)
    assert np.array_equal(discordance.compute(inputs, peers, 1).z, discordance.compute(other, peers, 1).z)


def test_near_duplicates_by_hand():
    sheets = [
        [5, 5, 4, 3],  # 0: neighbour of 1 (last mark)
        [5, 5, 4, 2],  # 1
        [5, 4, 3, 1],  # 2: differs from 3 in two marks
        [5, 4, 2, 2],  # 3
        [5, 5, 5, 5],  # straight-lined: not counted
        [5, 5, 5, 5],
        [1, 2, 3, 4],  # 6 and 7 are equal
        [1, 2, 3, 4],
    ]
    inputs = by_hand({"a": sheets, "b": [[5, 5, 4, 3]]})
    found = patterns.uneven_sheets(inputs)
    assert found.row.tolist() == [0, 1, 2, 3, 6, 7, 8]
    met = patterns.with_neighbour(found, found.dealer, np.arange(len(found)))
    assert met.tolist() == [True, True, False, False, True, True, False]  # b's sheet is another dealer's
    clusters = near_duplicates.evidence(inputs, [0])[0]
    assert clusters == {
        "clusters": [["a-000", "a-001"], ["a-006", "a-007"]], "cluster_count": 2, "response_count": 4
    }  # fmt: skip


def test_neighbours_equal_the_slow_way(clean):
    inputs = clean[1]
    found = patterns.uneven_sheets(inputs)
    marks = np.nan_to_num(inputs.scaled()[found.row], nan=-1)
    met = patterns.with_neighbour(found, found.dealer, np.arange(len(found)))
    for dealer in range(0, 120, 10):
        own = np.flatnonzero(found.dealer == dealer)
        distance = (marks[own][:, None, :] != marks[own][None, :, :]).sum(axis=2)
        np.fill_diagonal(distance, 99)
        assert met[own].tolist() == (distance.min(axis=1) <= 1).tolist()


def test_count_law_equals_scipy():
    size, mean, rho = np.array([5, 40]), np.array([0.2, 0.03]), np.array([0.02, 0.1])
    law = beta_binomial(size, mean, rho)
    for d in range(2):
        total = (1 - rho[d]) / rho[d]
        exact = betabinom(size[d], mean[d] * total, (1 - mean[d]) * total)
        k = np.arange(size[d] + 1)
        tail = exact.sf(k) + exact.pmf(k) / 2
        keep = tail > 1e-9
        assert law.scores(np.full(len(k), d), k)[keep] == pytest.approx(np.clip(norm.isf(tail), -6, 10)[keep], abs=1e-5)
        assert law.cumulative[law.start[d] : law.start[d] + size[d] + 1] == pytest.approx(exact.cdf(k), abs=1e-9)


def test_score_of_one_count_is_that_of_the_table():
    size, mean, rho = np.array([0, 5, 40, 300]), np.array([0.3, 0.2, 0.03, 0.6]), np.array([0.02, 0.02, 0.1, 0.05])
    law = beta_binomial(size, mean, rho)
    for count in (size * 0, np.array([0, 2, 3, 190]), size):
        table = law.scores(np.arange(4), count)
        found = scores_of(count, size, mean, rho)
        assert found[table < 6] == pytest.approx(table[table < 6], abs=1e-5)


def test_count_law_draws_its_own_law():
    law = beta_binomial(np.array([3, 10]), np.array([0.5, 0.3]), np.array([0.05, 0.05]))
    uniform = np.random.default_rng(1).random(40_000)
    drawn = law.draw(np.ones(40_000, dtype=np.int64), uniform)
    for k in range(11):
        mass = np.diff(np.concatenate([[0.0], law.cumulative[4:]]))[k]
        assert np.mean(drawn == law.scores(np.array([1]), np.array([k]))[0]) == pytest.approx(mass, abs=0.01)


def test_large_dealers_need_fewer_draws():
    # what sheets of others give does not depend on how often it is drawn, but for noise
    _, inputs = network(9, dealers=200, gamed_share=0)
    peers = strata(inputs.dealers)
    often, seldom = (near_duplicates.compute(inputs, peers, 1, draws=draws) for draws in (64, 8))
    use = often.assessable
    n = often.n[use]
    noise = np.sqrt(often.expected[use] * (1 - often.expected[use]) * (1 / n + 0.1) / 8)
    apart = (often.expected - seldom.expected)[use] / np.maximum(noise, 1e-3)
    assert abs(apart.mean()) < 0.3
    assert np.std(apart) < 1.5
    again = near_duplicates.compute(inputs, peers, 1)
    assert np.array_equal(again.z, often.z)


def test_near_duplicates_of_honest_dealers_are_those_of_the_draws(clean):
    result = near_duplicates.compute(clean[1], strata(clean[1].dealers), 1)
    assert abs(result.z[result.assessable].mean()) < 0.35
    assert np.mean(result.z[result.assessable] > 2.326) < 0.05


def test_excellent_dealers_do_not_look_copied():
    # ten-fold more happy customers: the null is matched on the mean, so the level alone says nothing
    world, inputs = network(9, dealers=200, gamed_share=0, look_alike_share=0.3, look_alikes=("excellent",))
    result = near_duplicates.compute(inputs, strata(inputs.dealers), 1)
    excellent = np.array([label.kind == "excellent" for label in world.truth]) & result.assessable
    assert abs(result.z[excellent].mean()) < 0.5
