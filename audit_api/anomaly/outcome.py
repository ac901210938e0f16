"""What a screening hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ScreenedDealer:
    """Hold one dealer's outcome; None where nothing could be computed.

    score: 0..100, ten points per factor of ten in the odds, 50 where they are even. unexplained_top_share: share of
    responses near-perfect beyond the honest law, with its 90 % interval; it describes and ranks nobody. groups and
    top_indicators: those at or below the evidence limit, strongest first.
    """

    dealer_id: str
    score: float | None
    flag: bool
    grade: str
    p: float | None
    q: float | None
    assessable: bool
    unexplained_top_share: float | None
    groups: tuple[str, ...]
    top_indicators: tuple[str, ...]
    peer_group: str
    responses: int
    ensemble_rank_share: float | None
    unexplained_top_share_low: float | None = None
    unexplained_top_share_high: float | None = None


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """Hold one indicator of one dealer; z is 0 and the other figures None where not assessable."""

    dealer_id: str
    indicator: str
    observed: float | None
    expected: float | None
    n: int
    z: float
    p: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Screening:
    """Hold a whole run: dealers and indicators sorted by dealer, the run's record, dossiers by dealer."""

    dealers: tuple[ScreenedDealer, ...]
    indicators: tuple[IndicatorRow, ...]
    run: dict[str, Any]
    dossiers: dict[str, dict[str, Any]]
