"""Travel that cannot have happened: two visits further apart than the time between them allows.

Formula: legs between an auditor's consecutive visits to different dealers that would need a speed above 130 km/h up to
150 km, 300 km/h beyond (fast train), 800 km/h beyond 800 km, after 10 minutes on the spot; of all such legs.
Beta-binomial, mean = the others' share (at least 1 %), intra-class correlation at least .02. Unit: share of legs.
Minimum: 5 legs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.comparison import count_result
from audit_api.anomaly.auditors.indicator import NO_POSITIONS, Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Floats, Integers

INDICATOR = Indicator(
    code="route",
    unit="share",
    min_n=5,
    needs_zh="至少 5 段行程",
    needs_en="at least 5 legs between dealers",
    title_zh="行程不可能",
    title_en="Impossible route",
    formula="share of legs between visits faster than road, train or aeroplane allow; beta-binomial against the others",
    source="detection.md, the auditors too",
    sentence_zh="{n}段行程中，{observed:.0%}所需速度超出可能；按其他审核员应为{expected:.0%}（概率{p}）。",
    sentence_en=(
        "{observed:.0%} of {n} legs between visits would need an impossible speed; from the other auditors "
        "{expected:.0%} are expected (chance: {p})."
    ),
    explanations=(
        Explanation("", "手机时钟有误", "A phone whose clock was wrong"),
        Explanation("", "线上或电话审核不需要到店", "Online and telephone probes need no travel"),
    ),
)
FLOOR, CORRELATION = 0.01, 0.02
KM_H = ((150.0, 130.0), (800.0, 300.0), (np.inf, 800.0))
"""Up to so many kilometres, so many kilometres an hour."""
NEAR_KM = 2.0
"""Nearer than this anything is possible on foot and with two phones' clocks."""
ON_THE_SPOT_H = 1 / 6
EARTH_KM = 6371.0088


def legs(inputs: Inputs) -> tuple[Integers, Integers, Floats, Floats]:
    """Return for each leg the visit before and after, kilometres, and hours between end and next beginning."""
    visits = inputs.visits
    before, after = np.arange(len(visits.visit) - 1), np.arange(1, len(visits.visit))
    use = (inputs.auditor[before] == inputs.auditor[after]) & (inputs.dealer[before] != inputs.dealer[after])
    before, after = before[use], after[use]
    lat1, lon1, lat2, lon2 = (
        np.radians(x) for x in (visits.lat[before], visits.lon[before], visits.lat[after], visits.lon[after])
    )
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    km = 2 * EARTH_KM * np.arcsin(np.minimum(1.0, np.sqrt(half)))
    stay = np.nan_to_num(visits.duration_s[before], nan=0.0)
    hours = (visits.started_at[after] - visits.started_at[before]) / np.timedelta64(1, "s") / 3600 - stay / 3600
    known = ~np.isnan(km) & ~np.isnan(hours)
    return before[known], after[known], km[known], hours[known]


def needed_hours(km: Floats) -> Floats:
    """Return the least time a leg takes."""
    reach = np.array([limit for limit, _ in KM_H])
    speed = np.array([v for _, v in KM_H])[np.searchsorted(reach, km)]
    return np.where(km < NEAR_KM, -np.inf, km / speed - ON_THE_SPOT_H)


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Count each auditor's impossible legs."""
    before, _, km, hours = legs(inputs)
    who, count = inputs.auditor[before], len(inputs.auditors)
    k = np.bincount(who[hours < needed_hours(km)], minlength=count)
    n = np.bincount(who, minlength=count)
    return count_result(k, n, min_n=INDICATOR.min_n, floor=FLOOR, rho=CORRELATION, few=NO_POSITIONS)


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the impossible legs with kilometres and minutes between (at most 50)."""
    before, after, km, hours = legs(inputs)
    odd = hours < needed_hours(km)
    names = inputs.visits.visit
    found = {}
    for a in auditors:
        mine = np.flatnonzero(odd & (inputs.auditor[before] == a))[:50]
        found[a] = {
            "visits": sorted({str(names[v]) for i in mine for v in (before[i], after[i])}),
            "legs": [
                {"visit": str(names[before[i]]), "next": str(names[after[i]]), "km": float(km[i]),
                 "minutes": float(hours[i] * 60)}
                for i in mine
            ],
        }  # fmt: skip
    return found
