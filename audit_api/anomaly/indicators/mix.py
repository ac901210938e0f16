"""Mix: the jobs whose customers are invited are easier than the jobs that were done.

Formula: μ = mean response score of a job type in the network (from responses that name one, or from the events they
belong to; else minus the share of events with trouble); D = mean μ of events reached − mean μ of all events;
z = (D − median D) / √(v + τ²), v = var(μ)/m · (1 − m/N) · N/(N − 1), what drawing m of N events at random gives.
Unit: SD of responses. Minimum: 30 eligible events. Source: docs/detection.md; playbook G09.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from audit_api.anomaly.batch import Inputs, kept
from audit_api.anomaly.counts import reasons
from audit_api.anomaly.frame import reached, troubled
from audit_api.anomaly.identities import numbered
from audit_api.anomaly.indicator import (
    CONSTANT,
    FEW_EVENTS,
    FRAME,
    NO_FRAME,
    Explanation,
    Indicator,
    IndicatorResult,
    unassessable,
)
from audit_api.anomaly.levels import response_scores
from audit_api.anomaly.parse import Floats, Integers
from audit_api.anomaly.peers import Peers
from audit_api.anomaly.robust import additive_variance

INDICATOR = Indicator(
    code="mix",
    group=FRAME,
    unit="SD",
    min_n=30,
    title_zh="受邀业务偏易",
    title_en="Easier jobs are invited",
    formula="z = (D − median D) / √(v + τ²), D = mean job level of events reached − of all events",
    source="detection.md; playbook G09",
    sentence_zh=(
        "从{n}笔业务看，受邀业务的类型比全部业务更容易获得好评，差{observed:+.3f}个标准差，同类店通常为{expected:+.3f}"
        "（偶然达到的概率{p}）。"
    ),
    sentence_en=(
        "Of {n} events, those invited are of job types that please customers more than all events do, by "
        "{observed:+.3f} standard deviations, {expected:+.3f} being usual (chance of this much: {p})."
    ),
    explanations=(
        Explanation("", "活动期内某类业务集中", "A campaign that brings in one kind of job"),
        Explanation("", "某些业务按规定不参加调查", "Kinds of jobs that are rightly left out of the survey"),
        Explanation("", "车队维修不参加调查", "Fleet repairs that are not surveyed"),
    ),
)

MINIMUM_RESPONSES = 30
FLOOR = 0.05
"""Honest dealers' invitations differ from their jobs by at least this much, in SD of job levels over events."""


@kept
def job_levels(inputs: Inputs) -> tuple[Integers, Floats]:
    """Return each event's job number and the level of each job: NaN where nothing is known of it."""
    events, responses = inputs.events, inputs.responses
    job = numbered(np.concatenate([events.job_type, responses.job_type]))
    of_event, of_response = job[: len(events)], job[len(events) :].copy()
    kinds = int(job.max(initial=-1)) + 1
    level = np.full(kinds, np.nan)
    if not kinds:
        return of_event, level
    if (of_response < 0).all():
        of_response = _through_events(inputs, of_event)
    score = response_scores(inputs)
    use = (of_response >= 0) & ~np.isnan(score)
    n = np.bincount(of_response[use], minlength=kinds)
    if (n >= MINIMUM_RESPONSES).sum() >= 2:
        total = np.bincount(of_response[use], score[use], minlength=kinds)
        return of_event, np.where(n >= MINIMUM_RESPONSES, total / np.maximum(n, 1), np.nan)
    told, trouble = troubled(events)
    use = told & (of_event >= 0)
    n = np.bincount(of_event[use], minlength=kinds)
    bad = np.bincount(of_event[use & trouble], minlength=kinds)
    return of_event, np.where(n >= MINIMUM_RESPONSES, -bad / np.maximum(n, 1), np.nan)


def _through_events(inputs: Inputs, of_event: Integers) -> Integers:
    """Give responses the job of the event they belong to, −1 where there is none."""
    events, responses = inputs.events, inputs.responses
    code = numbered(np.concatenate([events.event_id, responses.event_id]))
    span = len(inputs.dealers)
    own, asked = code[: len(events)] * span + events.dealer, code[len(events) :] * span + responses.dealer
    result = np.full(len(responses), -1, dtype=np.int64)
    if len(own):
        order = np.argsort(own)
        place = np.minimum(np.searchsorted(own[order], asked), len(own) - 1)
        found = (own[order][place] == asked) & (code[len(events) :] >= 0)
        result[found] = of_event[order][place[found]]
    return result


def compute(inputs: Inputs, peers: Peers, seed: int) -> IndicatorResult:
    """Compare the job types of the events reached with those of all events."""
    count, events = len(inputs.dealers), inputs.events
    job, level = job_levels(inputs)
    asked, arrived = reached(events)
    use_row = asked & (job >= 0)
    use_row[use_row] = ~np.isnan(level[job[use_row]])
    owner, mu = events.dealer[use_row], level[job[use_row]]
    arrived = arrived[use_row]
    n = np.bincount(owner, minlength=count)
    m = np.bincount(owner[arrived], minlength=count)
    flat = len(mu) > 0 and (bool(arrived.all()) or float(np.ptp(mu)) < 1e-9)
    checks = (
        (np.full(count, flat), CONSTANT),
        ((n < INDICATOR.min_n) | (m < INDICATOR.min_n / 3), FEW_EVENTS),
        (np.full(count, not len(mu)), NO_FRAME),
    )
    reason = reasons(count, checks)
    use = reason == ""
    if not use.any():
        blank = unassessable(count, "")
        return IndicatorResult(blank.observed, blank.expected, n.astype(np.int64), blank.z, blank.p, reason)
    whole = np.bincount(owner, mu, minlength=count) / np.maximum(n, 1)
    part = np.bincount(owner[arrived], mu[arrived], minlength=count) / np.maximum(m, 1)
    spread = np.maximum(np.bincount(owner, mu**2, minlength=count) / np.maximum(n, 1) - whole**2, 0.0)
    sampling = spread / np.maximum(m, 1) * (1 - m / np.maximum(n, 1)) * n / np.maximum(n - 1, 1)
    difference = part - whole
    fitted = use & ~peers.aside() if (use & ~peers.aside()).any() else use
    usual = float(np.median(difference[fitted]))
    floor = max(float(np.var(mu)) * FLOOR**2, 1e-12)
    tau = additive_variance((difference - usual)[fitted], sampling[fitted] + 1e-12, floor=floor)
    z = np.where(use, (difference - usual) / np.sqrt(sampling + tau), 0.0)
    return IndicatorResult(
        observed=np.where(use, difference, np.nan),
        expected=np.where(use, usual, np.nan),
        n=n.astype(np.int64),
        z=z,
        p=np.where(use, norm.sf(z), np.nan),
        reason=reason,
    )


def evidence(inputs: Inputs, dealers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per dealer and job type the number of events, of those reached, and the job's level."""
    events = inputs.events
    job, level = job_levels(inputs)
    asked, arrived = reached(events)
    found: dict[int, dict[str, Any]] = {}
    for dealer in dealers:
        mine = events.rows_of(dealer)
        mine = mine[asked[mine] & (job[mine] >= 0)]
        kinds: list[dict[str, Any]] = []
        for number in np.unique(job[mine]):
            rows = mine[job[mine] == number]
            kinds.append(
                {
                    "job_type": str(events.job_type[rows[0]]),
                    "events": len(rows),
                    "reached": int(arrived[rows].sum()),
                    "level": None if np.isnan(level[number]) else float(level[number]),
                }
            )
        kinds.sort(key=lambda kind: str(kind["job_type"]))
        found[dealer] = {"jobs": kinds[:50]}
    return found
