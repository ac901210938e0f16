"""The dealers of a simulated network: quality, customers' level, volume, habits; and look-alikes that differ here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit_api.simulator.answers import PERSON_SD
from audit_api.simulator.world import Floats, Integers, NetworkSpec, Truths

JOBS = {
    "AFS": ("maintenance", "repair", "warranty", "bodywork"),
    "SAL": ("retail", "finance", "trade_in", "order"),
}
JOB_LEVEL = np.array([0.08, -0.04, -0.20, -0.12])
"""Latent judgement by job: the first kind is the easy one."""
JOB_MIX = np.array([0.55, 0.22, 0.13, 0.10])
RATE = (0.14, 0.42)
GAMED_QUALITY = -0.4
"""Who does well has less reason to bend."""


@dataclass(slots=True)
class Dealers:
    """Hold one row per dealer; `felt` and `trend` are latent, `quality` in SD of what auditors see."""

    code: NDArray[np.object_]
    kind: NDArray[np.object_]
    second: NDArray[np.object_]
    region: Integers
    band: Integers
    wanted: Floats  # responses aimed at
    quality: Floats
    felt: Floats
    trend: Floats  # change of felt over the whole period
    quality_trend: Floats
    profile: Floats  # dealers × touchpoints
    rate: Floats
    supplied: Floats
    valid: Floats
    invited: Floats
    opted_out: Floats
    halo: Floats
    spread: Floats  # of customers around the dealer
    stretch: Floats  # scale use of the region
    mix: Floats  # dealers × jobs
    glow: Floats  # share of the new model
    growth: Floats  # exponent of event days: above 1 = later
    comments: Floats
    stock: Floats
    advisers: Integers
    age: NDArray[np.object_]
    tier: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.code)


def latent_sd(spec: NetworkSpec) -> float:
    """Return the spread of latent judgements over all dealers and customers."""
    return float(np.sqrt(PERSON_SD**2 + spec.adviser_sd**2 + dealer_sd(spec) ** 2))


def dealer_sd(spec: NetworkSpec) -> float:
    """Return the latent spread between dealers that gives response means the intra-class correlation asked for."""
    items = len(spec.touchpoints)
    within = PERSON_SD**2 + spec.adviser_sd**2 + (1 - spec.halo_share) * spec.item_sd**2 / items
    return float(np.sqrt(spec.icc * within / (1 - spec.icc)))


def draw_dealers(
    rng: np.random.Generator,
    spec: NetworkSpec,
    *,
    codes: NDArray[np.object_],
    kinds: tuple[NDArray[np.object_], NDArray[np.object_]],
    gamed: Truths,
) -> Dealers:
    """Draw honest dealers, then let look-alikes differ in what a dealer is."""
    n, sd = spec.dealers, dealer_sd(spec)
    quality = rng.normal(0.0, 1.0, n)
    own = rng.normal(0.0, 1.0, n)
    excellent = kinds[0] == "excellent"
    quality = np.where(excellent, rng.uniform(1.6, 2.6, n), quality + GAMED_QUALITY * gamed)
    region = rng.integers(0, spec.regions, n)
    region_level = rng.normal(0.0, spec.region_sd, spec.regions)
    region_stretch = np.exp(rng.normal(0.0, spec.region_sd, spec.regions))
    acquiescent = kinds[0] == "acquiescent"
    if acquiescent.any():
        region[acquiescent] = 0
        region_level[0] += 0.30
        region_stretch[0] *= 1.1
    volume = rng.lognormal(0.0, spec.volume_sd, n)
    trend = rng.normal(0.0, spec.trend_sd, n)
    dealers = Dealers(
        code=codes,
        kind=kinds[0],
        second=kinds[1],
        region=region,
        band=np.digitize(volume, [0.7, 1.4]),
        wanted=np.maximum(3.0, spec.median_responses * volume),
        quality=quality,
        felt=sd * (spec.quality_link * quality + np.sqrt(1 - spec.quality_link**2) * own) + region_level[region],
        trend=trend,
        quality_trend=trend / max(sd, 0.05),
        profile=rng.normal(0.0, 1.0, (n, len(set(spec.touchpoints)))),
        rate=rng.uniform(*RATE, n),
        supplied=rng.uniform(0.90, 1.0, n),
        valid=rng.uniform(0.92, 0.99, n),
        invited=rng.uniform(0.85, 1.0, n),
        opted_out=rng.uniform(0.01, 0.05, n),
        halo=np.full(n, spec.halo_share),
        spread=np.ones(n),
        stretch=region_stretch[region],
        mix=rng.dirichlet(JOB_MIX * 60, n),
        glow=rng.beta(2, 8, n),
        growth=np.ones(n),
        comments=np.clip(spec.comment_share * rng.lognormal(0, 0.2, n), 0, 0.95),
        stock=np.clip(spec.stock_share * rng.lognormal(0, 0.2, n), 0, 0.95),
        advisers=np.maximum(2, np.round(2 + volume * rng.uniform(1, 4, n))).astype(np.int64),
        age=rng.choice(np.array(["1-3", "3-8", "8+"], dtype=object), n),
        tier=rng.choice(np.array(["1", "2", "3"], dtype=object), n),
    )
    for kind, change in TRAITS.items():
        mine = np.flatnonzero(dealers.kind == kind)
        if len(mine):
            for name, values in change(rng, dealers, mine).items():
                getattr(dealers, name)[mine] = values
    return dealers


Change = dict[str, "NDArray[np.float64] | NDArray[np.int64] | float | str"]
Trait = Callable[[np.random.Generator, Dealers, Integers], Change]


def _small(rng: np.random.Generator, dealers: Dealers, mine: Integers) -> Change:
    return {"wanted": rng.uniform(8, 19, len(mine)), "band": 0}


def _large(rng: np.random.Generator, dealers: Dealers, mine: Integers) -> Change:
    return {"wanted": np.maximum(180.0, 3 * dealers.wanted[mine]), "band": 2}


def _ceiling(rng: np.random.Generator, dealers: Dealers, mine: Integers) -> Change:
    return {"spread": 0.6, "quality": rng.uniform(0.3, 1.0, len(mine)), "felt": dealers.felt[mine] + 0.05}


def _improved(rng: np.random.Generator, dealers: Dealers, mine: Integers) -> Change:
    """Average at first, far better at the end; audits are dated early by the visit plan."""
    better = rng.uniform(1.5, 2.5, len(mine))
    return {"trend": 0.16 * better, "quality_trend": better, "growth": 0.6}


def _new_store(rng: np.random.Generator, dealers: Dealers, mine: Integers) -> Change:
    return {
        "wanted": rng.uniform(10, 35, len(mine)), "band": 0, "age": "0-1", "growth": 0.5,
        "trend": rng.uniform(0.15, 0.35, len(mine)), "quality_trend": rng.uniform(0.8, 1.6, len(mine)),
    }  # fmt: skip


def _quick_service(rng: np.random.Generator, dealers: Dealers, mine: Integers) -> Change:
    return {"mix": rng.dirichlet(np.array([0.85, 0.1, 0.03, 0.02]) * 60, len(mine))}


TRAITS: dict[str, Trait] = {
    "small": _small,
    "large": _large,
    "ceiling": _ceiling,
    "improved": _improved,
    "new_store": _new_store,
    "quick_service": _quick_service,
    "stock_answers": lambda rng, dealers, mine: {"halo": 0.75},
    "launch_glow": lambda rng, dealers, mine: {"glow": rng.uniform(0.7, 0.95, len(mine))},
    "second_tier": lambda rng, dealers, mine: {"valid": rng.uniform(0.75, 0.9, len(mine))},
    "missing_contacts": lambda rng, dealers, mine: {
        "valid": rng.uniform(0.55, 0.8, len(mine)),
        "supplied": rng.uniform(0.55, 0.8, len(mine)),
    },
    "private": lambda rng, dealers, mine: {"opted_out": rng.uniform(0.2, 0.4, len(mine))},
    "laconic": lambda rng, dealers, mine: {"stock": 1.0, "comments": 0.6},
}
