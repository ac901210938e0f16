"""Honest answers, by two models that differ in structure, from the same latent judgements.

latent: every item is judged for itself and cut into the levels of the scale. anchored: a customer fixes one
mark for the whole and moves single items up or down from it. Tuned to the shape of real surveys: top box
60-70 % on five levels, items correlated about .7, one to five per cent of the variance between dealers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from audit_api.simulator.world import Floats, Integers, NetworkSpec, Truths

PERSON_SD = 0.87
PROFILE_WEIGHT = 2.0
"""How strongly an item's strength moves the deviations of anchored answers, against its latent size."""
MOVE = {5: 0.9, 10: 1.45}
"""Levels by which one standard deviation moves an anchored item from the mark of the whole."""
ANCHOR_DIFFICULTY = 0.25

BELOW_TOP = {
    5: np.array([0.03, 0.06, 0.23, 0.68]),
    10: np.array([0.009, 0.014, 0.018, 0.027, 0.045, 0.068, 0.16, 0.295, 0.364]),
}
"""How answers below full marks spread over the levels, lowest first."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Hold the latent limits between neighbouring levels for items, and for the anchor of anchored answers."""

    levels: int
    model: str
    limits: Floats
    anchor: Floats
    item_sd: float

    @staticmethod
    def draw(rng: np.random.Generator, spec: NetworkSpec, sd: float) -> Scale:
        """Draw the network's scale: `sd` is the spread of latent judgements over all dealers and customers."""
        below = BELOW_TOP[spec.levels] * np.exp(rng.normal(0.0, spec.threshold_spread, spec.levels - 1))
        below = below / below.sum()
        return Scale(
            levels=spec.levels,
            model=spec.answer_model,
            limits=_limits(below, spec.top()) * np.hypot(sd, np.sqrt(1 - spec.halo_share) * spec.item_sd),
            anchor=_limits(below, _anchor_top(below, spec)) * sd,
            item_sd=spec.item_sd,
        )

    def mark(self, overall: Floats, difference: Floats, noise: Floats, halo: Truths) -> Floats:
        """Return answers 1..levels.

        overall: rows; difference: rows × items, item easiness plus the dealer's strength there; noise: rows ×
        items, standard normal; halo: rows whose every item gets the mark of the whole.
        """
        free = ~halo[:, None]
        if self.model == "latent":
            judged = overall[:, None] + free * (difference + self.item_sd * noise)
            return np.searchsorted(self.limits, judged).astype(np.float64) + 1.0
        whole = np.searchsorted(self.anchor, overall) + 1.0
        moved = np.trunc((noise + PROFILE_WEIGHT * difference - ANCHOR_DIFFICULTY) * self.step())
        return np.clip(whole[:, None] + free * moved, 1.0, float(self.levels))

    def step(self) -> float:
        """Return how many levels one standard deviation moves an anchored item."""
        return MOVE[self.levels] * self.item_sd / 0.45

    def whole(self, overall: Floats) -> Floats:
        """Return the mark a customer gives the whole."""
        limits = self.limits if self.model == "latent" else self.anchor
        return np.searchsorted(limits, overall).astype(np.float64) + 1.0


def _limits(below: Floats, top: float) -> Floats:
    return np.asarray(norm.ppf(np.cumsum(below * (1 - top))), dtype=np.float64)


def _anchor_top(below: Floats, spec: NetworkSpec) -> float:
    """Return the top share of the whole that leaves items the top share asked for (no profile, no difficulty)."""
    step = MOVE[spec.levels] * spec.item_sd / 0.45
    keep = 1 - norm.cdf(-1 / step + ANCHOR_DIFFICULTY)
    ups = sum(share * norm.sf(k / step + ANCHOR_DIFFICULTY) for k, share in enumerate(below[::-1], start=1) if k <= 3)
    free = 1 - spec.halo_share
    return float(np.clip((spec.top() - free * ups) / (spec.halo_share + free * (keep - ups)), 0.3, 0.95))


def item_difference(spec: NetworkSpec, difficulty: Floats, profile: Floats) -> Floats:
    """Return rows × items latent differences from easiness per item and profile per row and touchpoint."""
    place = {touchpoint: i for i, touchpoint in enumerate(sorted(set(spec.touchpoints)))}
    number: Integers = np.array([place[touchpoint] for touchpoint in spec.touchpoints])
    return difficulty + spec.profile_sd * profile[:, number]
