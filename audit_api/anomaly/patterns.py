"""Which sheets repeat one another: patterns of marks, and their neighbours at a Hamming distance of one.

Two patterns are neighbours exactly when they share a key, a key being a pattern with one column left out. So finding
the neighbours among any choice of sheets is a sort, however many sheets there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.parse import Floats, Integers, Truths
from audit_api.anomaly.sheets import sheets

Codes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Uneven:
    """Hold the uneven sheets of a network: row in the batch, dealer, mean, number of its pattern.

    `first`/`key` list, per pattern, the keys that at least two patterns of the network have.
    """

    row: Integers
    dealer: Integers
    mean: Floats
    pattern: Integers
    first: Integers
    key: Integers

    def __len__(self) -> int:
        return len(self.row)


def uneven_sheets(inputs: Inputs, dealers: Integers | None = None) -> Uneven:
    """Find the sheets that are at least half answered and do not give one mark throughout, of some dealers or all."""
    drivers, seen = inputs.drivers(), sheets(inputs)
    chosen = (seen.answered >= 0.5 * len(drivers)) & (seen.answered > 1) & (seen.highest > seen.lowest)
    if dealers is not None:
        chosen &= np.isin(inputs.responses.dealer, dealers)
    row = np.flatnonzero(chosen)
    mean = np.round(seen.mean()[row], 9)
    pattern, first, key = _patterns(inputs.responses.answers, row, drivers)
    return Uneven(row=row, dealer=inputs.responses.dealer[row], mean=mean, pattern=pattern, first=first, key=key)


def _patterns(answers: NDArray[np.floating], row: Integers, drivers: Integers) -> tuple[Integers, Integers, Integers]:
    """Number the patterns of the rows, and every key that two patterns or more have; column by column."""
    items = len(drivers)
    rng = np.random.default_rng(20260101)  # the multipliers of a hash, not of a statistic
    odd = np.asarray(rng.integers(1, 2**62, items), dtype=np.uint64) | np.uint64(1)
    tag = np.asarray(rng.integers(1, 2**62, items), dtype=np.uint64)
    codes = np.empty((items, len(row)), dtype=np.uint16)
    whole = np.zeros(len(row), dtype=np.uint64)
    for i, column in enumerate(drivers):
        marks = answers[row, column]
        have = ~np.isnan(marks)
        levels = np.unique(marks[have])
        codes[i] = np.where(have, np.searchsorted(levels, marks) + 2, 1)
        whole += _mix(codes[i], odd[i])
    plain, place, pattern = np.unique(whole, return_index=True, return_inverse=True)
    codes = codes[:, place]
    number = np.full((len(plain), items), -1, dtype=np.int32)
    keys = 0
    for i in range(items):
        left_out = plain - _mix(codes[i], odd[i]) + tag[i]
        order = np.argsort(left_out)
        ordered = left_out[order]
        new = np.ones(len(plain), dtype=bool)
        new[1:] = ordered[1:] != ordered[:-1]
        run = np.cumsum(new) - 1
        shared = np.bincount(run) > 1
        fresh = np.where(shared, keys + np.cumsum(shared) - 1, -1)
        number[order, i] = fresh[run]
        keys += int(shared.sum())
    known = number >= 0
    first = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    return pattern.astype(np.int64), first.astype(np.int64), number[known].astype(np.int64)


def _mix(codes: NDArray[np.uint16], odd: np.uint64) -> Codes:
    """Spread codes over 64 bits, differently per column (the finaliser of splitmix64)."""
    x = codes.astype(np.uint64) * odd
    x ^= x >> np.uint64(31)
    x *= np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(29)
    return x


def with_neighbour(uneven: Uneven, owner: Integers, sheet: Integers) -> Truths:
    """Mark the entries of (owner, sheet) that repeat another entry of the same owner, or are its neighbour."""
    # Packed into one number each, owner first, so that a plain sort brings together what belongs together.
    entry, _ = _sorted(owner * np.int64(len(uneven.first)) + uneven.pattern[sheet], np.arange(len(sheet)))
    met = np.zeros(len(sheet), dtype=bool)
    met[entry] = neighbours_in_order(uneven, owner[entry], uneven.pattern[sheet[entry]])
    return met


def neighbours_in_order(uneven: Uneven, owner: Integers, pattern: Integers) -> Truths:
    """Mark entries of (owner, pattern), sorted so, that repeat another entry of the owner or are its neighbour."""
    if not len(owner):
        return np.zeros(0, dtype=bool)
    new = np.ones(len(owner), dtype=bool)
    new[1:] = (owner[1:] != owner[:-1]) | (pattern[1:] != pattern[:-1])
    begun = np.flatnonzero(new)
    times = np.diff(np.append(begun, len(owner)))
    whose, pattern = owner[begun], pattern[begun]
    found = times > 1
    length = uneven.first[pattern + 1] - uneven.first[pattern]
    before = np.cumsum(length) - length
    one = np.repeat(np.arange(len(begun)), length)
    place = np.arange(len(one)) + (uneven.first[pattern] - before)[one]
    span = int(uneven.key.max(initial=0)) + 1
    one, alike = _sorted(whose[one] * np.int64(span) + uneven.key[place], one)
    found[one[1:][alike]] = True
    found[one[:-1][alike]] = True
    return np.repeat(found, times)


def _sorted(label: Integers, carried: Integers) -> tuple[Integers, Truths]:
    """Sort by label; return what each carries, and which labels but the first equal the one before."""
    bits = max(1, int(carried.max(initial=0)).bit_length())
    if int(label.max(initial=0)).bit_length() + bits > 62:  # too many to be packed: the slow way
        order = np.argsort(label, kind="stable")
        ordered, what = label[order], carried[order]
    else:
        packed = label << bits
        packed |= carried
        packed.sort()
        ordered, what = packed >> bits, packed & ((1 << bits) - 1)
    return what, ordered[1:] == ordered[:-1]
