"""How near photos come that are no copies; written by `make bench-copies`, see docs/copies-results.md."""

from __future__ import annotations

from typing import Final

PICTURES: Final = 1219
PAIRS: Final = 742371
NEAREST: Final = 46
AS_NEAR: Final[dict[int, tuple[int, float]]] = {
    8: (0, 4.035e-06),
    16: (0, 4.035e-06),
    24: (0, 4.035e-06),
    31: (0, 4.035e-06),
    40: (0, 4.035e-06),
    48: (1, 6.390e-06),
    56: (9, 2.116e-05),
    64: (81, 1.313e-04),
}
"""Pairs of unrelated pictures at most so far apart, and the upper 95 % bound of their share."""
SAME_PLACE_PAIRS: Final = 300
SAME_PLACE: Final[dict[int, tuple[int, float]]] = {
    8: (0, 9.936e-03),
    16: (0, 9.936e-03),
    24: (1, 1.571e-02),
    31: (1, 1.571e-02),
    40: (2, 2.084e-02),
    48: (5, 3.472e-02),
    56: (13, 6.801e-02),
    64: (23, 1.069e-01),
}
"""Likewise for one place drawn at two visits."""
