"""The sample frame: who was eligible, supplied, valid, invited and reached; counted once for all indicators."""

from __future__ import annotations

import numpy as np

from audit_api.anomaly.batch import Events, Inputs
from audit_api.anomaly.parse import Floats, Integers, Truths

Counts = tuple[Integers, Integers]


def supplied_of_eligible(inputs: Inputs) -> Counts:
    """Return per dealer eligible events and how many of them were supplied; 0 where not known.

    From the dealer's own counts, else from single events.
    """
    counts = _counts(inputs.dealers.eligible, inputs.dealers.contacts_supplied)
    known = ~np.isnan(inputs.events.supplied)
    return _filled(counts, inputs, known, inputs.events.supplied)


def valid_of_supplied(inputs: Inputs) -> Counts:
    """Return per dealer supplied contacts and how many of them are valid; 0 where not known."""
    counts = _counts(inputs.dealers.contacts_supplied, inputs.dealers.contacts_valid)
    events = inputs.events
    known = ~np.isnan(events.valid) & ~(events.supplied == 0)
    return _filled(counts, inputs, known, events.valid)


def _counts(whole: Floats, part: Floats) -> Counts:
    known = ~np.isnan(whole) & ~np.isnan(part)
    n = np.where(known, whole, 0).astype(np.int64)
    return n, np.minimum(np.where(known, part, 0).astype(np.int64), n)


def _filled(counts: Counts, inputs: Inputs, known: Truths, mark: Floats) -> Counts:
    dealer, count = inputs.events.dealer, len(inputs.dealers)
    n = np.bincount(dealer[known], minlength=count)
    k = np.bincount(dealer[known & (mark == 1)], minlength=count)
    use = counts[0] == 0
    return np.where(use, n, counts[0]), np.where(use, k, counts[1])


def troubled(events: Events) -> tuple[Truths, Truths]:
    """Return which events say whether there was trouble, and which had a complaint, a comeback or a long wait."""
    marks = np.column_stack([events.complaint, events.comeback, events.long_wait])
    known: Truths = np.asarray((~np.isnan(marks)).any(axis=1), dtype=bool)
    return known, (marks == 1).any(axis=1)


def followed(inputs: Inputs) -> Truths:
    """Mark the dealers whose single events say both whether there was trouble and whether the customer was asked.

    There, who is missing tells more than how many are: bare counts cannot tell withheld customers from lost numbers.
    """
    events = inputs.events
    rows = events.dealer[troubled(events)[0] & reached(events)[0]]
    result: Truths = np.bincount(rows, minlength=len(inputs.dealers)) > 0
    return result


def reached(events: Events) -> tuple[Truths, Truths]:
    """Return which events say whether the customer could be asked, and which customers could.

    Reached: supplied, valid, invited and not opted out, as far as each is known.
    """
    steps = np.column_stack([events.supplied, events.valid, events.invited])
    known: Truths = np.asarray((~np.isnan(steps)).any(axis=1) | ~np.isnan(events.opted_out), dtype=bool)
    return known, known & ~(steps == 0).any(axis=1) & ~(events.opted_out == 1)
