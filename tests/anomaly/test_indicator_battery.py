"""The battery for indicators of contacts, process, comments, sample frame, statements, facts and drift."""

import json
from dataclasses import replace

import numpy as np
import pytest
from worlds import inputs_of

from audit_api.anomaly.batch import Events, Inputs, Staff
from audit_api.anomaly.explanation import sentence
from audit_api.anomaly.indicators import (
    auditor_statements,
    bursts,
    contact_reuse,
    coverage,
    device_reuse,
    facts,
    fast_answers,
    mentions,
    mix,
    own_device,
    repeated_comments,
    same_day,
    staff_match,
    suppression,
    validity,
    window_dressing,
)
from audit_api.anomaly.peers import strata
from audit_api.simulator import NetworkSpec, simulate_network

MODULES = (
    contact_reuse, device_reuse, own_device, staff_match, bursts, fast_answers, same_day,
    repeated_comments, coverage, validity, mix, suppression, mentions, auditor_statements, facts,
    window_dressing,
)  # fmt: skip
every = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.INDICATOR.code)
DEALER = 7
NO_ANSWERS_NEEDED = (mix, suppression, mentions, auditor_statements, repeated_comments, facts)


@pytest.fixture(scope="module")
def clean():
    spec = NetworkSpec(dealers=120, gamed_share=0.0, look_alike_share=0.0, announced_visits=2)
    world = simulate_network(spec, 5)
    return world, inputs_of(world)


def judged(module, inputs):
    if module in (coverage, validity):  # only where single events do not say who is missing
        inputs = replace(inputs, events=Events.none())
    return module.compute(inputs, strata(inputs.dealers), 1)


# ---- what each indicator looks for, done to one dealer


def rows_of(inputs: Inputs) -> np.ndarray:
    return np.flatnonzero(inputs.responses.dealer == DEALER)


def happier(inputs: Inputs, inside, **columns) -> Inputs:
    """Full marks inside, the dealer's other answers one mark lower."""
    answers = inputs.responses.answers.copy()
    rest = np.setdiff1d(rows_of(inputs), inside)
    answers[rest] = np.maximum(answers[rest] - 1, 1)
    drivers = inputs.drivers()
    answers[np.ix_(inside, drivers)] = 5.0
    return replace(inputs, responses=replace(inputs.responses, answers=answers, **columns))


def put(column, rows, values):
    column = column.copy()
    column[rows] = values
    return column


def with_contact(inputs, column):
    inside = rows_of(inputs)[:15]
    return happier(inputs, inside, **{column: put(getattr(inputs.responses, column), inside, "one")})


def with_staff(inputs):
    pushed = with_contact(inputs, "contact_hash")
    staff = inputs.staff
    return replace(
        pushed,
        staff=Staff(np.append(staff.dealer, DEALER), np.append(staff.contact_hash, np.array(["one"], dtype=object))),
    )


def in_a_burst(inputs):
    inside = rows_of(inputs)[:15]
    moment = np.datetime64("2026-03-03T21:00:00", "s")
    invited = inputs.responses.invited_at[inside[0]] + np.arange(15) * np.timedelta64(86_400, "s")
    return happier(
        inputs,
        inside,
        submitted_at=put(inputs.responses.submitted_at, inside, moment),
        invited_at=put(inputs.responses.invited_at, inside, invited),
    )


def quickly(inputs):
    inside = rows_of(inputs)[:15]
    return happier(inputs, inside, duration_s=put(inputs.responses.duration_s, inside, 9.0))


def on_the_day(inputs):
    inside = rows_of(inputs)[:15]
    event = inputs.responses.event_at[inside] + np.timedelta64(60, "s")
    return happier(inputs, inside, submitted_at=put(inputs.responses.submitted_at, inside, event))


def one_text(inputs):
    text = put(
        inputs.responses.text, rows_of(inputs)[:12], "店长亲自送我们到门口，还帮孩子拿了气球和小礼品，下次一定再来"
    )
    return replace(inputs, responses=replace(inputs.responses, text=text))


def without_the_unhappy(inputs):
    """Nobody below 4 is left, and the full marks of the others stay."""
    answers = inputs.responses.answers.copy()
    rows = rows_of(inputs)
    answers[rows] = np.where(np.isnan(answers[rows]), np.nan, np.clip(answers[rows], 4, 4))
    return replace(inputs, responses=replace(inputs.responses, answers=answers))


def less_of(inputs, column, whole):
    counts = getattr(inputs.dealers, column).copy()
    counts[DEALER] = np.floor(getattr(inputs.dealers, whole)[DEALER] * 0.6)
    pushed = without_the_unhappy(inputs)
    return replace(pushed, dealers=replace(inputs.dealers, **{column: counts}))


def uninvited(inputs, mask):
    events = inputs.events
    rows = np.flatnonzero((events.dealer == DEALER) & mask)
    return replace(inputs, events=replace(events, invited=put(events.invited, rows, 0.0)))


def mentioned(inputs):
    coaching = put(inputs.responses.mentions_coaching, rows_of(inputs)[:15], 1.0)
    return replace(inputs, responses=replace(inputs.responses, mentions_coaching=coaching))


def seen_by_auditors(inputs):
    rows = auditor_statements.integrity_rows(inputs) & (inputs.audits.dealer == DEALER)
    passed = put(inputs.audits.passed, np.flatnonzero(rows)[::2], 0.0)
    return replace(inputs, audits=replace(inputs.audits, passed=passed))


def denied_facts(inputs):
    stated = inputs.responses.facts.copy()
    stated[rows_of(inputs)] = 1.0
    at = np.isin(inputs.audits.touchpoint.astype(str), inputs.fact_touchpoints) & (inputs.audits.dealer == DEALER)
    passed = put(inputs.audits.passed, np.flatnonzero(at), 0.0)
    return replace(
        inputs, responses=replace(inputs.responses, facts=stated), audits=replace(inputs.audits, passed=passed)
    )


def in_the_window(inputs):
    rows = rows_of(inputs)
    opens = window_dressing.opening(inputs.responses.submitted_at)
    late = rows[inputs.responses.submitted_at[rows] >= opens]
    answers = inputs.responses.answers.copy()
    answers[rows] = np.where(np.isnan(answers[rows]), np.nan, np.minimum(answers[rows], 4))
    answers[np.ix_(late, inputs.drivers())] = 5.0
    return replace(inputs, responses=replace(inputs.responses, answers=answers))


PUSH = {
    contact_reuse: lambda inputs: with_contact(inputs, "contact_hash"),
    device_reuse: lambda inputs: with_contact(inputs, "device_hash"),
    own_device: lambda inputs: with_contact(inputs, "device_hash"),
    staff_match: with_staff,
    bursts: in_a_burst,
    fast_answers: quickly,
    same_day: on_the_day,
    repeated_comments: one_text,
    coverage: lambda inputs: less_of(inputs, "contacts_supplied", "eligible"),
    validity: lambda inputs: less_of(inputs, "contacts_valid", "contacts_supplied"),
    suppression: lambda inputs: uninvited(inputs, (inputs.events.complaint == 1) | (inputs.events.comeback == 1)),
    mix: lambda inputs: uninvited(inputs, inputs.events.job_type != inputs.events.job_type[easiest(inputs)]),
    mentions: mentioned,
    auditor_statements: seen_by_auditors,
    facts: denied_facts,
    window_dressing: in_the_window,
}


def easiest(inputs) -> int:
    job, level = mix.job_levels(inputs)
    return int(np.flatnonzero(job == int(np.nanargmax(level)))[0])


# ---- the battery


@every
def test_describes_itself(module):
    indicator = module.INDICATOR
    for text in (indicator.title_zh, indicator.title_en, indicator.formula, indicator.source, indicator.unit):
        assert text
    assert module.__name__.endswith(indicator.code)
    assert module.__doc__.count("Formula:") == module.__doc__.count("Source:") == 1
    assert all(cause.zh and cause.en for cause in indicator.explanations)
    assert len(indicator.explanations) >= 2
    assert all(sentence(indicator, observed=0.5, expected=0.25, n=40, p=0.01).values())
    for word in ("fraud", "cheat", "fake", "violation"):
        assert word not in (indicator.sentence_en + indicator.title_en + module.__doc__).lower()


@every
def test_no_nan_where_assessable_and_zero_elsewhere(module, clean):
    result = judged(module, clean[1])
    able = result.assessable
    assert able.sum() > 60
    for figure in (result.observed, result.expected, result.z, result.p):
        assert np.isfinite(figure[able]).all()
    assert (result.z[~able] == 0).all()
    assert np.isnan(result.p[~able]).all()
    assert np.isnan(result.observed[~able]).all()
    assert ((result.p[able] >= 0) & (result.p[able] <= 1)).all()
    if module is not suppression:  # it counts a part of what the minimum is of
        assert (result.n[able] >= module.INDICATOR.min_n).all()


@every
def test_honest_dealers_seldom_stand_out(module, clean):
    result = judged(module, clean[1])
    assert (result.z > 2.326).sum() <= 4


@every
def test_higher_is_more_unusual(module, clean):
    before, after = judged(module, clean[1]), judged(module, PUSH[module](clean[1]))
    assert after.z[DEALER] > max(before.z[DEALER] + 1, 1.5)
    assert after.p[DEALER] < before.p[DEALER]


@every
def test_row_order_is_nothing(module, clean):
    world, inputs = clean
    rng = np.random.default_rng(3)

    def shuffled(table):
        if not table:
            return table
        order = rng.permutation(len(next(iter(table.values()))))
        return {name: np.asarray(values)[order] for name, values in table.items()}

    order = rng.permutation(len(world.answers))
    other = replace(
        world,
        responses={name: np.asarray(values)[order] for name, values in world.responses.items()},
        answers=world.answers[order],
        dealers=shuffled(world.dealers),
        audits=shuffled(world.audits),
        events=shuffled(world.events),
        staff=shuffled(world.staff),
    )
    one, two = judged(module, inputs), judged(module, inputs_of(other))
    assert np.array_equal(one.z, two.z)
    assert json.dumps(module.evidence(inputs, [DEALER])) == json.dumps(module.evidence(inputs_of(other), [DEALER]))


def bare(inputs: Inputs) -> Inputs:
    """Nothing but dealers, answers and response ids."""
    rows = len(inputs.responses)
    unknown = {
        "event_at": np.full(rows, np.datetime64("NaT"), dtype="datetime64[s]"),
        "duration_s": np.full(rows, np.nan),
        "contact_hash": np.full(rows, "", dtype=object),
        "mentions_incentive": np.full(rows, np.nan),
        "facts": np.empty((rows, 0)),
    }
    unknown |= dict.fromkeys(("submitted_at", "invited_at"), unknown["event_at"])
    unknown |= dict.fromkeys(("device_hash", "text", "channel", "job_type", "event_id"), unknown["contact_hash"])
    unknown["mentions_coaching"] = unknown["mentions_incentive"]
    nobody = {
        name: np.full(len(inputs.dealers), np.nan) for name in ("eligible", "contacts_supplied", "contacts_valid")
    }
    audits = inputs.audits
    none = {name: getattr(audits, name)[:0] for name in audits.__dataclass_fields__}
    return replace(
        inputs,
        responses=replace(inputs.responses, **unknown),
        dealers=replace(inputs.dealers, **nobody),
        audits=replace(audits, **none),
        events=Events.none(),
        staff=Staff.none(),
        fact_touchpoints=(),
    )


@every
def test_missing_columns_switch_it_off_with_a_reason(module, clean):
    result = judged(module, bare(clean[1]))
    assert not result.assessable.any()
    assert all(result.reason)
    assert (result.z == 0).all()
    json.dumps(module.evidence(bare(clean[1]), [DEALER]), allow_nan=False)


@every
def test_a_dealer_without_answers_is_not_assessable(module, clean):
    if module in NO_ANSWERS_NEEDED:
        pytest.skip("does not read answers")
    inputs = clean[1]
    answers = put(inputs.responses.answers, inputs.responses.dealer == 3, np.nan)
    result = judged(module, replace(inputs, responses=replace(inputs.responses, answers=answers)))
    assert not result.assessable[3]
    assert result.reason[3]
    assert np.isfinite(result.z).all()


@every
@pytest.mark.parametrize("value", [5.0, 3.0, 1.0])
def test_constant_answers_are_safe(module, clean, value):
    inputs = clean[1]
    answers = np.full_like(inputs.responses.answers, value)
    result = judged(module, replace(inputs, responses=replace(inputs.responses, answers=answers)))
    assert np.isfinite(result.z).all()
    if module not in NO_ANSWERS_NEEDED:
        assert not result.assessable.any()


@every
@pytest.mark.parametrize("dealers", [1, 2, 5])
def test_tiny_networks_are_safe(module, dealers):
    inputs = inputs_of(simulate_network(NetworkSpec(dealers=dealers, gamed_share=0, look_alike_share=0), 2))
    result = judged(module, inputs)
    assert np.isfinite(result.z).all()
    assert set(result.reason) <= {"", "few_peers"} or dealers == 5 or (result.reason != "").all()


@every
def test_no_responses_are_safe(module, clean):
    inputs = clean[1]
    rows = [{"dealer_id": code} for code in inputs.dealers.code]
    empty = Inputs.from_rows(dealers=rows, responses=[], columns=inputs.columns)
    assert not judged(module, empty).assessable.any()
    json.dumps(module.evidence(empty, [0]), allow_nan=False)


@every
def test_evidence_is_plain_and_bounded(module, clean):
    evidence = module.evidence(clean[1], [0, 5])
    assert set(evidence) == {0, 5}
    assert len(json.dumps(evidence, allow_nan=False)) < 40_000
