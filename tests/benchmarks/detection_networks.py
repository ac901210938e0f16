"""One simulated network screened: everything the tables of `make bench-detection` are made from, as plain JSON."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from audit_api.anomaly import tables
from audit_api.anomaly.batch import Audits, Column, Inputs
from audit_api.anomaly.calibration import drawn_share
from audit_api.anomaly.grades import WATCH, Parameters
from audit_api.anomaly.identities import numbered
from audit_api.anomaly.levels import response_scores
from audit_api.anomaly.outcome import Screening
from audit_api.anomaly.screening import screen
from audit_api.simulator import NetworkSpec, World, simulate_network
from audit_api.simulator.folder import hashed
from tests.benchmarks.detection_oracle import oracle

DEALERS = 500
FIRST_EVALUATION_SEED = 10_000
FIRST_BOUND_SEED = 5_000
FIRST_CALIBRATION_SEED = 11_000_000
"""Seeds 1-99 served for tuning; the supervised bound learns on 5,000 and above, p is calibrated on 11,000,000 and
above (`audit_api.anomaly.calibration`); figures come from the rest, 10,000 on."""
DRAWS = 100_000
NO_PLACE = ("revised",)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of network; `count` is how many a full run has, `given` what its sources leave out (`narrowed`)."""

    name: str
    levels: int
    gamed_share: float
    intensity: float
    count: int = 20
    fixed: dict[str, Any] = field(default_factory=dict)
    first_seed: int = FIRST_EVALUATION_SEED
    dealers: int = DEALERS
    given: str = ""

    def seed(self, number: int) -> int:
        """Return the seed of network `number`: no two scenarios share one."""
        return self.first_seed + zlib.crc32(self.name.encode()) % 9_000 * 1_000 + number

    def spec(self, number: int) -> NetworkSpec:
        """Draw what network `number` is like."""
        return NetworkSpec.draw(
            self.seed(number), dealers=self.dealers, levels=self.levels, gamed_share=self.gamed_share,
            intensity=self.intensity, look_alike_share=0.25, **self.fixed,
        )  # fmt: skip


def scenarios() -> list[Scenario]:
    """List what a full run consists of."""
    found = [
        Scenario(f"gamed-{levels}-{prevalence}-{intensity}", levels, prevalence, intensity)
        for levels in (5, 10)
        for prevalence in (0.12, 0.05, 0.01)
        for intensity in (0.5, 0.3)
    ]
    found += [
        Scenario(f"{given}-{levels}-{intensity}", levels, 0.12, intensity, given=given)
        for given in ("once", "counts")
        for levels in (5, 10)
        for intensity in (0.5, 0.3)
    ]
    for levels in (5, 10):
        found.append(Scenario(f"clean-{levels}", levels, 0.0, 0.0, count=100))
        found.append(Scenario(f"honest-{levels}", levels, 0.0, 0.0, count=400, dealers=1_000))
        found.append(
            Scenario(
                f"calibration-{levels}", levels, 0.0, 0.0,
                count=220, dealers=1_000, first_seed=FIRST_CALIBRATION_SEED,
            )
        )  # fmt: skip
        found += [
            Scenario(f"pressed-{levels}-{intensity}", levels, 0.12, intensity, fixed={"tactics": ("pressed",)})
            for intensity in (0.5, 0.3)
        ]
        found += [
            Scenario(f"oracle-{levels}-{intensity}", levels, 0.12, intensity, 10, fixed={"tactics": ("pressed",)})
            for intensity in (0.5, 0.3)
        ]
        found.append(Scenario(f"bound-{levels}", levels, 0.12, 0.4, count=40, first_seed=FIRST_BOUND_SEED))
        found.append(
            Scenario(
                f"bound-pressed-{levels}", levels, 0.12, 0.4, count=20,
                fixed={"tactics": ("pressed",)}, first_seed=FIRST_BOUND_SEED,
            )
        )  # fmt: skip
        found.append(Scenario(f"loop-{levels}", levels, 0.05, 0.5, count=5))
    return found


def network(scenario: Scenario, number: int) -> dict[str, Any]:
    """Simulate and screen one network; in the loop scenario four waves of it."""
    begun = time.perf_counter()
    if scenario.name.startswith("oracle"):
        return {"seed": scenario.seed(number), "auroc": oracle(scenario.spec(number), scenario.seed(number))}
    if scenario.name.startswith("loop"):
        return {"seed": scenario.seed(number), "waves": loop(scenario, number)}
    seed = scenario.seed(number)
    intensity = scenario.intensity
    if scenario.name.startswith("bound"):
        intensity = (0.3, 0.5)[number % 2]
    world = narrowed(simulate_network(replace(scenario.spec(number), intensity=intensity), seed), scenario.given)
    inputs = inputs_of(world)
    parameters = Parameters(action=True, draws=DRAWS, ensemble=False)
    result = screen(inputs, parameters, dossiers=False)
    if scenario.name.startswith("honest"):
        return {"seed": seed, "p": figures(result)["p"]}
    if scenario.name.startswith("calibration"):
        return {"seed": seed, "drawn": drawn_share(np.array([d.p for d in result.dealers if d.p is not None])).tolist()}
    codes = [str(code) for code in inputs.dealers.code]
    truth = {label.dealer_id: label for label in world.truth}
    found: dict[str, Any] = {
        "seed": seed,
        "kind": [truth[code].kind for code in codes],
        "gamed": [int(truth[code].gamed) for code in codes],
        "n": inputs.counts().tolist(),
        **figures(result),
        "plain": {name: rounded(values) for name, values in plain_features(inputs).items()},
    }
    if "pressed" in scenario.name:
        found["blind"] = figures(screen(without_audits(inputs), parameters, dossiers=False))
    found["rank"] = baselines(plain_features(inputs))
    found["seconds"] = round(time.perf_counter() - begun, 2)
    return found


def narrowed(world: World, given: str) -> World:
    """Leave out what many sources leave out.

    once: no devices, and one answer per contact of a dealer, the first. counts: no single events, only how many were
    eligible, supplied and valid.
    """
    if given == "counts":
        return replace(world, events={})
    if given != "once":
        return world
    contact = np.asarray(world.responses["contact"])
    order = np.argsort(np.asarray(world.responses["submitted_at"]), kind="stable")
    dealer = np.unique(np.asarray(world.responses["dealer_id"]), return_inverse=True)[1]
    pair = dealer * (int(contact.max()) + 1) + contact
    kept = np.zeros(len(contact), dtype=bool)
    kept[order[np.unique(pair[order], return_index=True)[1]]] = True
    kept |= contact == 0
    left = {name: np.asarray(values)[kept] for name, values in world.responses.items() if name != "device"}
    return replace(world, responses=left, answers=world.answers[kept])


def figures(result: Screening) -> dict[str, Any]:
    """Return score, p, q, grade per dealer, z per indicator (None where not assessable) and how far each reaches."""
    z: dict[str, list[float | None]] = {}
    for row in result.indicators:
        z.setdefault(row.indicator, []).append(None if row.p is None else round(row.z, 4))
    return {
        "score": [None if d.score is None else round(d.score, 4) for d in result.dealers],
        "p": [None if d.p is None else round(d.p, 7) for d in result.dealers],
        "q": [None if d.q is None else round(d.q, 5) for d in result.dealers],
        "grade": [d.grade for d in result.dealers],
        "z": z,
        "width": {code: state["width"] for code, state in result.run["indicators"].items()},
    }


def inputs_of(world: World) -> Inputs:
    """Build screening inputs from a simulated network, hashes as a source would hand them over."""
    names = world.columns()
    given = quick(hashed(world.responses))
    return tables.build(
        dealers=quick(world.dealers),
        responses={n: v for n, v in given.items() if n not in NO_PLACE and not n.startswith(("fact_", "q_"))},
        audits=quick(world.audits),
        columns=[Column(name, name[2:].split("__")[0], 1, world.spec.levels) for name in names],
        answers={name: world.answers[:, i] for i, name in enumerate(names)},
        facts={name[5:]: values for name, values in given.items() if name.startswith("fact_")},
        # Whose an event was is left out: no indicator reads it.
        events=quick({n: v for n, v in world.events.items() if n != "contact"}) if world.events else None,
        staff=quick(hashed(world.staff)) if world.staff else None,
    )


def quick(table: Any) -> dict[str, Any]:
    """Give columns the types that are parsed fastest: floats, times, and text columns."""
    found: dict[str, Any] = {}
    for name, values in table.items():
        column = np.asarray(values)
        kind = column.dtype.kind
        if kind in "biuf":
            found[name] = column.astype(np.float64)
        else:
            found[name] = column if kind == "M" else pl.Series(name, column.tolist(), dtype=pl.String)
    return found


def without_audits(inputs: Inputs) -> Inputs:
    """Let every visit pass everything: nothing about a dealer is left in the audits, all else is fitted anew."""
    audits: Audits = replace(inputs.audits, passed=np.ones(len(inputs.audits)))
    return replace(inputs, audits=audits)


def plain_features(inputs: Inputs) -> dict[str, np.ndarray]:
    """Return what an analyst would compute first, per dealer."""
    count, dealer = len(inputs.dealers), inputs.responses.dealer
    n = np.maximum(np.bincount(dealer, minlength=count), 1)
    scaled = inputs.scaled()
    known = ~np.isnan(scaled)
    mean = np.where(known, scaled, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    low = np.where(known, scaled, np.inf).min(axis=1)
    high = np.where(known, scaled, -np.inf).max(axis=1)

    def share(values: Any) -> np.ndarray:
        return np.bincount(dealer, np.asarray(values, dtype=float), minlength=count) / n

    def repeated(values: Any) -> np.ndarray:
        code = numbered(values)
        return share((np.bincount(code + 1)[code + 1] > 1) & (code >= 0))

    responses = inputs.responses
    hour = (responses.submitted_at.astype("datetime64[h]").astype(np.int64) % 24).astype(float)
    level = share(mean)
    frame = inputs.dealers
    # Empty where a column is not there at all.
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "perfect": share(low == 1),
            "mean": level,
            "sd": np.sqrt(np.maximum(share(mean**2) - level**2, 0)),
            "top_box": share((scaled == 1).sum(axis=1) / np.maximum(known.sum(axis=1), 1)),
            "straight": share(low == high),
            "low": share(mean < 0.5),
            "score": share(np.nan_to_num(response_scores(inputs))),
            "responses": np.log(n),
            "contact_again": repeated(responses.contact_hash),
            "device_again": repeated(responses.device_hash),
            "fast": share(np.nan_to_num(responses.duration_s, nan=1e9) < 60),
            "office_hours": share((hour >= 9) & (hour < 18)),
            "coaching": share(np.nan_to_num(responses.mentions_coaching)),
            "incentive": share(np.nan_to_num(responses.mentions_incentive)),
            "supplied": frame.contacts_supplied / frame.eligible,
            "valid": frame.contacts_valid / frame.contacts_supplied,
            "response_rate": frame.responses / frame.contacts_valid,
        }
        audits = inputs.audits
        passed = np.nan_to_num(audits.passed) * audits.planned()
        rows = np.maximum(np.bincount(audits.dealer, audits.planned().astype(float), minlength=count), 1)
        found["audit"] = np.bincount(audits.dealer, passed, minlength=count) / rows
    return {name: np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0) for name, values in found.items()}


def baselines(plain: dict[str, np.ndarray]) -> dict[str, list[float]]:
    """Rank by share of perfect scores, and by ECOD and IForest on the plain features."""
    from pyod.models.ecod import ECOD
    from pyod.models.iforest import IForest

    features = np.column_stack(list(plain.values()))
    features = features[:, np.ptp(features, axis=0) > 1e-12]
    found = {"share of perfect scores": plain["perfect"]}
    for name, model in (("ECOD", ECOD(n_jobs=1)), ("IForest", IForest(random_state=1, n_jobs=1))):
        model.fit(features)
        found[f"{name} on plain features"] = model.decision_scores_
    return {name: rounded(values) for name, values in found.items()}


def loop(scenario: Scenario, number: int) -> list[dict[str, int]]:
    """Screen four waves, each twice: as planned, and with extra visits to whoever stood out in the wave before.

    Customers and visits are drawn anew each wave, and every extra visit fails everything: nothing may change.
    """
    seed = scenario.seed(number)
    spec = scenario.spec(number)
    parameters = Parameters(action=True, draws=20_000, ensemble=False)
    shown = np.zeros(0, dtype=np.int64)
    waves = []
    for wave in range(4):
        inputs = inputs_of(simulate_network(spec, seed + 100 * wave))
        result = screen(inputs, parameters, dossiers=False)
        again = screen(with_extra_visits(inputs, shown), parameters, dossiers=False)
        changed = sum(one != other for one, other in zip(result.dealers, again.dealers, strict=True))
        waves.append({"visited_again": len(shown), "flags": sum(d.flag for d in result.dealers), "changed": changed})
        shown = np.flatnonzero([d.flag or d.grade == WATCH for d in result.dealers])
    return waves


def with_extra_visits(inputs: Inputs, dealers: np.ndarray) -> Inputs:
    """Give each dealer one more visit, selected by trigger, that fails every criterion of its first visit."""
    audits = inputs.audits
    rows = np.concatenate(
        [np.flatnonzero((audits.dealer == d) & (audits.visit == _first_visit(audits, d))) for d in dealers]
        or [np.zeros(0, dtype=np.int64)]
    ).astype(np.int64)
    columns = {
        name: np.concatenate([getattr(audits, name), getattr(audits, name)[rows]])
        for name in ("dealer", "kind", "touchpoint", "criterion", "severity", "visited_at", "auditor_id")
    }
    added = replace(
        audits,
        visit=np.concatenate([audits.visit, np.array([f"{v}-extra" for v in audits.visit[rows]], dtype=object)]),
        passed=np.concatenate([audits.passed, np.zeros(len(rows))]),
        selected_by=np.concatenate([audits.selected_by, np.full(len(rows), "trigger", dtype=object)]),
        **columns,
    )
    return replace(inputs, audits=added)


def _first_visit(audits: Audits, dealer: int) -> str:
    own = np.flatnonzero(audits.dealer == dealer)
    return str(audits.visit[own[0]]) if len(own) else ""


def rounded(values: Any) -> list[float]:
    """Return plain numbers with five digits after the point."""
    return [round(float(value), 5) for value in values]
