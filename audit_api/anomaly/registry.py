"""The indicators in use, listed by hand: an indicator that is not here does not run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.indicator import Indicator, IndicatorResult
from audit_api.anomaly.indicators import all_perfect, discordance, near_duplicates
from audit_api.anomaly.peers import Peers


@dataclass(frozen=True, slots=True)
class Entry:
    """Join an indicator's description with its two functions."""

    indicator: Indicator
    compute: Callable[[Inputs, Peers, int], IndicatorResult]
    evidence: Callable[[Inputs, Sequence[int]], dict[int, dict[str, Any]]]


MODULES = (discordance, all_perfect, near_duplicates)
ENTRIES = tuple(Entry(module.INDICATOR, module.compute, module.evidence) for module in MODULES)
