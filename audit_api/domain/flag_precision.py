"""How often what a detector points at is confirmed by people, and how often what it leaves alone is not in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any

Z95 = 1.959963984540054


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson's score interval); (0, 1) where nothing was counted.

    Source: Wilson 1927.
    """
    if n <= 0:
        return 0.0, 1.0
    share, square = hits / n, Z95**2
    centre = share + square / (2 * n)
    half = Z95 * sqrt(share * (1 - share) / n + square / (4 * n * n))
    scale = 1 + square / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def tally(name: str, states: Iterable[str]) -> dict[str, Any]:
    """Count the outcomes of some flags: precision is confirmed / (confirmed + dismissed); inconclusive is left out."""
    counted = list(states)
    confirmed, dismissed = counted.count("confirmed"), counted.count("dismissed")
    decided = confirmed + dismissed
    low, high = wilson(confirmed, decided)
    return {
        "name": name,
        "confirmed": confirmed,
        "dismissed": dismissed,
        "inconclusive": counted.count("inconclusive"),
        "precision": confirmed / decided if decided else None,
        "low": low,
        "high": high,
    }


def precision(decided: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Tabulate decided flags by indicator and by group, and the controls beside them.

    Each row: `state`, `control`, `blind`, `groups` (those that counted as evidence), `indicators` (those that stood
    out). Of controls only those decided blind count; their share confirmed is the share of misses among unflagged
    dealers.
    """
    rows = list(decided)
    flags = [row for row in rows if not row["control"]]
    controls = [row for row in rows if row["control"] and row["blind"]]
    return {
        "flags": tally("all", (row["state"] for row in flags)),
        "indicators": [
            tally(name, (row["state"] for row in flags if name in row["indicators"]))
            for name in sorted({name for row in flags for name in row["indicators"]})
        ],
        "groups": [
            tally(name, (row["state"] for row in flags if name in row["groups"]))
            for name in sorted({name for row in flags for name in row["groups"]})
        ],
        "controls": tally("controls", (row["state"] for row in controls)),
    }
