"""A step: whom a habit reaches at a dealer, and what it changes about them. Tactics and look-alikes are steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit_api.simulator.customers import Customers
from audit_api.simulator.world import Integers, NetworkSpec, Truths

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Hold what a step may know of the network besides the customers: the spec and the staff directory."""

    spec: NetworkSpec
    staff: Integers  # dealers × staff contact numbers


Reach = Callable[[np.random.Generator, Customers, Place, Truths, float], Integers]
Change = Callable[[np.random.Generator, Customers, Place, Integers], Values]


@dataclass(frozen=True, slots=True)
class Step:
    """Join a reach to a change; `touches` marks answers as gamed, `keeps_out` events as kept from the survey."""

    reach: Reach
    change: Change
    touches: bool = False
    keeps_out: bool = False


def take(
    rng: np.random.Generator, customers: Customers, place: Place, step: Step, *, mine: Truths, share: float
) -> None:
    """Apply a step to the customers of the dealers marked in `mine`; a step changes nothing else."""
    if share <= 0 or not mine.any():
        return
    rows = step.reach(rng, customers, place, mine, share)
    if not len(rows):
        return
    customers.change(rows, step.change(rng, customers, place, rows))
    customers.touched[rows] |= step.touches
    customers.kept_out[rows] |= step.keeps_out


def chosen(rng: np.random.Generator, where: Truths, share: float) -> Integers:
    """Return the rows of `where`, each with probability `share`."""
    rows = np.flatnonzero(where)
    return rows[rng.random(len(rows)) < share]


def answering(rng: np.random.Generator, customers: Customers, place: Place, mine: Truths, share: float) -> Integers:
    """Reach a share of those whose survey comes back; at least one at a dealer that has any."""
    where = mine & customers.answering()
    picked = rng.random(len(customers)) < share
    owners = customers.owner[where]
    reached = np.bincount(owners[picked[where]], minlength=int(customers.owner[-1]) + 1) > 0
    first = np.flatnonzero(where)[np.unique(owners, return_index=True)[1]]
    picked[first] |= ~reached[customers.owner[first]]
    return np.flatnonzero(where & picked)


def anyone(rng: np.random.Generator, customers: Customers, place: Place, mine: Truths, share: float) -> Integers:
    """Reach a share of all events."""
    return chosen(rng, mine, share)


def silent(rng: np.random.Generator, customers: Customers, place: Place, mine: Truths, share: float) -> Integers:
    """Reach invited customers who would not have answered: a third of `share` of them."""
    asked = customers.supplied & customers.valid & customers.invited & ~customers.opted_out
    return chosen(rng, mine & asked & ~customers.responded, share / 3)


def unhappy(rng: np.random.Generator, customers: Customers, place: Place, mine: Truths, share: float) -> Integers:
    """Reach those the dealer has reason to think unhappy: √share of them, so that suppression is felt."""
    seen = customers.complaint | customers.comeback | customers.long_wait
    return chosen(rng, mine & (seen | (customers.mood < -0.75)), float(np.sqrt(share)))


def disappointed(rng: np.random.Generator, customers: Customers, place: Place, mine: Truths, share: float) -> Integers:
    """Reach those who answered low: √share of them."""
    return chosen(rng, mine & customers.answering() & (customers.mood < -0.5), float(np.sqrt(share)))


def difficult(rng: np.random.Generator, customers: Customers, place: Place, mine: Truths, share: float) -> Integers:
    """Reach events of other than the easy job: √share of them."""
    return chosen(rng, mine & (customers.job > 0), float(np.sqrt(share)))


def late(rng: np.random.Generator, customers: Customers, place: Place, mine: Truths, share: float) -> Integers:
    """Reach a share of those answering whose event falls into the assessment window, half as much again."""
    window = customers.day >= place.spec.window_day()
    return chosen(rng, mine & customers.answering() & window, min(0.95, 1.5 * share))
