"""Simulate one network: honest dealers, look-alikes, and dealers that bend their survey."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_api.simulator import answers as honest
from audit_api.simulator import tactics
from audit_api.simulator.paradata import simulate_paradata
from audit_api.simulator.visits import simulate_visits
from audit_api.simulator.world import Floats, Label, NetworkSpec, World

QUALITY_LINK = 0.8
"""Correlation between what auditors see and what customers feel, both without noise."""
PROFILE_SD = 0.10


def simulate_network(spec: NetworkSpec, seed: int) -> World:
    """Draw a network; the same spec and seed give the same network.

    Source of the shapes: real survey batches as described in docs/detection.md.
    """
    rng = np.random.default_rng(seed)
    n = spec.dealers
    codes = list(spec.dealer_codes) or [f"D{i + 1:04d}" for i in range(n)]
    kinds = _kinds(rng, spec)
    quality = rng.normal(0.0, 1.0, n)
    gamed = np.array([kind in tactics.SHEETS for kind in kinds])
    quality[gamed] -= 0.4  # who does well has less reason to bend
    excellent = np.array([kind == "excellent" for kind in kinds])
    quality[excellent] = rng.uniform(1.6, 2.6, int(excellent.sum()))
    touchpoints = sorted(set(spec.touchpoints))
    profile = rng.normal(0.0, 1.0, (n, len(touchpoints)))
    volume = rng.lognormal(0.0, 0.65, n)
    counts = np.maximum(3, np.round(spec.median_responses * volume)).astype(np.int64)
    small = np.array([kind == "small" for kind in kinds])
    counts[small] = rng.integers(8, 19, int(small.sum()))
    # Only the touchpoints of the questionnaire are audited here; a real checklist has more.
    felt = honest.DEALER_SD * (QUALITY_LINK * quality + np.sqrt(1 - QUALITY_LINK**2) * rng.normal(0.0, 1.0, n))
    owner = np.repeat(np.arange(n), counts)
    place = {touchpoint: i for i, touchpoint in enumerate(touchpoints)}
    number = np.array([place[touchpoint] for touchpoint in spec.touchpoints])
    difficulty = rng.normal(0.0, 0.12, len(number))
    judged, overall = honest.latent(rng, felt[owner], PROFILE_SD * profile[owner], number, difficulty)
    answers = honest.cut(judged, spec.levels)
    touched = np.zeros(len(owner), dtype=bool)
    for d in np.flatnonzero(gamed):
        rows = tactics.touched(rng, np.flatnonzero(owner == d), spec.intensity)
        answers[rows] = tactics.SHEETS[kinds[d]](rng, judged[rows], spec.levels)
        overall[rows] = np.maximum(overall[rows], 1.0)
        touched[rows] = True
    answers = np.where(touched[:, None], answers, honest.leave_out(rng, answers))
    regions, bands = rng.integers(0, spec.regions, n), np.digitize(volume, [0.7, 1.4])
    return World(
        spec=spec,
        dealers=_dealers(codes, regions, bands, counts, rng),
        responses=simulate_paradata(rng, spec, codes=codes, owner=owner, kinds=kinds, touched=touched, overall=overall),
        answers=answers,
        overall=overall,
        touched=touched,
        audits=simulate_visits(
            rng,
            spec,
            codes=codes,
            quality=quality,
            profile=profile,
            touchpoints=touchpoints,
            strict=[kind == "strict_auditor" for kind in kinds],
        ),
        truth=tuple(Label(code, bool(g), kind) for code, g, kind in zip(codes, gamed, kinds, strict=True)),
    )


def _kinds(rng: np.random.Generator, spec: NetworkSpec) -> list[str]:
    """Give each dealer a tactic, a look-alike or "", in random order but fixed numbers."""
    kinds = [""] * spec.dealers
    gamed = round(spec.gamed_share * spec.dealers) if spec.tactics else 0
    alike = round(spec.look_alike_share * spec.dealers) if spec.look_alikes else 0
    order = rng.permutation(spec.dealers)
    for i, d in enumerate(order[:gamed]):
        kinds[d] = spec.tactics[i % len(spec.tactics)]
    for i, d in enumerate(order[gamed : gamed + alike]):
        kinds[d] = spec.look_alikes[i % len(spec.look_alikes)]
    return kinds


def _dealers(
    codes: list[str],
    regions: Any,
    bands: Any,
    counts: Any,
    rng: np.random.Generator,
) -> dict[str, list[Any]]:
    rate: Floats = rng.uniform(0.14, 0.42, len(codes))
    valid = np.ceil(counts / rate).astype(int)
    supplied = np.ceil(valid / rng.uniform(0.92, 0.99, len(codes))).astype(int)
    return {
        "dealer_id": codes,
        "region": [f"R{r + 1}" for r in regions],
        "brand": ["B1"] * len(codes),
        "volume_band": [("small", "medium", "large")[b] for b in bands],
        "eligible": np.ceil(supplied / rng.uniform(0.9, 1.0, len(codes))).astype(int).tolist(),
        "contacts_supplied": supplied.tolist(),
        "contacts_valid": valid.tolist(),
        "responses": counts.tolist(),
    }
