"""What a quality check is, what it reads and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit_api.domain.checklists import Checklist


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold the thresholds, from the settings: shares of the expected duration, characters, minutes, seconds."""

    shortest_share: float
    longest_share: float
    clock_skew_seconds: float
    late_minutes: float
    covert_characters: int
    announced_characters: int
    photo_minutes: float
    identical_fixes: int


@dataclass(frozen=True, slots=True)
class PreviousVisit:
    """Tell where and when the auditor's visit before this one ended, or the next one began."""

    visit: str
    ended_at: datetime
    position: tuple[float, float]


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """Hold what the checks read about one visit; positions (lat, lon) in degrees, WGS-84, None where unknown."""

    checklist: Checklist
    answers: Mapping[str, Any]
    observations: Sequence[Mapping[str, Any]]
    mode: str
    started_at: datetime
    ended_at: datetime
    skew_seconds: float | None = None
    dealer_position: tuple[float, float] | None = None
    fence_m: float = 300.0
    reused_photos: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of this visit's photos that another visit used before, and that visit."""
    previous: PreviousVisit | None = None

    def fixes(self) -> Iterator[Mapping[str, Any]]:
        """Give the position fixes: of items that record one, and of photos."""
        for observation in self.observations:
            value = observation.get("value")
            if isinstance(value, Mapping) and "lat" in value:
                yield value
            for photo in observation.get("photos") or ():
                if photo.get("fix"):
                    yield photo["fix"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say what a check saw: whether it is well, the figure and its limit, in both languages, and which items."""

    passed: bool
    observed: float
    zh: str = ""
    en: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Describe a check. `blocking`: a visit that does not pass is approved only with a reason from a named person.

    `run` gives None where the visit lacks what the check reads.
    """

    code: str
    zh: str
    en: str
    inputs: str
    settings: tuple[str, ...]
    blocking: bool
    run: Callable[[VisitFacts, Limits], Outcome | None]


def moment(value: datetime | str | None) -> datetime | None:
    """Read a time as a phone sent it."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
