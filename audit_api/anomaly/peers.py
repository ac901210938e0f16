"""Who a dealer is compared with: its stratum, or the network where the stratum is too small."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from audit_api.anomaly.batch import Dealers
from audit_api.anomaly.parse import Floats, Integers, Texts, Truths

NETWORK = "network"
MINIMUM_PEERS = 30


@dataclass(frozen=True, slots=True)
class Peers:
    """Hold per dealer the stratum label, its number (0 = whole network) and how many peers that gives.

    set_aside marks dealers that evidence of another kind singles out: expectations are fitted without them, so
    that a gamed minority does not become its own standard; None where nobody is.
    """

    label: Texts
    group: Integers
    count: Integers
    set_aside: Truths | None = None

    def aside(self) -> Truths:
        """Return the mask of dealers that no expectation may rest on."""
        return np.zeros(len(self.group), dtype=bool) if self.set_aside is None else self.set_aside

    def without(self, dealers: Truths) -> Peers:
        """Return the same peers, with `dealers` (a mask) left out of all fits."""
        return replace(self, set_aside=dealers)

    def design(self) -> Floats:
        """Return the regression columns of the strata: an intercept, then one indicator per own stratum.

        Where every dealer has a stratum the first stratum serves as the intercept.
        """
        numbers = np.unique(self.group)
        columns = [np.ones(len(self.group))]
        columns += [(self.group == number).astype(np.float64) for number in numbers[1:]]
        return np.column_stack(columns)


def strata(dealers: Dealers, minimum: int = MINIMUM_PEERS) -> Peers:
    """Group dealers by region × brand × volume band; below `minimum` peers fall back to the network."""
    keys = np.array(
        [
            " · ".join(x or "?" for x in key)
            for key in zip(dealers.region, dealers.brand, dealers.volume_band, strict=True)
        ],
        dtype=object,
    )
    names, inverse, counts = np.unique(keys.astype(str), return_inverse=True, return_counts=True)
    enough = (counts - 1 >= minimum) & (counts < len(keys))
    group = np.zeros(len(keys), dtype=np.int64)
    number = np.cumsum(enough)
    group[enough[inverse]] = number[inverse][enough[inverse]]
    label = np.where(enough[inverse], names[inverse], NETWORK).astype(object)
    count = np.where(enough[inverse], counts[inverse] - 1, len(keys) - 1)
    return Peers(label=label, group=group, count=count.astype(np.int64))
