"""What a simulated network is asked to be, and how to draw one when unsure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from audit_api.simulator.catalogue import LOOK_ALIKES, TACTICS

SALES_ITEMS = (
    "SAL_LEAD", "SAL_PHONE", "SAL_FACILITY", "SAL_RECEP", "SAL_NEEDS", "SAL_STATIC", "SAL_TDRIVE", "SAL_PRICE",
    "SAL_PRICE", "SAL_DECIDE", "SAL_CONTRACT", "SAL_DELIVERY", "SAL_DELIVERY", "SAL_FOLLOWUP", "XCT_PEOPLE",
)  # fmt: skip
FACT_TOUCHPOINTS = ("SAL_PRICE", "SAL_TDRIVE", "SAL_FOLLOWUP", "AFS_ESTIM", "AFS_ONTIME", "AFS_FOLLOWUP")
ANSWER_MODELS = ("latent", "anchored")
INVITATIONS = ("rolling", "weekly")
USUAL_TOP_SHARE = {5: 0.65, 10: 0.56}


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Describe a network to simulate.

    `touchpoints` gives one touchpoint code per rated item (a code may appear twice). `levels` is 5 or 10.
    `gamed_share` of the dealers use one of `tactics` on `intensity` of their customers (of what the tactic aims
    at: for suppression, √intensity of the unhappy); `look_alike_share` are honest dealers that merely look
    unusual. Visits are per dealer, ± `visit_spread`.

    The rest is what nobody knows exactly of a real network; `draw` varies it. Shares and spreads are of latent
    judgements in standard deviations: `icc` variance share between dealers; `quality_link` correlation between
    what auditors see and customers feel, both without noise; `halo_share` customers who give one mark to all;
    `threshold_spread` how unevenly the lower levels are used; `mood_response` how much more the happy respond.
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
    second_tactic_share: float = 0.0
    mystery_visits: int = 2
    announced_visits: int = 1
    visit_spread: int = 0
    criteria: int = 3
    auditors: int = 20
    regions: int = 3
    first_day: str = "2026-01-05"
    days: int = 84
    dealer_codes: tuple[str, ...] = ()
    answer_model: str = "latent"
    invitations: str = "rolling"
    top_share: float | None = None
    icc: float = 0.03
    quality_link: float = 0.8
    volume_sd: float = 0.75
    item_sd: float = 0.45
    profile_sd: float = 0.10
    adviser_sd: float = 0.12
    region_sd: float = 0.04
    trend_sd: float = 0.05
    style_sd: float = 0.15
    halo_share: float = 0.3
    threshold_spread: float = 0.0
    mood_response: float = 0.05
    comment_share: float = 0.35
    stock_share: float = 0.45
    mention_noise: float = 0.02
    day_sd: float = 0.45
    auditor_sd: float = 0.35
    trigger_share: float = 0.15

    def __post_init__(self) -> None:
        if self.levels not in (5, 10):
            raise ValueError("levels must be 5 or 10")
        if not 1 <= self.dealers <= 20_000 or not 1 <= self.median_responses <= 5_000:
            raise ValueError("dealers must lie between 1 and 20,000, median responses between 1 and 5,000")
        if self.dealer_codes and len(self.dealer_codes) != self.dealers:
            raise ValueError("give one dealer code per dealer, or none")
        if not self.touchpoints or self.answer_model not in ANSWER_MODELS or self.invitations not in INVITATIONS:
            raise ValueError(f"give touchpoints, answer model {ANSWER_MODELS} and invitations {INVITATIONS}")
        for name in ("gamed_share", "intensity", "look_alike_share", "second_tactic_share", "quality_link"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")
        if self.gamed_share + self.look_alike_share > 1 or not 0 <= self.icc < 0.5:
            raise ValueError("shares of dealers must not exceed 1 together, and icc must be below .5")
        if min(self.mystery_visits, self.announced_visits, self.visit_spread) < 0 or self.auditors < 1:
            raise ValueError("visits must not be negative and there must be an auditor")
        unknown = set(self.tactics) - set(TACTICS) | set(self.look_alikes) - set(LOOK_ALIKES)
        if unknown:
            raise ValueError(f"unknown tactic or look-alike: {', '.join(sorted(unknown))}")

    @classmethod
    def draw(cls, seed: int, **fixed: Any) -> NetworkSpec:
        """Draw a spec from the range of plausible networks; `fixed` fields stay as given."""
        rng = np.random.default_rng([seed, 20])
        levels = int(fixed.get("levels", rng.choice([5, 10])))
        top = rng.uniform(0.58, 0.72) if levels == 5 else rng.uniform(0.45, 0.64)
        drawn: dict[str, Any] = {
            "levels": levels,
            "median_responses": float(rng.uniform(45, 95)),
            "volume_sd": float(rng.uniform(0.6, 0.95)),
            "answer_model": str(rng.choice(ANSWER_MODELS)),
            "invitations": str(rng.choice(INVITATIONS)),
            "top_share": float(top),
            "icc": float(rng.uniform(0.01, 0.05)),
            "quality_link": float(rng.uniform(0.3, 0.9)),
            "item_sd": float(rng.uniform(0.36, 0.56)),
            "profile_sd": float(rng.uniform(0.05, 0.16)),
            "adviser_sd": float(rng.uniform(0.05, 0.2)),
            "region_sd": float(rng.uniform(0.0, 0.08)),
            "trend_sd": float(rng.uniform(0.0, 0.1)),
            "style_sd": float(rng.uniform(0.05, 0.3)),
            "halo_share": float(rng.uniform(0.15, 0.45)),
            "threshold_spread": float(rng.uniform(0.0, 0.4)),
            "mood_response": float(rng.uniform(-0.1, 0.2)),
            "comment_share": float(rng.uniform(0.2, 0.5)),
            "stock_share": float(rng.uniform(0.25, 0.65)),
            "mention_noise": float(rng.uniform(0.005, 0.04)),
            "mystery_visits": int(rng.integers(1, 4)),
            "announced_visits": int(rng.integers(1, 3)),
            "visit_spread": int(rng.integers(0, 2)),
            "criteria": int(rng.integers(2, 6)),
            "auditors": int(rng.integers(10, 40)),
            "regions": int(rng.integers(1, 7)),
            "days": int(rng.choice([84, 126, 182])),
            "day_sd": float(rng.uniform(0.25, 0.75)),
            "auditor_sd": float(rng.uniform(0.15, 0.5)),
        }
        return cls(**(drawn | fixed))

    def columns(self) -> tuple[str, ...]:
        """Return the answer columns: q_<touchpoint>, and q_<touchpoint>__2 for a second item."""
        seen: dict[str, int] = {}
        names = []
        for touchpoint in self.touchpoints:
            seen[touchpoint] = seen.get(touchpoint, 0) + 1
            number = seen[touchpoint]
            names.append(f"q_{touchpoint}" if number == 1 else f"q_{touchpoint}__{number}")
        return tuple(names)

    def fact_touchpoints(self) -> tuple[str, ...]:
        """Return the touchpoints with a fact item: the usual ones, or else the first three."""
        asked = sorted(set(self.touchpoints))
        return tuple(t for t in asked if t in FACT_TOUCHPOINTS) or tuple(asked[:3])

    def top(self) -> float:
        """Return the share of full marks aimed at."""
        return USUAL_TOP_SHARE[self.levels] if self.top_share is None else self.top_share

    def window_day(self) -> int:
        """Return the day (from the first) on which the assessment window opens: the last third."""
        return self.days * 2 // 3
