"""Number texts and find identities that come back at the same dealer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.parse import Integers, Texts, Truths

MANY_DEALERS = 3
"""An identity seen at this many dealers belongs to a call centre or an agency, not to a dealer."""

FAMILY = 4
"""One customer with up to this many responses on a contact comes back or has several cars (playbook L03, L06)."""


def numbered(values: Texts) -> Integers:
    """Give equal texts the same number, from 0 in the order they appear, and "" the number −1."""
    encoded = pa.array(values, type=pa.large_string()).dictionary_encode()
    number: Integers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    empty = pc.index(encoded.dictionary, pa.scalar("", pa.large_string())).as_py()
    if empty >= 0:
        number = np.where(number == empty, -1, number - (number > empty))
    return number


@kept
def contacts(inputs: Inputs) -> Integers:
    """Number the contacts of all responses."""
    return numbered(inputs.responses.contact_hash)


@kept
def devices(inputs: Inputs) -> Integers:
    """Number the devices of all responses."""
    return numbered(inputs.responses.device_hash)


def _seen_again(identity: Integers, least: int = 2) -> Integers:
    """Return the rows whose identity is seen so many times at all: most are seen once and need no further look."""
    often = np.bincount(identity + 1)
    if len(often):
        often[0] = 0
    return np.flatnonzero(often[identity + 1] >= least)


def at_many_dealers(identity: Integers, dealer: Integers, least: int = MANY_DEALERS) -> Truths:
    """Mark the rows whose identity is seen at three dealers or more, or at `least`."""
    marked = np.zeros(len(identity), dtype=bool)
    known = _seen_again(identity, least)
    if not len(known):
        return marked
    span = int(dealer.max()) + 1
    pairs = np.unique(identity[known] * span + dealer[known])
    spread = np.bincount(pairs // span, minlength=int(identity.max()) + 1)
    marked[known] = spread[identity[known]] >= least
    return marked


def times_seen(identity: Integers, dealer: Integers) -> Integers:
    """Count how often each row's identity appears at its own dealer (0 where it is not known)."""
    seen = (identity >= 0).astype(np.int64)
    known = _seen_again(identity)
    if not len(known):
        return seen
    pair = identity[known] * (int(dealer.max()) + 1) + dealer[known]
    _, place, often = np.unique(pair, return_inverse=True, return_counts=True)
    seen[known] = often[place]
    return seen


def of_one_customer(identity: Integers, customer: Integers, dealer: Integers) -> Truths:
    """Mark the rows whose identity serves one known customer of the dealer, two to four times.

    A number swapped for customers' own serves several of them; whoever comes back brings his own.
    """
    marked = np.zeros(len(identity), dtype=bool)
    rows = _seen_again(identity)
    if not len(rows):
        return marked
    pair = np.unique(identity[rows] * (int(dealer.max()) + 1) + dealer[rows], return_inverse=True)[1]
    often = np.bincount(pair)
    named = customer[rows]
    least = np.full(len(often), np.iinfo(np.int64).max)
    most = np.full(len(often), -1)
    np.minimum.at(least, pair, named)
    np.maximum.at(most, pair, named)
    marked[rows] = ((least == most) & (least >= 0) & (often >= 2) & (often <= FAMILY))[pair]
    return marked


def shared_inside(inputs: Inputs, identity: Integers) -> tuple[Truths, Truths]:
    """Return which responses have an identity, and which of these share it with another one of their dealer.

    Identities of a call centre and those of one known customer or family are no sharing.
    """
    dealer, customer = inputs.responses.dealer, numbered(inputs.responses.customer_hash)
    shared = (times_seen(identity, dealer) >= 2) & ~at_many_dealers(identity, dealer)
    return identity >= 0, shared & ~of_one_customer(identity, customer, dealer)
