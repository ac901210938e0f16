"""Power, minimum sample, false alarms and time to detect of a way of judging, on networks whose truth is known.

The judge is given: what it does with a network is not this module's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np

from audit_api.simulator.network import simulate_network
from audit_api.simulator.spec import NetworkSpec
from audit_api.simulator.world import World

BANDS = (("<20", 0), ("20-29", 20), ("30-59", 30), ("60-159", 60), ("160+", 160))
"""Responses of a dealer in a wave: name and lowest number of each band."""
Z_90 = 1.6448536269514722
FLAG, WATCH = "flag", "watch"
ENOUGH_POWER = 0.5
"""Share of gamed dealers at least on watch that a sample must give to be called sufficient."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Hold what a judge says of one dealer: its grade (flag, watch, another word) and the responses it had."""

    grade: str
    responses: int


Judge = Callable[[World], Mapping[str, Judgement]]


@dataclass(frozen=True, slots=True)
class Study:
    """Describe a power study: how many networks over how many waves, and what is fixed in them.

    `fixed` are fields of NetworkSpec that the programme knows (dealers, median_responses, levels, visits …); what
    it does not know is drawn anew for each network.
    """

    networks: int = 10
    waves: int = 3
    seed: int = 1
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.networks <= 500 or not 1 <= self.waves <= 12:
            raise ValueError("networks must lie between 1 and 500, waves between 1 and 12")


@dataclass(slots=True)
class Tally:
    """Count dealers of one kind: in the first wave flagged and on watch, and the wave of the first flag or watch."""

    dealers: int = 0
    flagged: int = 0
    watched: int = 0
    flag_waves: list[int] = field(default_factory=list)
    seen_waves: list[int] = field(default_factory=list)

    def share(self, count: int) -> float:
        """Return a count as a share of the dealers, NaN without any."""
        return count / self.dealers if self.dealers else float("nan")

    def interval(self, count: int) -> tuple[float, float]:
        """Return the 90 % interval of the share (Wilson)."""
        if not self.dealers:
            return float("nan"), float("nan")
        n, p, z2 = self.dealers, count / self.dealers, Z_90**2
        middle, half = p + z2 / (2 * n), Z_90 * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, (middle - half) / (1 + z2 / n)), min(1.0, (middle + half) / (1 + z2 / n))


@dataclass(slots=True)
class Tallies:
    """Hold a study's counts: by tactic, by look-alike ("" = plain), gamed dealers by band of responses; all networks.

    `any_false`: networks with an honest dealer flagged in the first wave; `false`, `flags`: flags of all waves.
    """

    tactics: dict[str, Tally] = field(default_factory=dict)
    honest: dict[str, Tally] = field(default_factory=dict)
    bands: dict[str, Tally] = field(default_factory=dict)
    networks: int = 0
    waves: int = 0
    any_false: int = 0
    flags: int = 0
    false: int = 0

    def minimum_sample(self) -> str | None:
        """Return the smallest band of responses in which enough gamed dealers are at least on watch, if any."""
        for name, _ in BANDS:
            tally = self.bands.get(name)
            if tally and tally.share(tally.flagged + tally.watched) >= ENOUGH_POWER:
                return name
        return None


def band(responses: int) -> str:
    """Return the name of the band a number of responses falls into."""
    return [name for name, lowest in BANDS if responses >= lowest][-1]


def power_study(study: Study, judge: Judge, progress: Callable[[str], None] = lambda line: None) -> Tallies:
    """Simulate, judge and count; the same study and judge give the same counts."""
    result = Tallies(networks=study.networks, waves=study.waves)
    for number in range(study.networks):
        seed = int(np.random.SeedSequence([study.seed, number]).generate_state(1)[0])
        spec = NetworkSpec.draw(seed, **study.fixed)
        first_flag: dict[str, int] = {}
        first_seen: dict[str, int] = {}
        for wave in range(study.waves):
            progress(f"{number + 1}/{study.networks}, {wave + 1}/{study.waves}")
            world = simulate_network(spec, seed, wave=wave)
            judged = judge(world)
            for label in world.truth:
                grade = judged[label.dealer_id].grade
                if grade == FLAG:
                    first_flag.setdefault(label.dealer_id, wave + 1)
                    result.flags += 1
                    result.false += not label.gamed
                if grade in (FLAG, WATCH):
                    first_seen.setdefault(label.dealer_id, wave + 1)
            if wave == 0:
                _count(result, world, judged)
        for label in world.truth:
            tally = (result.tactics if label.gamed else result.honest)[label.kind]
            if label.dealer_id in first_flag:
                tally.flag_waves.append(first_flag[label.dealer_id])
            if label.dealer_id in first_seen:
                tally.seen_waves.append(first_seen[label.dealer_id])
    return result


def _count(result: Tallies, world: World, judged: Mapping[str, Judgement]) -> None:
    any_false = False
    for label in world.truth:
        judgement = judged[label.dealer_id]
        tallies = [(result.tactics if label.gamed else result.honest).setdefault(label.kind, Tally())]
        if label.gamed:
            tallies.append(result.bands.setdefault(band(judgement.responses), Tally()))
        for tally in tallies:
            tally.dealers += 1
            tally.flagged += judgement.grade == FLAG
            tally.watched += judgement.grade == WATCH
        any_false |= judgement.grade == FLAG and not label.gamed
    result.any_false += any_false
