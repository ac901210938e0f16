"""Photos whose exact bytes were used before, in a visit to another dealer or on another day.

Formula: the auditor's photos with the same SHA-256 as one in an earlier visit (whoever's) to another dealer, or to
the same one more than a day before; beta-binomial, mean = the others' share (at least .2 %), intra-class correlation
at least .02. The first use counts for nobody. Unit: share of photos. Minimum: 20 photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audit_api.anomaly.auditors.comparison import count_result
from audit_api.anomaly.auditors.indicator import NO_PHOTOS, Indicator, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.indicator import Explanation
from audit_api.anomaly.parse import Integers

INDICATOR = Indicator(
    code="recycled_photos",
    unit="share",
    min_n=20,
    needs_zh="至少 20 张照片",
    needs_en="at least 20 photos",
    title_zh="重复使用照片",
    title_en="Recycled photos",
    formula="share of photos with the bytes of an earlier visit's; beta-binomial against the others' share",
    source="detection.md, the auditors too",
    sentence_zh="{n}张照片中有{observed:.1%}与更早走访的照片逐字节相同；按其他审核员应为{expected:.1%}（概率{p}）。",
    sentence_en=(
        "{observed:.1%} of {n} photos have the very bytes of an earlier visit's photo; from the other auditors "
        "{expected:.1%} are expected (chance: {p})."
    ),
    explanations=(
        Explanation("", "从相册误选了旧照片", "An old photo picked from the gallery by mistake"),
        Explanation("", "应用重复上传同一文件", "An application that sent one file twice"),
    ),
)
FLOOR, CORRELATION = 0.002, 0.02
ONE_DAY = np.timedelta64(1, "D")


def origins(inputs: Inputs) -> Integers:
    """Return per photo row the earliest other visit that used its bytes before (number of the visit), else −1."""
    photos, visits = inputs.photos, inputs.visits
    found = np.full(len(photos.visit), -1, dtype=np.int64)
    names, code = np.unique(photos.sha256.astype(str), return_inverse=True)
    order = np.lexsort([visits.started_at[photos.visit], code])
    first = np.searchsorted(code[order], np.arange(len(names)))
    origin = photos.visit[order][first][code]
    many = np.bincount(code, minlength=len(names))[code] > 1
    apart = visits.started_at[photos.visit] - visits.started_at[origin] > ONE_DAY
    elsewhere = inputs.dealer[photos.visit] != inputs.dealer[origin]
    again = many & (photos.visit != origin) & (apart | elsewhere)
    found[again] = origin[again]
    return found


def compute(inputs: Inputs, rng: np.random.Generator) -> Result:
    """Count each auditor's recycled photos."""
    who = inputs.auditor[inputs.photos.visit]
    count = len(inputs.auditors)
    k = np.bincount(who[origins(inputs) >= 0], minlength=count)
    n = np.bincount(who, minlength=count)
    return count_result(k, n, min_n=INDICATOR.min_n, floor=FLOOR, rho=CORRELATION, few=NO_PHOTOS)


def evidence(inputs: Inputs, auditors: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per auditor the recycled photos with both visits (at most 50)."""
    origin = origins(inputs)
    names, dealers = inputs.visits.visit, inputs.visits.dealer
    found = {}
    for a in auditors:
        mine = np.flatnonzero((inputs.auditor[inputs.photos.visit] == a) & (origin >= 0))
        found[a] = {
            "visits": sorted({str(names[inputs.photos.visit[i]]) for i in mine})[:50],
            "photos": [
                {
                    "sha256": str(inputs.photos.sha256[i]),
                    "visit": str(names[inputs.photos.visit[i]]),
                    "dealer": str(dealers[inputs.photos.visit[i]]),
                    "first_visit": str(names[origin[i]]),
                    "first_dealer": str(dealers[origin[i]]),
                }
                for i in mine[:50]
            ],
            "photo_count": len(mine),
        }
    return found
