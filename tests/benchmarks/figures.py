"""A measured ratio with its aim, and how rounds become one figure."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], float]
Best = Callable[[list[float]], float]


@dataclass(frozen=True)
class Spread:
    """Lowest and highest ratio of a round, and the ratio of the calmest rounds of both sides."""

    lowest: float
    highest: float
    calm: float


@dataclass(frozen=True)
class Figure:
    """One line of the table; `aim` is a bound, `at_least` says on which side it lies."""

    what: str
    against: str
    ratio: float
    aim: float | None = None
    at_least: bool = True
    unit: str = "x"
    spread: Spread | None = None
    note: str = ""

    @property
    def reached(self) -> str:
        if self.aim is None:
            return "-"
        return "yes" if (self.ratio >= self.aim if self.at_least else self.ratio <= self.aim) else "NO"

    def row(self) -> list[str]:
        aim = "-" if self.aim is None else f"{'>=' if self.at_least else '<='} {self.aim:g}"
        spread = f"{self.spread.lowest:.2f}..{self.spread.highest:.2f}" if self.spread else ""
        calm = f"{self.spread.calm:.2f}" if self.spread else ""
        return [self.what, self.against, f"{self.ratio:.2f} {self.unit}", spread, calm, aim, self.reached, self.note]


HEAD = ["what", "against", "ratio", "rounds", "calm", "aim", "reached", "note"]


def table(figures: list[Figure]) -> str:
    """Lay figures out as a table."""
    rows = [HEAD, *(figure.row() for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def interleaved(rounds: int, ours: Work, floor: Work, *, best: Best = max) -> tuple[float, Spread]:
    """Measure ours and the floor in turns, so that a slow moment meets both; gives the median of ours / floor.

    `best` chooses the calmest round of each side: max for rates, min for times.
    """
    above, below = [], []
    for number in range(rounds):
        if number % 2:
            below.append(floor())
            above.append(ours())
        else:
            above.append(ours())
            below.append(floor())
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    return statistics.median(ratios), Spread(min(ratios), max(ratios), best(above) / best(below))
