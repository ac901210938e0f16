"""What a dossier needs to know of the whole network, computed once for a run: scores, audits, visits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_api.anomaly.audit_level import VisitScores, audit_levels, planned_visits, severities
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.funnel import FEWEST, Funnel, fit_funnel
from audit_api.anomaly.identities import at_many_dealers, contacts, devices
from audit_api.anomaly.levels import response_scores
from audit_api.anomaly.parse import Floats, Integers, Moments, Truths
from audit_api.anomaly.sheets import sheets
from audit_api.anomaly.verdicts import Run

MANY_DEALERS = 5
LEAST_BETWEEN = 0.05
"""Standard deviation that honest dealers' levels differ by at least, in the funnel."""
BINS = 10
"""Responses are counted by mean mark in tenths of the scale, those with nothing but full marks apart."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Hold the network's figures by response, dealer and visit.

    score: per response in network standard deviations, NaN where nothing was answered; perfect and straight: all
    answers full marks, or all the same; level, spread, n: per dealer (mean and SD of score, responses with one);
    audit: per dealer shrunken share of criteria passed beyond the usual, both kinds of visit weighted by their
    number, NaN without a visit; visits with their score, leniency of the auditor (negative = strict) and time;
    by_mark: dealers × (tenths of the scale, and last full marks throughout), responses by their mean mark;
    widespread: responses whose contact or device is seen at five dealers or more; order and first: the responses
    of each dealer; within: variance of responses inside a dealer, the median one; funnel: of the dealers' levels,
    None with fewer dealers than it needs.
    """

    inputs: Inputs
    score: Floats
    perfect: Floats
    straight: Floats
    by_mark: Integers
    level: Floats
    spread: Floats
    n: Integers
    audit: Floats
    visits: VisitScores
    leniency: Floats
    visited_at: Moments
    visit_noise: float
    widespread: Truths
    order: Integers
    first: Integers
    within: float
    funnel: Funnel | None

    @staticmethod
    def of(run: Run) -> Surroundings:
        """Compute the figures of a run's network."""
        inputs = run.inputs
        count, owner = len(inputs.dealers), inputs.responses.dealer
        score = response_scores(inputs)
        known = ~np.isnan(score)
        n = np.bincount(owner[known], minlength=count)
        level = np.where(n > 0, np.bincount(owner[known], score[known], minlength=count) / np.maximum(n, 1), np.nan)
        square = np.bincount(owner[known], (score[known] - level[owner[known]]) ** 2, minlength=count)
        marks = sheets(inputs)
        perfect = known & (marks.lowest >= 1.0)
        tenth = np.where(perfect, BINS, np.minimum((marks.mean() * BINS).astype(np.int64), BINS - 1))
        cell = (owner * (BINS + 1) + tenth)[known]
        visits = planned_visits(inputs)
        kinds = audit_levels(inputs)
        seen = sum((kind.visits for kind in kinds), np.zeros(count, dtype=np.int64))
        weighted = sum((kind.level * kind.visits for kind in kinds), np.zeros(count))
        spread = np.sqrt(square / np.maximum(n - 1, 1))
        fitted = n > 1
        within = float(np.median(spread[fitted] ** 2)) if fitted.any() else 1.0
        return Surroundings(
            inputs=inputs,
            score=score,
            perfect=perfect.astype(np.float64),
            straight=(known & (marks.lowest >= marks.highest)).astype(np.float64),
            by_mark=np.bincount(cell, minlength=count * (BINS + 1)).reshape(count, BINS + 1),
            level=level,
            spread=spread,
            n=n.astype(np.int64),
            audit=np.where(seen > 0, weighted / np.maximum(seen, 1), np.nan),
            visits=visits,
            leniency=severities(inputs) if len(visits.score) else np.zeros(0),
            visited_at=inputs.audits.visited_at[visits.row],
            visit_noise=_noise(visits, count),
            widespread=_widespread(inputs),
            order=np.argsort(owner, kind="stable"),
            first=np.searchsorted(np.sort(owner), np.arange(count + 1)),
            within=within,
            funnel=_funnel(level[fitted], within / n[fitted]),
        )

    def rows(self, d: int) -> Integers:
        """Return the scored responses of dealer d."""
        mine = self.order[self.first[d] : self.first[d + 1]]
        result: Integers = mine[~np.isnan(self.score[mine])]
        return result

    def usual(self) -> float:
        """Return the network's usual level: the median over dealers with responses."""
        known = self.level[self.n > 0]
        return float(np.median(known)) if len(known) else 0.0

    def sampling(self, n: Integers) -> Floats:
        """Return the variance of the mean of n responses."""
        result: Floats = self.within / np.maximum(n, 1)
        return result

    def contrast(self, inside: Integers, outside: Integers) -> tuple[float, float]:
        """Return how much happier one set of responses is than another, and that difference's standard error."""
        a, b = self.score[inside], self.score[outside]
        if len(a) < 2 or len(b) < 2:
            return float("nan"), float("nan")
        error = float(np.sqrt(np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b)))
        return float(a.mean() - b.mean()), max(error, 1e-9)

    def share_by_dealer(self, marked: Floats) -> Floats:
        """Return the share of marked responses per dealer, NaN where it has none."""
        owner = self.inputs.responses.dealer
        total = np.bincount(owner, marked, minlength=len(self.n))
        return np.where(self.n > 0, total / np.maximum(self.n, 1), np.nan)


def _widespread(inputs: Inputs) -> Truths:
    """Mark responses whose contact or device appears at five dealers or more: a call centre's, not a customer's."""
    dealer = inputs.responses.dealer
    result: Truths = at_many_dealers(contacts(inputs), dealer, MANY_DEALERS)
    result |= at_many_dealers(devices(inputs), dealer, MANY_DEALERS)
    return result


def _funnel(level: Floats, sampling: Floats) -> Funnel | None:
    return fit_funnel(level, sampling, floor=LEAST_BETWEEN**2) if len(level) >= FEWEST else None


def _noise(visits: VisitScores, count: int) -> float:
    """Return the standard deviation of one visit around its dealer's other visits of the kind, NaN unknown."""
    squares, freedom = 0.0, 0
    for kind in (0, 1):
        mine = visits.kind == kind
        seen = np.bincount(visits.dealer[mine], minlength=count)
        mean = np.bincount(visits.dealer[mine], visits.score[mine], minlength=count) / np.maximum(seen, 1)
        squares += float(np.sum((visits.score[mine] - mean[visits.dealer[mine]]) ** 2))
        freedom += int(np.maximum(seen - 1, 0).sum())
    return float(np.sqrt(squares / freedom)) if freedom >= 5 else float("nan")
