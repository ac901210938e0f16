"""The key device: are answers inside a suspicious stratum happier than the same dealer's answers outside it?

A fleet, a batch of invitations or a call centre has prevalence without contrast; invented answers have both.
The evidence is min(prevalence z, contrast z + 0.5). Source: docs/detection.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.counts import fit_counts, reasons
from audit_api.anomaly.indicator import CONSTANT, FEW_RESPONSES, Indicator, IndicatorResult
from audit_api.anomaly.levels import response_scores
from audit_api.anomaly.parse import Floats, Integers, Truths
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import additive_variance
from audit_api.anomaly.sheets import sheets

ALLOWANCE = 0.5
"""How far prevalence may exceed contrast, in standard deviations. The design says 1; on the tuning seeds .5 halves how
often fleets, waiting rooms and call centres reach the 99 % point of honest dealers, and costs gamed ones nothing."""
HELD = -1.0
"""No response counts as further below average than this: on simulated networks of the tuning seeds that raised the
mean contrast of gamed strata by 7–12 % and left those of households and waiting rooms as they were."""
MINIMUM_INSIDE, MINIMUM_OUTSIDE = 2, 5
PRIOR_FREEDOM = 20.0
FLOOR = 0.1**2
"""Honest strata differ by at least this much for reasons nobody measures (standard deviations of responses)."""
LISTED = 200


@dataclass(frozen=True, slots=True)
class Contrast:
    """Hold per dealer: how much happier answers inside are (SD of responses), what is usual, z, counts."""

    difference: Floats
    usual: float
    z: Floats
    inside: Integers
    outside: Integers


def contrast(score: Floats, dealer: Integers, inside: Truths, count: int) -> Contrast:
    """Compare scores inside and outside a stratum of the same dealer's responses.

    z = (mean inside − mean outside − usual) / √(s²(1/m + 1/o) + τ²); s² is the dealer's own variance drawn
    towards the network's. `usual` and τ² come from all dealers where at least half have such a stratum; rarer
    strata are expected to differ by nothing. Below 2 answers inside or 5 outside z is 0.
    """
    m = np.bincount(dealer[inside], minlength=count)
    o = np.bincount(dealer[~inside], minlength=count)
    within = np.bincount(dealer, np.where(inside, score, 0.0), minlength=count) / np.maximum(m, 1)
    without = np.bincount(dealer, np.where(inside, 0.0, score), minlength=count) / np.maximum(o, 1)
    left = score - np.where(inside, within[dealer], without[dealer])
    squares = np.bincount(dealer, left**2, minlength=count)
    freedom = np.maximum(m - 1, 0) + np.maximum(o - 1, 0)
    pooled = float(squares.sum()) / max(int(freedom.sum()), 1)
    own = (squares + PRIOR_FREEDOM * pooled) / (freedom + PRIOR_FREEDOM)
    able = (m >= MINIMUM_INSIDE) & (o >= MINIMUM_OUTSIDE)
    difference = np.where(able, within - without, np.nan)
    sampling = own * (1.0 / np.maximum(m, 1) + 1.0 / np.maximum(o, 1))
    usual, tau = 0.0, FLOOR
    if able.sum() >= 20 and able.sum() >= 0.5 * np.sum(m + o > 0):
        usual = float(np.median(difference[able]))
        tau = additive_variance((difference - usual)[able], sampling[able], floor=FLOOR)
    z = np.zeros(count)
    z[able] = ((difference - usual) / np.sqrt(np.maximum(sampling + tau, 1e-12)))[able]
    return Contrast(difference=difference, usual=usual, z=z, inside=m, outside=o)


def gated(prevalence: Floats, contrasted: Floats, allowance: float = ALLOWANCE) -> Floats:
    """Return min(prevalence, contrast + allowance): one without the other is no evidence."""
    result: Floats = np.minimum(prevalence, contrasted + allowance)
    return result


def stratum_result(
    inputs: Inputs,
    peers: Peers,
    indicator: Indicator,
    *,
    known: Truths,
    inside: Truths,
    missing: str,
    offset: Floats | None = None,
) -> IndicatorResult:
    """Judge a stratum of responses by its prevalence among peers and its contrast within the dealer.

    known: responses whose membership can be told; inside: members; missing: the reason where none can be told;
    offset: logit of the share expected per dealer where it differs by more than the stratum of peers.
    """
    count = len(inputs.dealers)
    score = np.maximum(response_scores(inputs), HELD)
    told = known & ~np.isnan(score)
    dealer = inputs.responses.dealer
    n = np.bincount(dealer[told], minlength=count)
    k = np.bincount(dealer[told & inside], minlength=count)
    answered = np.bincount(dealer[~np.isnan(score)], minlength=count)
    seen = score[told]
    flat = bool(len(seen) < 2 or np.ptp(seen) < 1e-9)
    checks = (
        (np.full(count, flat), CONSTANT),
        (n < indicator.min_n, missing),
        (answered < indicator.min_n, FEW_RESPONSES),
    )
    reason = reasons(count, checks)
    use = reason == ""
    fit = fit_counts(k, n, peers, use, offset=offset)
    compared = contrast(seen, dealer[told], inside[told], count)
    z = np.where(use, gated(fit.z, compared.z), 0.0)
    return IndicatorResult(
        observed=np.where(use, k / np.maximum(n, 1), np.nan),
        expected=np.where(use, fit.mean, np.nan),
        n=n.astype(np.int64),
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def stratum_rows(inputs: Inputs, dealers: Sequence[int], known: Truths, inside: Truths) -> dict[int, dict[str, Any]]:
    """Return per dealer the ids inside (at most 200), their number, and the mean mark inside and outside (0..1)."""
    seen = sheets(inputs)
    mark = np.where(seen.answered > 0, seen.mean(), np.nan)
    found = {}
    for dealer in dealers:
        mine = inputs.rows_of(dealer)
        mine = mine[known[mine]]
        members = mine[inside[mine]]
        found[dealer] = {
            "responses": [str(code) for code in inputs.responses.response_id[members[:LISTED]]],
            "response_count": len(members),
            "mean_mark_inside": _mean(mark[members]),
            "mean_mark_outside": _mean(mark[mine[~inside[mine]]]),
        }
    return found


def _mean(marks: Floats) -> float | None:
    known = marks[~np.isnan(marks)]
    return float(known.mean()) if len(known) else None
