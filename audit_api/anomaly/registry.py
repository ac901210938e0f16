"""The indicators in use, listed by hand: an indicator that is not here does not run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.indicator import Indicator, IndicatorResult
from audit_api.anomaly.indicators import (
    auditor_statements,
    bursts,
    contact_reuse,
    coverage,
    device_reuse,
    discordance,
    facts,
    fast_answers,
    mentions,
    mix,
    near_duplicates,
    own_device,
    repeated_comments,
    same_day,
    staff_match,
    suppression,
    validity,
    window_dressing,
)
from audit_api.anomaly.peers import Peers


@dataclass(frozen=True, slots=True)
class Entry:
    """Join an indicator's description with its two functions."""

    indicator: Indicator
    compute: Callable[[Inputs, Peers, int], IndicatorResult]
    evidence: Callable[[Inputs, Sequence[int]], dict[int, dict[str, Any]]]


MODULES = (
    discordance, facts, window_dressing,
    near_duplicates, repeated_comments,
    contact_reuse, device_reuse, own_device, staff_match, bursts, fast_answers, same_day,
    suppression, mix, coverage, validity,
    mentions, auditor_statements,
)  # fmt: skip
ENTRIES = tuple(Entry(module.INDICATOR, module.compute, module.evidence) for module in MODULES)
