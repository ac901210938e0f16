"""Honest answers: a latent judgement per customer and item, cut into the levels of a scale.

Tuned to the shape of real surveys: top box 60-70 % on five levels, items correlated about .7, one to five
per cent of the variance between dealers, most perfect sheets from customers who judge the whole at once.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from audit_api.simulator.world import Floats, Integers

DEALER_SD = 0.17
"""Latent between-dealer spread: an intra-class correlation of about 3 %."""
PERSON_SD = 0.87
ITEM_SD = 0.40
HALO_SHARE = 0.25
"""Customers who give every item the mark of the whole."""
MISSING_SHARE = 0.03

SHARES = {
    5: np.array([0.01, 0.02, 0.08, 0.24, 0.65]),
    10: np.array([0.004, 0.006, 0.008, 0.012, 0.02, 0.03, 0.07, 0.13, 0.16, 0.56]),
}


def cuts(levels: int) -> Floats:
    """Return the latent limits between neighbouring levels, ascending."""
    return np.asarray(norm.ppf(np.cumsum(SHARES[levels])[:-1]), dtype=np.float64)


def cut(latent: Floats, levels: int) -> Floats:
    """Return answers 1..levels for latent judgements."""
    return np.searchsorted(cuts(levels), latent).astype(np.float64) + 1.0


def latent(
    rng: np.random.Generator, level: Floats, profile: Floats, touchpoint: Integers, item: Floats
) -> tuple[Floats, Floats]:
    """Draw latent judgements for one customer per row.

    level: dealer level per row; profile: rows × touchpoints, the dealer's strengths; touchpoint: code number
    per item; item: difficulty per item. Returns (rows × items judgements, rows overall judgements).
    """
    rows, items = len(level), len(item)
    person = rng.normal(0.0, PERSON_SD, rows)
    overall = level + person
    noise = rng.normal(0.0, ITEM_SD, (rows, items))
    halo = rng.random(rows) < HALO_SHARE
    judged = overall[:, None] + np.where(halo[:, None], 0.0, profile[:, touchpoint] + item + noise)
    return judged, overall


def leave_out(rng: np.random.Generator, answers: Floats) -> Floats:
    """Make a few answers not applicable, at random."""
    return np.where(rng.random(answers.shape) < MISSING_SHARE, np.nan, answers)
