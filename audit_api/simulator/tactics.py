"""Ways of bending a survey, after the playbook: each changes a share of one dealer's responses."""

from __future__ import annotations

import numpy as np

from audit_api.simulator import answers as honest
from audit_api.simulator.world import Floats, Integers


def pressed(rng: np.random.Generator, judged: Floats, levels: int) -> Floats:
    """Answer higher because the customer was asked to (G05, G06): the sheet keeps its natural unevenness."""
    lift = rng.uniform(0.7, 1.5, (len(judged), 1))
    return honest.cut(judged + lift, levels)


def copied(rng: np.random.Generator, judged: Floats, levels: int) -> Floats:
    """Fill in sheets from a few high templates with at most one mark changed, or full marks (G04, G10)."""
    rows, items = judged.shape
    templates: Floats = np.full((int(rng.integers(2, 4)), items), float(levels))
    for number in range(len(templates)):
        lowered = rng.permutation(items)[: int(rng.integers(2, 4))]
        templates[number, lowered] -= 1
    sheets = templates[rng.integers(0, len(templates), rows)].copy()
    changed = rng.random(rows) < 0.5
    place = rng.integers(0, items, rows)
    up = np.where(rng.random(rows) < 0.5, 1.0, -1.0)
    every = np.flatnonzero(changed)
    where = np.asarray(place)[every]
    sheets[every, where] = np.clip(sheets[every, where] + up[every], 1, levels)
    sheets[rng.random(rows) < 0.5] = levels
    return sheets


def invented(rng: np.random.Generator, judged: Floats, levels: int) -> Floats:
    """Write sheets for customers who do not exist (G01): all or nothing, with a stray mark for show."""
    rows, items = judged.shape
    sheets = np.full((rows, items), float(levels))
    stray = rng.random(rows) < 0.25
    usual = rng.choice(items, size=2, replace=False)  # the writer's habit
    place = usual[rng.integers(0, 2, rows)]
    sheets[np.arange(rows)[stray], place[stray]] -= 1
    return sheets


def staff_phones(rng: np.random.Generator, judged: Floats, levels: int) -> Floats:
    """Let staff answer in the customer's place from a few phones (G02): high marks, little thought."""
    rows, items = judged.shape
    sheets = np.full((rows, items), float(levels))
    uneven = rng.random(rows) < 0.35
    lowered = rng.random((rows, items)) < 0.15
    sheets[uneven] -= lowered[uneven]
    return sheets


SHEETS = {"pressed": pressed, "copied": copied, "invented": invented, "staff_phones": staff_phones}


def touched(rng: np.random.Generator, rows: Integers, intensity: float) -> Integers:
    """Pick the responses of a dealer that a tactic changes (at least one where there are any)."""
    if not len(rows):
        return rows
    chosen = rows[rng.random(len(rows)) < intensity]
    return chosen if len(chosen) else rows[:1]
