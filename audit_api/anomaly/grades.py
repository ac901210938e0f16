"""From figures to a grade: none, watch, flag, or not assessable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit_api.anomaly.indicator import LEVEL

NONE, WATCH, FLAG, NOT_ASSESSABLE = "none", "watch", "flag", "not_assessable"
DIRECT = ("mentions", "auditor_statements")
"""Indicators that are statements of people who do not know of one another."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Set one screening.

    action: a declared action run, the only kind that may flag. q: false-discovery rate. group_p: how unusual a
    group must be to count as evidence. watch_p: combined p that puts a dealer on watch in any run. draws:
    honest dealers per reference set (at least 100,000 in earnest). flag_min_*: what a level needs to flag.
    """

    action: bool = False
    seed: int = 20260101
    q: float = 0.10
    group_p: float = 0.05
    watch_p: float = 0.01
    draws: int = 200_000
    minimum_peers: int = 30
    near_duplicate_draws: int = 64
    flag_min_responses: int = 30
    flag_min_visits: int = 2
    flag_min_covert_visits: int = 1
    severity_adjusted: bool = True
    ensemble: bool = True

    def __post_init__(self) -> None:
        for name in ("q", "group_p", "watch_p"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must lie between 0 and 1")
        if self.draws < 1_000 or self.near_duplicate_draws < 8:
            raise ValueError("draws must be at least 1000 and near_duplicate_draws at least 8")


@dataclass(frozen=True, slots=True)
class Standing:
    """Hold what the grade of one dealer rests on.

    p_by_group: combined p per assessable group; p_by_indicator and group_of likewise per indicator; responses
    and planned visits (all, covert) are counts.
    """

    p: float
    q: float
    p_by_group: Mapping[str, float]
    p_by_indicator: Mapping[str, float]
    group_of: Mapping[str, str]
    responses: int
    visits: int
    covert_visits: int


def supported_groups(standing: Standing, parameters: Parameters) -> tuple[str, ...]:
    """Return the groups that count as evidence towards a flag.

    A group counts at a combined p of at most `group_p`. The level counts only through indicators admitted for
    this dealer: none below 30 responses, and the gap to the audits only from two planned visits, one of them
    covert. Where an indicator is not admitted, the rest must carry the level too (Bonferroni), beside the group's
    own p: a flag never counts a group whose p shown is above the limit.
    """
    found = []
    for group, p in sorted(standing.p_by_group.items()):
        if group == LEVEL:
            members = [code for code in standing.p_by_indicator if standing.group_of[code] == LEVEL]
            admitted = [code for code in members if _admitted(code, standing, parameters)]
            if len(admitted) < len(members):
                rest = min([1.0, *(standing.p_by_indicator[code] * len(admitted) for code in admitted)])
                p = max(p, rest)  # noqa: PLW2901
        if p <= parameters.group_p:
            found.append(group)
    return tuple(found)


def _admitted(code: str, standing: Standing, parameters: Parameters) -> bool:
    if standing.responses < parameters.flag_min_responses:
        return False
    return code != "discordance" or (
        standing.visits >= parameters.flag_min_visits and standing.covert_visits >= parameters.flag_min_covert_visits
    )


def direct_statements(standing: Standing, parameters: Parameters) -> tuple[str, ...]:
    """Return the independent sources that say outright that answers were asked for or paid: customers, auditors.

    Each must say so more often than chance, at a p of at most `group_p`; a single customer or remark never does.
    """
    return tuple(code for code in DIRECT if standing.p_by_indicator.get(code, 1.0) <= parameters.group_p)


def enough(standing: Standing, parameters: Parameters) -> bool:
    """Say whether the evidence has two independent legs: two groups that count, or two direct statements.

    The second group must stand out among all groups besides the first (Bonferroni): whoever is unusual in one, and may
    be so honestly, would else find a second by chance in one case of five.
    """
    if len(direct_statements(standing, parameters)) >= 2:
        return True
    found = sorted(standing.p_by_group[group] for group in supported_groups(standing, parameters))
    return len(found) >= 2 and found[1] * (len(standing.p_by_group) - 1) <= parameters.group_p


def grade(standing: Standing, parameters: Parameters) -> str:
    """Return the grade: flag needs an action run, q within the rate, and two groups or two direct statements."""
    if not standing.p_by_indicator:
        return NOT_ASSESSABLE
    picked = standing.q <= parameters.q
    if parameters.action and picked and enough(standing, parameters):
        return FLAG
    return WATCH if picked or standing.p <= parameters.watch_p else NONE
