"""Benjamini–Hochberg: how many of the dealers picked out are expected to be chance."""

from __future__ import annotations

import numpy as np

from audit_api.anomaly.parse import Floats


def adjusted(p: Floats) -> Floats:
    """Return q per p: the smallest false-discovery rate at which it would be picked out (NaN stays NaN).

    Source: Benjamini & Hochberg 1995.
    """
    q = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    if not len(known):
        return q
    order = known[np.argsort(p[known], kind="stable")]
    raw = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(1.0, np.minimum.accumulate(raw[::-1])[::-1])
    return q
