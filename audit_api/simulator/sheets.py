"""Sheets written by somebody else than the customer."""

from __future__ import annotations

import numpy as np

from audit_api.simulator.world import Floats, Integers


def copied(rng: np.random.Generator, owner: Integers, items: int, levels: int) -> Floats:
    """Fill in sheets from two high templates per dealer with at most one mark changed, or full marks (G04, G10)."""
    rows = len(owner)
    dealers = int(owner.max(initial=-1)) + 1
    templates = np.full((dealers, 2, items), float(levels))
    lowered = np.argsort(rng.random((dealers, 2, items)), axis=2)[:, :, : min(3, items)]
    depth = rng.random((dealers, 2, lowered.shape[2])) < np.array([1.0, 1.0, 0.5])[: lowered.shape[2]]
    np.put_along_axis(templates, lowered, levels - depth.astype(np.float64), axis=2)
    sheets: Floats = templates[owner, rng.integers(0, 2, rows)]
    changed = np.flatnonzero(rng.random(rows) < 0.5)
    at = rng.integers(0, items, len(changed))
    sheets[changed, at] = np.clip(sheets[changed, at] + rng.choice([-1.0, 1.0], len(changed)), 1, levels)
    sheets[rng.random(rows) < 0.4] = levels
    return sheets


def invented(rng: np.random.Generator, owner: Integers, items: int, levels: int) -> Floats:
    """Write sheets for customers who do not exist (G01): full marks, with a stray mark at the writer's usual place."""
    rows = len(owner)
    sheets = np.full((rows, items), float(levels))
    usual = rng.integers(0, items, (int(owner.max(initial=-1)) + 1, 2))
    stray = np.flatnonzero(rng.random(rows) < 0.3)
    sheets[stray, usual[owner[stray], rng.integers(0, 2, len(stray))]] -= 1
    return sheets


def hurried(rng: np.random.Generator, owner: Integers, items: int, levels: int) -> Floats:
    """Tick without thought (G02): mostly full marks, some sheets with marks lowered item by item at random."""
    sheets = np.full((len(owner), items), float(levels))
    uneven = rng.random(len(owner)) < 0.4
    return sheets - (uneven[:, None] & (rng.random((len(owner), items)) < 0.18))


SHEETS = {"copied": copied, "invented": invented, "hurried": hurried}
