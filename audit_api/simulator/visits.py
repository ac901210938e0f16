"""Simulated audits: criteria passed or failed by quality, with noisy days and auditors of different severity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit_api.simulator.dealers import Dealers
from audit_api.simulator.tactics import AUDITOR_SEES, STAGED_LIFT
from audit_api.simulator.world import Floats, Integers, NetworkSpec, Table, Truths

QUALITY_SLOPE = 0.8
PROFILE_SLOPE = 0.5
STRICT = -1.2
"""Shift of the one auditor who fails more than all others, on the logit scale."""
STRICT_SHARE = 0.8
"""Share of visits by that auditor at the dealers marked so; everybody else meets it by chance."""
HOME_SHARE = 0.75
"""Share of visits by auditors of the dealer's own region: the rest ties the network together."""
BAD_DAY = -2.2
EARLY_SHARE = 0.25
"""Part of the period in which dealers that improved were audited."""
TRIGGER_LEANING = -0.6
EXTRA_VISITS = 2
INTEGRITY = "XCT_INTEGRITY"
INTEGRITY_CRITERIA = ("INT-02", "INT-03", "INT-04", "INT-05")
INTEGRITY_NOISE = 0.01


@dataclass(slots=True)
class Visits:
    """Hold one row per visit."""

    owner: Integers
    number: Integers
    announced: Truths
    triggered: Truths
    auditor: Integers
    day: Integers


def simulate_visits(
    rng: np.random.Generator,
    spec: NetworkSpec,
    dealers: Dealers,
    *,
    lasting: np.random.Generator,
    gamed: Truths,
    revisited: Truths,
    twin: bool,
    wave: int,
) -> Table:
    """Return audit columns, one row per visit and criterion, sorted by dealer and visit.

    lasting: draws criteria and auditors, the same from wave to wave; gamed: dealers that use a tactic; revisited:
    dealers with extra visits; twin: leave out what a tactic does to audits.
    """
    suspected = (dealers.kind == "extra_audits") | (gamed & (rng.random(len(dealers)) < spec.trigger_share))
    visits = _plan(rng, spec, dealers, suspected | revisited)
    touchpoints = sorted(set(spec.touchpoints))
    owners = np.repeat(np.arange(len(touchpoints)), spec.criteria)
    easy = np.stack([lasting.normal(mean, 0.8, len(owners)) for mean in (1.1, 1.5)])
    leaning = lasting.normal(0.0, spec.auditor_sd, spec.auditors)
    if (dealers.kind == "strict_auditor").any():
        leaning[0] = STRICT
    staged = ((dealers.kind == "staged") | (dealers.second == "staged"))[visits.owner] & visits.announced & (not twin)
    level = (
        QUALITY_SLOPE
        * (
            dealers.quality[visits.owner]
            + dealers.quality_trend[visits.owner] * (visits.day / spec.days - 0.5 if wave == 0 else 0.5)
        )
        + rng.normal(0.0, spec.day_sd, len(visits.owner))
        + leaning[visits.auditor]
        + TRIGGER_LEANING * visits.triggered
        + BAD_DAY * ((dealers.kind == "bad_day")[visits.owner] & (visits.number == 0))
        + STAGED_LIFT * staged
    )
    logit = (
        easy[visits.announced.astype(np.int64)]
        + level[:, None]
        + PROFILE_SLOPE * dealers.profile[visits.owner][:, owners]
    )
    passed = rng.random(logit.shape) < 1.0 / (1.0 + np.exp(-logit))
    seen = _integrity(rng, dealers, visits, twin)
    weight = lasting.choice([1, 2, 3], size=len(owners), p=[0.6, 0.3, 0.1])
    return _table(rng, spec, dealers, visits, passed=np.hstack([passed, ~seen]), weight=weight, wave=wave)


def _plan(rng: np.random.Generator, spec: NetworkSpec, dealers: Dealers, suspected: Truths) -> Visits:
    n = len(dealers)
    spread = spec.visit_spread
    mystery = np.maximum(spec.mystery_visits > 0, spec.mystery_visits + rng.integers(-spread, spread + 1, n))
    announced = np.maximum(spec.announced_visits > 0, spec.announced_visits + rng.integers(-spread, spread + 1, n))
    mystery, announced = np.maximum(mystery, 0), np.maximum(announced, 0)
    extra = EXTRA_VISITS * suspected
    count = mystery + announced + extra
    owner = np.repeat(np.arange(n), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    is_announced = (number >= mystery[owner]) & (number < (mystery + announced)[owner])
    home = spec.auditors // spec.regions
    place = dealers.region[owner] * home + rng.integers(0, max(home, 1), len(owner))
    auditor = np.where(
        (rng.random(len(owner)) < HOME_SHARE) & (home > 0), place, rng.integers(0, spec.auditors, len(owner))
    )
    strict = (dealers.kind == "strict_auditor")[owner] & (rng.random(len(owner)) < STRICT_SHARE)
    day = rng.integers(0, spec.days, len(owner))
    early = (dealers.kind == "improved")[owner]
    return Visits(
        owner=owner,
        number=number,
        announced=is_announced,
        triggered=number >= (mystery + announced)[owner],
        auditor=np.where(strict, 0, auditor),
        day=np.where(early, (day * EARLY_SHARE).astype(np.int64), day),
    )


def _integrity(rng: np.random.Generator, dealers: Dealers, visits: Visits, twin: bool) -> Truths:
    """Mark visits × integrity criteria at which an auditor met a trace; a few are misread anywhere."""
    chance: Floats = np.full((len(visits.owner), len(INTEGRITY_CRITERIA)), INTEGRITY_NOISE)
    for tactic, (criterion, share) in AUDITOR_SEES.items():
        uses = (dealers.kind == tactic) | (dealers.second == tactic)
        mine = uses[visits.owner] & ~visits.announced & (not twin)
        chance[mine, INTEGRITY_CRITERIA.index(criterion)] += share
    result: Truths = rng.random(chance.shape) < chance
    return result


def _table(
    rng: np.random.Generator,
    spec: NetworkSpec,
    dealers: Dealers,
    visits: Visits,
    *,
    passed: Truths,
    weight: Integers,
    wave: int,
) -> Table:
    rows, criteria = passed.shape
    touchpoints = sorted(set(spec.touchpoints))
    hour = rng.integers(9, 18, rows)
    when = np.datetime64(spec.first_day, "h") + visits.day * 24 + hour
    names = np.array([f"{t}-{i + 1}" for t in touchpoints for i in range(spec.criteria)], dtype=object)
    kinds = np.array(["mystery", "announced"], dtype=object)
    rated = np.stack([prefix + names for prefix in ("MS-", "AA-")])
    integrity = np.array([[f"{p}-{c}" for c in INTEGRITY_CRITERIA] for p in ("SMS", "SAA")], dtype=object)
    criterion = np.hstack([rated, integrity])
    asked: NDArray[np.object_] = np.array(
        [t for t in touchpoints for _ in range(spec.criteria)] + [INTEGRITY] * len(INTEGRITY_CRITERIA), dtype=object
    )
    severity = np.r_[weight, [3] * len(INTEGRITY_CRITERIA)]
    kind = visits.announced.astype(np.int64)
    visit = np.array([f"V{wave or ''}{n + 1:02d}" for n in range(int(visits.number.max(initial=0)) + 1)], dtype=object)
    auditor = np.array([f"AU{a + 1:02d}" for a in range(spec.auditors)], dtype=object)

    def each(values: NDArray[np.object_]) -> NDArray[np.object_]:
        return np.repeat(values, criteria)

    return {
        "dealer_id": each(dealers.code[visits.owner]),
        "visit": each(dealers.code[visits.owner] + "-" + visit[visits.number]),
        "kind": each(kinds[kind]),
        "touchpoint": np.tile(asked, rows),
        "criterion": criterion[kind].ravel(),
        "passed": passed.astype(np.int64).ravel(),
        "severity": np.tile(severity, rows),
        "visited_at": np.repeat(when.astype("datetime64[s]"), criteria),
        "auditor_id": each(auditor[visits.auditor]),
        "selected_by": each(np.array(["plan", "trigger"], dtype=object)[visits.triggered.astype(np.int64)]),
    }
