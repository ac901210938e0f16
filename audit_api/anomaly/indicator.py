"""What an indicator is and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from audit_api.anomaly.laws import CountLaw
from audit_api.anomaly.parse import Floats, Integers, Texts, Truths

LEVEL = "level"
COPYING = "copying"
PROCESS = "process"
FRAME = "frame"
STATEMENT = "statement"

FEW_RESPONSES = "few_responses"
NO_AUDIT = "no_planned_visit"
FEW_UNEVEN = "few_uneven_sheets"
FEW_PEERS = "few_peers"
CONSTANT = "no_variation"
NO_CONTACTS = "no_contacts"
NO_DEVICES = "no_devices"
NO_STAFF = "no_staff_directory"
NO_TIMES = "no_times"
NO_DURATIONS = "no_durations"
FEW_COMMENTS = "few_long_comments"
NO_FRAME = "no_sample_frame"
SINGLE_EVENTS = "single_events_known"
FEW_EVENTS = "few_events"
FEW_TROUBLED = "few_troubled_events"
NO_STATEMENTS = "no_integrity_answers"
NO_FACTS = "no_facts"
FEW_IN_WINDOW = "few_responses_in_window"
OFF = "off"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Give an innocent explanation, with the playbook's look-alike code where there is one."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """Describe an indicator: identity, evidence group, unit, minimum sample, formula, source, honest causes.

    `sentence_*` are filled with observed, expected, n and p to state one piece of evidence.
    """

    code: str
    group: str
    unit: str
    min_n: int
    title_zh: str
    title_en: str
    formula: str
    source: str
    sentence_zh: str
    sentence_en: str
    explanations: tuple[Explanation, ...]


@dataclass(frozen=True, slots=True)
class IndicatorResult:
    """Hold one indicator's figures, one entry per dealer.

    observed and expected in the indicator's unit; n what the figure rests on; z higher = more unusual (0 where
    not assessable); p one-sided (NaN where not assessable); reason "" where assessable. `law` is the null law
    of a count, None where z is standard normal under the null.
    """

    observed: Floats
    expected: Floats
    n: Integers
    z: Floats
    p: Floats
    reason: Texts
    law: CountLaw | None = None
    assessable: Truths = field(init=False, repr=False, compare=False)
    """The dealers the figure could be computed for: those without a reason against."""

    def __post_init__(self) -> None:
        """Read the reasons once: whoever looks at one dealer must not compare the words of all."""
        object.__setattr__(self, "assessable", np.asarray(self.reason == "", dtype=bool))

    def with_z(self, z: Floats, p: Floats) -> IndicatorResult:
        """Return the same result with calibrated z and p."""
        return replace(self, z=z, p=p)


def unassessable(count: int, reason: str) -> IndicatorResult:
    """Return a result that says of every dealer why nothing can be said."""
    blank = np.full(count, np.nan)
    return IndicatorResult(
        observed=blank,
        expected=blank.copy(),
        n=np.zeros(count, dtype=np.int64),
        z=np.zeros(count),
        p=blank.copy(),
        reason=np.full(count, reason, dtype=object),
    )
