"""The audit side of the comparison: one shrunken level per dealer and kind of visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from audit_api.anomaly.batch import Audits, Inputs
from audit_api.anomaly.parse import Floats, Integers, Texts, Truths

KINDS = ("mystery", "announced")

# Items the playbook cites as traces, and touchpoints that record rather than judge: counting them in the
# audit level would use the same evidence twice.
# fmt: off
TRACES = frozenset({
    "AAA-CAL-01", "AAA-CAL-02", "AAA-COM-04", "AAA-INT-01", "AAA-INT-02", "AAA-INT-03",
    "AAA-INT-04", "AAA-INT-05", "AAA-INT-06", "AAA-ONT-02", "AAA-REC-03", "AMS-INT-02",
    "AMS-INT-03", "AMS-INT-04", "AMS-INT-05", "AMS-INT-06", "AMS-INT-07", "AMS-INT-08",
    "SAA-CON-03", "SAA-FOL-01", "SAA-FOL-02", "SAA-INT-01", "SAA-INT-02", "SAA-INT-03",
    "SAA-INT-04", "SAA-INT-05", "SAA-LEAD-02", "SAA-TD-03", "SMS-INT-02", "SMS-INT-03",
    "SMS-INT-04", "SMS-INT-05", "SMS-INT-06",
})
# fmt: on
UNSCORED_TOUCHPOINTS = frozenset({"XCT_INTEGRITY", "XCT_VISIT"})

MINIMUM_REPEATS = 20
MINIMUM_AUDITOR_VISITS = 5


@dataclass(frozen=True, slots=True)
class KindLevel:
    """Hold per dealer, for one kind of visit: shrunken level (0 = average), visits, and what is still unknown.

    level is in share of criteria passed beyond what the same criteria give elsewhere; `unknown` is the variance
    of the true level around it; `between` the variance of true levels in the network.
    """

    kind: str
    level: Floats
    visits: Integers
    unknown: Floats
    between: float
    reliability: Floats


@dataclass(frozen=True, slots=True)
class VisitScores:
    """Hold one row per planned visit: its first audit row, dealer, kind, share passed beyond expectation, auditor."""

    row: Integers
    dealer: Integers
    kind: Integers
    score: Floats
    criteria: Integers
    auditor: Integers


def used_rows(audits: Audits) -> Truths:
    """Mark audit rows that may enter a level: planned visits, answered criteria, no trace items."""
    result: Truths = audits.planned() & ~np.isnan(audits.passed)
    if len(audits):
        result &= ~_among(audits.criterion, TRACES)
        result &= ~_among(audits.touchpoint, UNSCORED_TOUCHPOINTS)
    return result


def _among(values: Texts, words: frozenset[str]) -> Truths:
    """Mark the values that are one of the words."""
    return np.fromiter((value in words for value in values.tolist()), dtype=bool, count=len(values))


def planned_rows(inputs: Inputs) -> Integers:
    """Return the numbers of the audit rows that may enter a level; they are kept with the inputs."""
    return inputs.once("planned_rows", lambda: np.flatnonzero(used_rows(inputs.audits)))


def planned_visits(inputs: Inputs) -> VisitScores:
    """Return the planned visits with their scores; they are kept with the inputs."""
    return inputs.once("planned_visits", lambda: visit_scores(inputs.audits, planned_rows(inputs)))


def severities(inputs: Inputs) -> Floats:
    """Return per planned visit its auditor's severity; it is kept with the inputs."""
    return inputs.once("severities", lambda: severity_effects(planned_visits(inputs)))


def visit_scores(audits: Audits, rows: Integers | None = None) -> VisitScores:
    """Return per planned visit the mean of (passed − share passed on that criterion and kind)."""
    rows = np.flatnonzero(used_rows(audits)) if rows is None else rows
    kind = (audits.kind[rows] == KINDS[1]).astype(np.int64)
    criterion = _codes(audits.touchpoint[rows], audits.criterion[rows], kind)
    passed = audits.passed[rows]
    asked = np.bincount(criterion)
    expected = np.bincount(criterion, passed) / np.maximum(asked, 1)
    visit = _codes(audits.dealer[rows], audits.visit[rows], kind)
    count = np.bincount(visit)
    score = np.bincount(visit, passed - expected[criterion]) / np.maximum(count, 1)
    first = np.full(len(count), len(rows), dtype=np.int64)
    np.minimum.at(first, visit, np.arange(len(rows)))
    auditor = audits.auditor_id[rows][first]
    number = np.where(auditor == "", -1, _numbers(auditor))
    return VisitScores(
        row=rows[first],
        dealer=audits.dealer[rows][first],
        kind=kind[first],
        score=score,
        criteria=count,
        auditor=number,
    )


def _codes(*columns: np.ndarray) -> Integers:
    """Number the distinct combinations of several columns."""
    result = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        codes = _numbers(column)
        result = _numbers(result * (int(codes.max(initial=0)) + 1) + codes)
    return result


def _numbers(column: np.ndarray) -> Integers:
    """Number the values of a column from 0 in their order."""
    values = pl.Series(column.tolist(), dtype=pl.String) if column.dtype == object else pl.Series(column)
    ranks: Integers = values.rank("dense").to_numpy().astype(np.int64) - 1
    return ranks


def severity_effects(visits: VisitScores) -> Floats:
    """Return per visit its auditor's shrunken severity (positive = lenient), 0 where it cannot be told.

    Only auditors with at least five visits inside the largest connected part of the dealer–auditor graph are
    judged: elsewhere an auditor's severity and its dealers' quality are the same number.
    """
    effect = np.zeros(len(visits.score))
    known = visits.auditor >= 0
    if known.sum() < 2 * MINIMUM_AUDITOR_VISITS:
        return effect
    dealers, auditors = int(visits.dealer.max()) + 1, int(visits.auditor.max()) + 1
    graph = coo_matrix(
        (np.ones(int(known.sum())), (visits.dealer[known], dealers + visits.auditor[known])),
        shape=(dealers + auditors, dealers + auditors),
    )
    part = connected_components(graph, directed=False)[1]
    linked = part[dealers + np.maximum(visits.auditor, 0)]
    main = np.bincount(linked[known]).argmax()
    use = known & (linked == main)
    owner, auditor, score = visits.dealer[use], visits.auditor[use], visits.score[use].copy()
    kind = visits.kind[use]
    count = np.bincount(auditor, minlength=auditors)
    shift, quality = np.zeros(auditors), np.zeros(dealers)
    seen = np.bincount(owner, minlength=dealers)
    noise = float(np.var(score))
    for _ in range(25):
        rest = score - shift[auditor]
        for k in (0, 1):
            if (kind == k).any():
                rest[kind == k] -= rest[kind == k].mean()
        quality = np.bincount(owner, rest, minlength=dealers) / (seen + 1.0)
        left = rest + shift[auditor] - quality[owner]
        mean = np.bincount(auditor, left, minlength=auditors) / np.maximum(count, 1)
        noise = max(float(np.var(left - mean[auditor])), 1e-9)
        judged = count >= MINIMUM_AUDITOR_VISITS
        spread = max(float(np.mean((mean**2 - noise / np.maximum(count, 1))[judged])) if judged.any() else 0.0, 0.0)
        shift = np.where(judged, mean * spread / (spread + noise / np.maximum(count, 1)), 0.0)
    effect[use] = shift[auditor]
    return effect


def audit_levels(inputs: Inputs, *, severity_adjusted: bool = True) -> tuple[KindLevel, ...]:
    """Return the shrunken audit level per kind of visit; covert and announced are never averaged.

    Reliability comes from repeat visits of one kind; where there are too few, from the other kind's repeats,
    and failing that from the number of criteria alone (then doubled, since days differ too).
    """
    return inputs.once(f"audit_levels {severity_adjusted}", lambda: _audit_levels(inputs, severity_adjusted))


def _audit_levels(inputs: Inputs, severity_adjusted: bool) -> tuple[KindLevel, ...]:
    visits = planned_visits(inputs)
    score = visits.score - (severities(inputs) if severity_adjusted else 0.0)
    count = len(inputs.dealers)
    noises = [_repeat_noise(visits, score, k, count) for k in (0, 1)]
    levels = []
    for k, kind in enumerate(KINDS):
        mine = visits.kind == k
        seen = np.bincount(visits.dealer[mine], minlength=count)
        have = seen > 0
        mean = np.zeros(count)
        mean[have] = np.bincount(visits.dealer[mine], score[mine], minlength=count)[have] / seen[have]
        if have.any():
            mean[have] -= np.median(mean[have])
        noise = noises[k] if not np.isnan(noises[k]) else noises[1 - k]
        if np.isnan(noise):
            noise = 2 * 0.25 / float(np.mean(visits.criteria[mine])) if mine.any() else 1.0
        between = 0.0
        if have.sum() > 1:
            spread = float(np.subtract(*np.quantile(mean[have], [0.75, 0.25])) / 1.3489795003921634) ** 2
            between = max(spread - noise * float(np.mean(1.0 / seen[have])), 0.05 * spread)
        reliability = np.where(have, between / np.maximum(between + noise / np.maximum(seen, 1), 1e-12), 0.0)
        levels.append(
            KindLevel(
                kind=kind,
                level=reliability * mean,
                visits=seen.astype(np.int64),
                unknown=between * (1 - reliability),
                between=between,
                reliability=reliability,
            )
        )
    return tuple(levels)


def _repeat_noise(visits: VisitScores, score: Floats, kind: int, count: int) -> float:
    """Return the variance of one visit around its dealer, NaN where fewer than 20 repeats exist."""
    mine = visits.kind == kind
    seen = np.bincount(visits.dealer[mine], minlength=count)
    freedom = int(np.maximum(seen - 1, 0).sum())
    if freedom < MINIMUM_REPEATS:
        return float("nan")
    mean = np.bincount(visits.dealer[mine], score[mine], minlength=count) / np.maximum(seen, 1)
    return float(np.sum((score[mine] - mean[visits.dealer[mine]]) ** 2) / freedom)
