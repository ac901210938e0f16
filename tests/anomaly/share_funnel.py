"""The funnel for shares, such as top box: on an angle whose sampling error does not depend on the share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from audit_api.anomaly.funnel import LIMITS, Funnel, fit_funnel
from audit_api.anomaly.parse import Floats


def angles(successes: ArrayLike, answers: ArrayLike) -> tuple[Floats, Floats]:
    """Return (level, sampling variance) of counts on the angle scale.

    Formula: arcsin √((x + 3/8)/(n + 3/4)) with variance 1/(4n + 2), in radians: the same for every share, so outlets
    near the ceiling do not draw the centre to themselves by seeming more precise. Successes may be broken numbers
    (a published percentage times n). NaN where there are no answers or either is NaN. Shapes: (outlets,) → two.
    Raises ValueError for negative counts or more successes than answers.
    """
    x, n = np.broadcast_arrays(np.asarray(successes, dtype=np.float64), np.asarray(answers, dtype=np.float64))
    if (x < 0).any() or (n < 0).any() or (x > n).any():
        raise ValueError("successes must lie within 0 and the number of answers")
    empty = (n == 0) | np.isnan(n) | np.isnan(x)
    level = np.where(empty, np.nan, np.arcsin(np.sqrt((x + 0.375) / (n + 0.75))))
    return level, np.where(empty, np.nan, 1 / (4 * n + 2))


@dataclass(frozen=True, slots=True)
class ShareFunnel:
    """Hold a funnel fitted on angles; read it in shares."""

    angle: Funnel

    @property
    def centre(self) -> float:
        """Return the central share, 0..1."""
        return float(np.sin(self.angle.centre) ** 2)

    def limits(self, answers: ArrayLike, coverage: float = LIMITS[0]) -> tuple[Floats, Floats]:
        """Return (lower, upper) shares between which a new honest outlet with n answers falls.

        Formula: the angle's limits turned back, x = (n + 3/4) sin² − 3/8 and x/n, within 0..1. NaN where n is 0.
        Shapes: (outlets,) → two like it. Raises ValueError unless 0 < coverage < 1.
        """
        n = np.asarray(answers, dtype=np.float64)
        n = np.where(n > 0, n, np.nan)
        low, high = self.angle.limits(1 / (4 * n + 2), coverage)
        return _share(low, n), _share(high, n)

    def z(self, successes: ArrayLike, answers: ArrayLike) -> Floats:
        """Return each outlet's normal score; NaN where there are no answers. Shapes and meaning: `Funnel.z`."""
        return self.angle.z(*angles(successes, answers))


def fit_share_funnel(successes: ArrayLike, answers: ArrayLike, *, floor: float = 0.0) -> ShareFunnel:
    """Return the funnel of outlets with x successes in n answers.

    Formula: `fit_funnel` on `angles`. `floor`: least τ² in squared radians (a standard deviation of d in the share
    about p is d/(2√(p(1 − p))) radians). Raises ValueError as `fit_funnel` and `angles` do.
    Source: as for `fit_funnel`.
    """
    return ShareFunnel(fit_funnel(*angles(successes, answers), floor=floor))


def _share(angle: Floats, n: Floats) -> Floats:
    turned = np.sin(np.clip(angle, 0.0, np.pi / 2)) ** 2
    result: Floats = np.clip(((n + 0.75) * turned - 0.375) / n, 0.0, 1.0)
    return result
