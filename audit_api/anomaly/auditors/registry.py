"""The indicators about auditors in use, listed by hand: one that is not here does not run."""

from __future__ import annotations

from dataclasses import dataclass

from audit_api.anomaly.auditors.indicator import Compute, Evidence, Indicator
from audit_api.anomaly.auditors.indicators import (
    bare_findings,
    favoured_dealer,
    identical_fixes,
    outside_fence,
    own_match,
    previous_match,
    recycled_photos,
    route,
    severity_shift,
    straight_lining,
    tempo,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Join an indicator's description with its two functions."""

    indicator: Indicator
    compute: Compute
    evidence: Evidence


MODULES = (
    recycled_photos, previous_match, own_match, straight_lining, favoured_dealer,
    tempo, outside_fence, identical_fixes, route, bare_findings, severity_shift,
)  # fmt: skip
ENTRIES = tuple(Entry(module.INDICATOR, module.compute, module.evidence) for module in MODULES)
