"""Simulated audits: criteria passed or failed by quality, with noisy days and auditors of different severity."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit_api.simulator.world import Floats, NetworkSpec

QUALITY_SLOPE = 0.8
PROFILE_SLOPE = 0.5
DAY_SD = 0.45
AUDITOR_SD = 0.35
STRICT = -1.2
"""Shift of the one auditor who fails more than all others, on the logit scale."""
STRICT_SHARE = 0.8
"""Share of visits by that auditor at the dealers marked so; everybody else meets it by chance."""


def simulate_visits(
    rng: np.random.Generator,
    spec: NetworkSpec,
    *,
    codes: list[str],
    quality: Floats,
    profile: Floats,
    touchpoints: list[str],
    strict: list[bool],
) -> dict[str, list[Any]]:
    """Return audit columns: one row per visit and criterion.

    quality: per dealer in SD; profile: dealers × touchpoints; strict: dealers that mostly meet the strict one.
    """
    kinds = ["mystery"] * spec.mystery_visits + ["announced"] * spec.announced_visits
    per_touchpoint = spec.criteria
    n_dealers, n_visits, n_touchpoints = len(codes), len(kinds), len(touchpoints)
    criteria = n_touchpoints * per_touchpoint
    easy = {kind: rng.normal(1.1 if kind == "mystery" else 1.5, 0.8, criteria) for kind in ("mystery", "announced")}
    severity = rng.choice([1, 2, 3], size=criteria, p=[0.6, 0.3, 0.1])
    leaning = rng.normal(0.0, AUDITOR_SD, spec.auditors)
    leaning[0] = STRICT
    start = np.datetime64(spec.first_day, "h")
    table: dict[str, list[Any]] = {
        name: []
        for name in (
            "dealer_id", "visit", "kind", "touchpoint", "criterion", "passed", "severity", "visited_at",
            "auditor_id", "selected_by",
        )
    }  # fmt: skip
    owners = np.repeat(np.arange(n_touchpoints), per_touchpoint)
    for d in range(n_dealers):
        for v in range(n_visits):
            auditor = int(rng.integers(0, spec.auditors))
            if strict[d] and rng.random() < STRICT_SHARE:
                auditor = 0
            when = start + np.timedelta64(int(rng.integers(0, spec.days)) * 24 + int(rng.integers(9, 18)), "h")
            logit = (
                easy[kinds[v]]
                + QUALITY_SLOPE * quality[d]
                + PROFILE_SLOPE * profile[d, owners]
                + rng.normal(0.0, DAY_SD)
                + leaning[auditor]
            )
            passed = rng.random(criteria) < 1.0 / (1.0 + np.exp(-logit))
            prefix = "MS" if kinds[v] == "mystery" else "AA"
            table["dealer_id"] += [codes[d]] * criteria
            table["visit"] += [f"{codes[d]}-V{v + 1}"] * criteria
            table["kind"] += [kinds[v]] * criteria
            table["touchpoint"] += [touchpoints[t] for t in owners]
            table["criterion"] += [f"{prefix}-{touchpoints[t]}-{i % per_touchpoint + 1}" for i, t in enumerate(owners)]
            table["passed"] += passed.astype(int).tolist()
            table["severity"] += severity.tolist()
            table["visited_at"] += [f"{when}:00:00"] * criteria
            table["auditor_id"] += [f"AU{auditor + 1:02d}"] * criteria
            table["selected_by"] += ["plan"] * criteria
    return table
