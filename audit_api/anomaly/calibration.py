"""What share of honest dealers has a p as small as this: measured among dealers of simulated honest networks.

The draws of `groups` have a normal tail: wider than that of most honest dealers, narrower than that of some (a waiting
room with tablets, customers who ask for favours). How often an honest dealer, one in four of them such a look-alike,
really has so small a p was counted on networks with seeds of their own (`tests/benchmarks/detection_calibration` prints
the table below), and that share is what a run reports. The table is one for all networks; nothing a dealer does moves
it.
"""

from __future__ import annotations

import numpy as np

from audit_api.anomaly.parse import Floats

KNOTS = (
    (1.0, 1.0),
    (0.5, 0.496759),
    (0.3, 0.295764),
    (0.2, 0.191845),
    (0.1, 0.085464),
    (0.05, 0.035607),
    (0.03, 0.018777),
    (0.02, 0.011486),
    (0.01, 0.00513),
    (0.005, 0.002532),
    (0.002, 0.000975),
    (0.001, 0.000491),
    (0.0005, 0.000234),
    (0.0003, 0.000127),
    (0.0002, 6.8e-05),
)
"""(p among the draws, share of honest dealers at or below it), falling; from 440,000 dealers of 440 networks."""


def honest_share(p: float) -> float:
    """Return the share of honest dealers whose p among the draws is at most `p`: 0 < p ≤ 1 to 0..1, rising.

    Formula: straight lines between the knots on logarithmic axes; below the last the share falls as p does. Few
    dealers were seen there, and the share fell faster: the step is taken on the side of the dealer. Source:
    docs/detection.md ("p of the dealer").
    """
    last, share = KNOTS[-1]
    if p <= last:
        return share * p / last
    return float(np.exp(np.interp(np.log(p), _LOG_P, _LOG_SHARE)))


def drawn_share(share: Floats) -> Floats:
    """Return the p among the draws that honest shares come from: `honest_share` turned round."""
    last, least = KNOTS[-1]
    above = np.exp(np.interp(np.log(share), _LOG_SHARE, _LOG_P))
    return np.where(share <= least, share * last / least, above)


_LOG_P, _LOG_SHARE = np.log(np.array(KNOTS)[::-1]).T
