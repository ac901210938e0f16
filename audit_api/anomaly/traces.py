"""How strongly a figure speaks for a trace: one small likelihood ratio per indicator.

Formula: log(1 − share + share · N(x; shift, spread²)/N(x; 0, 1)), x = z / width, held between its value where it is
least and log 1000. `share` is how often a dealer that bends its survey shows this trace, `shift` and `spread` how far x
then stands: fixed numbers, chosen on simulated networks of the tuning seeds only (docs/detection.md). Almost
whoever bends a survey has a level above what the audits support; which other trace is left depends on the tactic,
so any one of them is rare. `width` is how far the ordinary dealers of the network itself reach, against a normal law:
a figure that takes the lesser of two, or counts what hardly anybody has, says much before it reaches 3. No single
figure counts for more than a thousand to one, however extreme.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_api.anomaly.parse import Floats


@dataclass(frozen=True, slots=True)
class Trace:
    """Say how often a trace is left (share), and where z stands then (shift, spread ≥ 1, in SD)."""

    share: float
    shift: float
    spread: float


USUAL = Trace(share=0.10, shift=2.0, spread=1.2)
BY_INDICATOR = {"discordance": Trace(share=0.90, shift=1.5, spread=1.0)}
STRONGEST = float(np.log(1000.0))
UPPER, UPPER_POINT = 0.95, 1.6448536269514722
NARROWEST = 0.6
MINIMUM_DEALERS = 60


def width_of(code: str, ordinary: Floats) -> float:
    """Return how far ordinary dealers' z reach: their 95 % point over a normal law's, from .6 to 1.

    1 where fewer than 60 dealers are known, and for the gap to the audits, which is normal by construction.
    """
    if code in BY_INDICATOR or len(ordinary) < MINIMUM_DEALERS:
        return 1.0
    return float(min(1.0, max(NARROWEST, np.quantile(ordinary, UPPER) / UPPER_POINT)))


def log_odds(code: str, z: Floats, width: float = 1.0) -> Floats:
    """Return what each z says for a trace (natural log of odds; below 0: against). Shape kept; rises with z."""
    trace = BY_INDICATOR.get(code, USUAL)
    lowest = -np.inf if trace.spread <= 1 else -trace.shift / (trace.spread**2 - 1)
    held = np.maximum(z / width, lowest)
    ratio = np.exp(0.5 * held**2 - 0.5 * ((held - trace.shift) / trace.spread) ** 2) / trace.spread
    result: Floats = np.minimum(np.log1p(trace.share * (ratio - 1.0)), STRONGEST)
    return result
