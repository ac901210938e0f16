"""Suppression: customers who complained, came back or waited long are reached by the survey less often than others.

Formula: within each dealer × job type, K = events with trouble that were not reached; E = trouble · not reached /
all, its mean if reaching does not depend on trouble (the Mantel–Haenszel test's); z = normal score of ΣK among as
many trials as there was trouble, of mean ΣE shifted by what is usual in the network (unhappy customers opt out more
often anywhere), beta-binomial. Unit: share. Minimum: 30 eligible events, 5 of them with trouble.
Source: docs/detection.md; playbook G03, G08. The evidence shows the log odds ratio ΣR/ΣS of Mantel and Haenszel,
drawn towards the network by empirical Bayes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.counts import count_result, fit_counts, reasons, share_offset
from audit_api.anomaly.frame import reached, troubled
from audit_api.anomaly.identities import numbered
from audit_api.anomaly.indicator import (
    CONSTANT,
    FEW_EVENTS,
    FEW_TROUBLED,
    FRAME,
    NO_FRAME,
    Explanation,
    Indicator,
    IndicatorResult,
)
from audit_api.anomaly.parse import Floats, Integers
from audit_api.anomaly.peers import Peers

INDICATOR = Indicator(
    code="suppression",
    group=FRAME,
    unit="share",
    min_n=30,
    title_zh="有问题的客户较少进入调查",
    title_en="Customers with trouble are reached less often",
    formula="normal score of troubled events not reached, given job type and how often the dealer's others are not",
    source="detection.md; playbook G03 and G08",
    sentence_zh=(
        "{n}笔有投诉、返修或久等的业务中，{observed:.0%}的客户未进入调查；若与其他客户一视同仁，"
        "按同类业务预期为{expected:.0%}（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "Of {n} events with a complaint, a comeback or a long wait, {observed:.0%} of the customers were not "
        "reached by the survey; treated like the others of the same job type, {expected:.0%} would be expected "
        "(chance of this much: {p})."
    ),
    explanations=(
        Explanation("", "投诉客户自己要求不再联系", "Customers with a complaint who ask not to be contacted"),
        Explanation("", "投诉未结案前按规定暂缓邀请", "A rule that holds invitations back until a complaint is closed"),
        Explanation("", "系统故障恰好影响这些业务", "An outage that happened to hit these events"),
    ),
)

MINIMUM_TROUBLED = 5


@dataclass(frozen=True, slots=True)
class Tables:
    """Hold per dealer: events, events with trouble, of these not reached, expected; and Mantel–Haenszel sums."""

    events: Integers
    trouble: Integers
    missed: Integers
    expected: Floats
    variance: Floats
    ratio_up: Floats
    ratio_down: Floats


@kept
def tables(inputs: Inputs) -> Tables:
    """Count the fourfold tables (trouble × reached) per dealer and job type, and add them up per dealer."""
    events, count = inputs.events, len(inputs.dealers)
    told, trouble = troubled(events)
    asked, arrived = reached(events)
    rows = np.flatnonzero(told & asked)
    owner = events.dealer[rows]
    cell, stratum = np.unique(
        owner * np.int64(len(events) + 2) + numbered(events.job_type)[rows] + 1, return_inverse=True
    )
    dealer = cell // np.int64(len(events) + 2)
    b, u = trouble[rows], ~arrived[rows]
    n = np.bincount(stratum, minlength=len(cell)).astype(np.float64)
    bad = np.bincount(stratum[b], minlength=len(cell)).astype(np.float64)
    missed = np.bincount(stratum[u], minlength=len(cell)).astype(np.float64)
    both = np.bincount(stratum[b & u], minlength=len(cell)).astype(np.float64)
    expected = bad * missed / np.maximum(n, 1)
    variance = bad * missed * (n - bad) * (n - missed) / np.maximum(n**2 * (n - 1), 1)

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(dealer, values, minlength=count), dtype=np.float64)

    return Tables(
        events=np.bincount(owner, minlength=count),
        trouble=summed(bad).astype(np.int64),
        missed=summed(both).astype(np.int64),
        expected=summed(expected),
        variance=summed(variance),
        ratio_up=summed(both * (n - bad - missed + both) / np.maximum(n, 1)),
        ratio_down=summed((bad - both) * (missed - both) / np.maximum(n, 1)),
    )


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare how often troubled customers are missed with the dealer's other customers of the same job type."""
    count = len(inputs.dealers)
    found = tables(inputs)
    nobody = not len(inputs.events) or bool((found.variance <= 0).all())
    checks = (
        (found.trouble < MINIMUM_TROUBLED, FEW_TROUBLED),
        (found.events < INDICATOR.min_n, FEW_EVENTS),
        (np.full(count, nobody), CONSTANT if found.events.any() else NO_FRAME),
    )
    reason = reasons(count, checks)
    share = found.expected / np.maximum(found.trouble, 1)
    fit = fit_counts(found.missed, found.trouble, peers, reason == "", offset=share_offset(share))
    return count_result(fit, reason)


def shrunken_log_odds(found: Tables) -> tuple[Floats, Floats]:
    """Return per dealer the Mantel–Haenszel log odds ratio of being missed, and the same drawn to the network.

    Half a count is added to both sums. Empirical Bayes: weight τ²/(τ² + v), v = 1/variance of the test.
    """
    able = found.variance > 0.25
    raw = np.where(able, np.log((found.ratio_up + 0.5) / (found.ratio_down + 0.5)), np.nan)
    if able.sum() < 2:
        return raw, raw.copy()
    v = 1.0 / np.maximum(found.variance, 0.25)
    centre = float(np.sum(raw[able] / v[able]) / np.sum(1 / v[able]))
    tau = max(float(np.mean((raw[able] - centre) ** 2 - v[able])), 0.01)
    return raw, centre + (raw - centre) * tau / (tau + v)


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer the counts, the odds ratio of being missed after trouble (raw and shrunken), and events."""
    found = tables(inputs)
    raw, drawn = shrunken_log_odds(found)
    events = inputs.events
    asked, arrived = reached(events)
    missed = troubled(events)[1] & asked & ~arrived
    mine = {d: events.rows_of(d) for d in dealers}
    return {
        d: {
            "events": int(found.events[d]),
            "troubled": int(found.trouble[d]),
            "troubled_missed": int(found.missed[d]),
            "odds_ratio": _odds(raw[d]),
            "odds_ratio_shrunken": _odds(drawn[d]),
            "missed_events": [str(code) for code in events.event_id[mine[d][missed[mine[d]]][:200]]],
        }
        for d in dealers
    }


def _odds(log: float) -> float | None:
    return None if np.isnan(log) else float(np.exp(log))
