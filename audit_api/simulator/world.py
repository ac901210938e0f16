"""What a simulated network is asked to be, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SALES_ITEMS = (
    "SAL_LEAD", "SAL_PHONE", "SAL_FACILITY", "SAL_RECEP", "SAL_NEEDS", "SAL_STATIC", "SAL_TDRIVE", "SAL_PRICE",
    "SAL_PRICE", "SAL_DECIDE", "SAL_CONTRACT", "SAL_DELIVERY", "SAL_DELIVERY", "SAL_FOLLOWUP", "XCT_PEOPLE",
)  # fmt: skip

TACTICS = ("pressed", "copied", "invented", "staff_phones")
LOOK_ALIKES = ("excellent", "small", "fleet", "strict_auditor", "batch_invitation")


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Describe a network to simulate.

    `touchpoints` gives one touchpoint code per rated item (a code may appear twice). `levels` is 5 or 10.
    `gamed_share` of the dealers use one of `tactics` on `intensity` of their answers; `look_alike_share` are
    honest dealers that merely look unusual. Visits are per dealer.
    """

    dealers: int = 500
    median_responses: float = 65.0
    levels: int = 5
    touchpoints: tuple[str, ...] = SALES_ITEMS
    gamed_share: float = 0.12
    intensity: float = 0.5
    tactics: tuple[str, ...] = TACTICS
    look_alike_share: float = 0.2
    look_alikes: tuple[str, ...] = LOOK_ALIKES
    mystery_visits: int = 2
    announced_visits: int = 1
    criteria: int = 3
    auditors: int = 20
    regions: int = 3
    first_day: str = "2026-01-05"
    days: int = 84
    dealer_codes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.levels not in (5, 10):
            raise ValueError("levels must be 5 or 10")
        if self.dealer_codes and len(self.dealer_codes) != self.dealers:
            raise ValueError("give one dealer code per dealer, or none")
        unknown = set(self.tactics) - set(TACTICS) | set(self.look_alikes) - set(LOOK_ALIKES)
        if unknown:
            raise ValueError(f"unknown tactic or look-alike: {', '.join(sorted(unknown))}")

    def columns(self) -> tuple[str, ...]:
        """Return the answer columns: q_<touchpoint>, and q_<touchpoint>__2 for a second item."""
        seen: dict[str, int] = {}
        names = []
        for touchpoint in self.touchpoints:
            seen[touchpoint] = seen.get(touchpoint, 0) + 1
            number = seen[touchpoint]
            names.append(f"q_{touchpoint}" if number == 1 else f"q_{touchpoint}__{number}")
        return tuple(names)


@dataclass(frozen=True, slots=True)
class Label:
    """Say what is true of a simulated dealer: the tactic it uses or the look-alike it is, "" if plain."""

    dealer_id: str
    gamed: bool
    kind: str


@dataclass(frozen=True, slots=True)
class World:
    """Hold a simulated network as plain columns (lists of equal length) and its truth.

    `answers` is responses × items on 1..levels, NaN where not applicable; `overall` is the latent overall
    judgement (0 = average); `touched` marks responses a tactic has changed.
    """

    spec: NetworkSpec
    dealers: dict[str, list[Any]]
    responses: dict[str, list[Any]]
    answers: Floats
    overall: Floats
    touched: NDArray[np.bool_]
    audits: dict[str, list[Any]]
    truth: tuple[Label, ...] = field(default=())

    def columns(self) -> tuple[str, ...]:
        """Return the names of the answer columns."""
        return self.spec.columns()
