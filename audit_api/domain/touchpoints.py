"""The code book shared by audits and surveys: touchpoints and the expectations they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from audit_api.domain.checklists import Text

SCHEMA = "touchpoints/1"

PLAYBOOK_TRACES = frozenset(
    {
        "SAA-CON-03",
        "AAA-REC-03",
        "SMS-INT-05",
        "AMS-INT-05",
        "AMS-INT-06",
        "SAA-INT-04",
        "AAA-INT-03",
        "AAA-INT-02",
        "AMS-INT-04",
        "SMS-INT-02",
        "AMS-INT-02",
        "SAA-INT-02",
        "SAA-FOL-02",
        "AAA-CAL-02",
        "SMS-INT-03",
        "AMS-INT-03",
        "SAA-INT-03",
        "AAA-INT-04",
        "SMS-INT-04",
        "AMS-INT-07",
        "SAA-INT-01",
        "AAA-INT-01",
        "AMS-INT-08",
        "AAA-ONT-02",
        "AAA-INT-05",
        "AAA-COM-04",
        "SMS-INT-06",
        "SAA-LEAD-02",
        "SAA-TD-03",
        "SAA-INT-05",
        "AAA-INT-06",
        "SAA-FOL-01",
        "AAA-CAL-01",
    }
)
"""Audit items the gaming playbook cites as traces (G01-G17): left out of the audit level used in a gap,
where they would count the same evidence twice."""

FACT_JOINS: Mapping[str, tuple[str, ...]] = {
    "SSQ-FAC-01": ("SMS-TD-01", "SAA-TD-03"),
    "SSQ-FAC-02": ("SMS-PRI-01",),
    "SSQ-FAC-03": ("SAA-FOL-01",),
    "ASQ-FAC-01": ("AAA-QUA-01",),
    "ASQ-FAC-02": ("AMS-EST-01", "AAA-EST-01"),
    "ASQ-FAC-03": ("AMS-CAL-01", "AAA-CAL-01"),
    "ASQ-FAC-04": ("AAA-REM-01",),
}
"""Survey fact items and the audit items that looked at the same thing."""


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """One step of the customer's journey; the join key between survey and audit."""

    code: str
    domain: str
    name: Text
    definition: Text
    expectations: tuple[str, ...]
    in_survey: bool
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """One statement of what customers expect, with the source it was taken from."""

    id: str
    source: str
    text: Text


@dataclass(frozen=True)
class CodeBook:
    """All touchpoints and expectations."""

    touchpoints: tuple[Touchpoint, ...]
    expectations: tuple[Expectation, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Touchpoint]:
        """Touchpoints by code."""
        return {touchpoint.code: touchpoint for touchpoint in self.touchpoints}

    @cached_property
    def expectation_ids(self) -> frozenset[str]:
        """Ids of all expectations."""
        return frozenset(expectation.id for expectation in self.expectations)

    def touchpoint(self, code: str) -> Touchpoint:
        """Return one touchpoint; raises KeyError for an unknown code."""
        return self.by_code[code]
