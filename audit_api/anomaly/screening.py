"""Screen a network: indicators, nulls, groups, false-discovery rate, grades, frozen evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from audit_api.anomaly import ensemble as pyod_ensemble
from audit_api.anomaly.background import complete
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.dossiers import freeze, rows_behind
from audit_api.anomaly.grades import FLAG, NOT_ASSESSABLE, WATCH, Parameters, grade
from audit_api.anomaly.indicator import LEVEL, IndicatorResult
from audit_api.anomaly.levels import survey_against_audit
from audit_api.anomaly.nulls import calibrate
from audit_api.anomaly.outcome import IndicatorRow, ScreenedDealer, Screening
from audit_api.anomaly.peers import Peers, strata
from audit_api.anomaly.record import record
from audit_api.anomaly.registry import ENTRIES, Entry
from audit_api.anomaly.top_share import TopShare, unexplained_top_share
from audit_api.anomaly.verdicts import Run, Verdicts

__all__ = ["IndicatorRow", "Parameters", "ScreenedDealer", "Screening", "screen"]

MAX_SCORE = 100.0
NEUTRAL_SCORE = 50.0
"""The score where the figures speak neither for nor against a trace."""
SET_ASIDE_Z = 3.0
ROUNDS = 2
ROUND_DRAWS = 20_000
"""Rounds of fitting the levels before the last, and honest dealers drawn in each."""
READS_SEVERITY = frozenset({"discordance", "facts"})
"""Indicators that compare with auditors' marks and can be computed with their severity left in."""

Progress = Callable[[str], None]
Also = Callable[[tuple[ScreenedDealer, ...]], Iterable[str]]


def screen(
    inputs: Inputs,
    parameters: Parameters,
    progress: Progress = lambda line: None,
    also: Also = lambda dealers: (),
    *,
    dossiers: bool = True,
) -> Screening:
    """Screen all dealers of `inputs`; the same inputs and parameters give the same result.

    `also` names dealers that get a dossier besides those on watch and flagged; without `dossiers` nobody does.
    """
    # On matrices this small the threads of BLAS only wait for one another, and their number must not change a sum.
    with threadpool_limits(limits=1, user_api="blas"):
        return _screen(inputs, parameters, progress, also if dossiers else None)


def _screen(inputs: Inputs, parameters: Parameters, progress: Progress, also: Also | None) -> Screening:
    peers = strata(inputs.dealers, parameters.minimum_peers)
    judged = _judge(inputs, peers, parameters, progress)
    results, nulls, verdicts = judged.results, judged.nulls, judged.verdicts
    progress("ranking with PyOD" if parameters.ensemble else "PyOD left out")
    z = np.column_stack([results[code].z for code in results])
    ranks = pyod_ensemble.rank_shares(z, parameters.seed) if parameters.ensemble else None
    run = Run(
        inputs=inputs,
        peers=peers,
        parameters=parameters,
        nulls=nulls,
        verdicts=verdicts,
        ranks=ranks,
        top_share=judged.top_share,
    )
    dealers = tuple(_dealer(run, d) for d in range(len(inputs.dealers)))
    return Screening(
        dealers=dealers,
        indicators=_indicator_rows(inputs, results),
        run=record(run, dealers),
        dossiers=_dossiers(run, dealers, set(also(dealers)), progress) if also else {},
    )


def _dossiers(
    run: Run, dealers: tuple[ScreenedDealer, ...], wanted: set[str], progress: Progress
) -> dict[str, dict[str, Any]]:
    """Freeze the evidence about the dealers on watch, flagged or wanted, by their code."""
    progress("freezing evidence")
    shown = [d for d, dealer in enumerate(dealers) if dealer.grade in (WATCH, FLAG) or dealer.dealer_id in wanted]
    rows = rows_behind(run, shown)
    dossiers = {d: freeze(run, dealers[d], d, rows) for d in shown}
    complete(run, dossiers)
    return {dealers[d].dealer_id: dossier for d, dossier in dossiers.items()}


@dataclass(frozen=True, slots=True)
class _Judged:
    results: dict[str, IndicatorResult]
    nulls: dict[str, tuple[float, float]]
    verdicts: Verdicts
    top_share: TopShare


def _judge(inputs: Inputs, peers: Peers, parameters: Parameters, progress: Progress) -> _Judged:
    """Compute every indicator, the levels last and again: gamed dealers must not set the level of the others.

    Set aside from the fits of the levels are dealers for which an indicator of another group reaches z = 3, and,
    round by round, those picked out at the run's q.
    """
    entries = _entries(parameters)
    results: dict[str, IndicatorResult] = {}
    nulls: dict[str, tuple[float, float]] = {}
    aside = np.zeros(len(inputs.dealers), dtype=bool)
    for entry in (entry for entry in entries if entry.indicator.group != LEVEL):
        code = entry.indicator.code
        progress(f"computing {code}")
        results[code], nulls[code] = calibrate(entry.compute(inputs, peers, parameters.seed))
        aside |= results[code].z >= SET_ASIDE_Z
    quick = replace(parameters, draws=min(parameters.draws, ROUND_DRAWS))
    for last in (*[False] * ROUNDS, True):
        fitted = peers.without(aside)
        unadjusted: dict[str, IndicatorResult] = {}
        for entry in (entry for entry in entries if entry.indicator.group == LEVEL):
            code, compute = entry.indicator.code, entry.compute
            progress(f"computing {code}")
            results[code], nulls[code] = calibrate(compute(inputs, fitted, parameters.seed), aside)
            if last and code in READS_SEVERITY and parameters.severity_adjusted:
                again: Any = compute
                raw = again(inputs, fitted, parameters.seed, severity_adjusted=False)
                unadjusted[code] = calibrate(raw, aside)[0]
        progress("comparing with resampled honest dealers")
        ordered = {entry.indicator.code: results[entry.indicator.code] for entry in entries}
        verdicts = Verdicts.of(inputs, ordered, parameters if last else quick, unadjusted, aside)
        with np.errstate(invalid="ignore"):
            aside = aside | (verdicts.q <= parameters.q)
    levels = survey_against_audit(inputs, fitted, severity_adjusted=parameters.severity_adjusted)
    return _Judged(ordered, nulls, verdicts, unexplained_top_share(levels, fitted.aside()))


def _entries(parameters: Parameters) -> tuple[Entry, ...]:
    """Bind the parameters that concern one indicator alone."""
    bound = []
    for entry in ENTRIES:
        compute: Any = entry.compute
        if entry.indicator.code in READS_SEVERITY:
            compute = partial(compute, severity_adjusted=parameters.severity_adjusted)
        elif entry.indicator.code == "near_duplicates":
            compute = partial(compute, draws=parameters.near_duplicate_draws)
        bound.append(replace(entry, compute=compute))
    return tuple(bound)


def score_of(weight: float) -> float:
    """Return the score (0..100) of a dealer's log-odds: ten points per factor of ten, 50 where they are even."""
    return min(MAX_SCORE, max(0.0, NEUTRAL_SCORE + 10 * weight / float(np.log(10))))


def _dealer(run: Run, d: int) -> ScreenedDealer:
    verdicts, parameters, ranks = run.verdicts, run.parameters, run.ranks
    standing = verdicts.standing(d)
    result = grade(standing, parameters)
    if result == FLAG and verdicts.unadjusted:
        # A flag must not rest on how auditors' severity was removed.
        result = grade(verdicts.with_severity(d), parameters)
        result = result if result == FLAG else WATCH
    known = result != NOT_ASSESSABLE
    strong = sorted((p, code) for code, p in standing.p_by_indicator.items() if p <= parameters.group_p)
    groups = sorted((p, group) for group, p in standing.p_by_group.items() if p <= parameters.group_p)
    return ScreenedDealer(
        dealer_id=str(run.inputs.dealers.code[d]),
        score=score_of(float(verdicts.weight[d])) if known else None,
        flag=result == FLAG,
        grade=result,
        p=standing.p if known else None,
        q=standing.q if known else None,
        assessable=known,
        unexplained_top_share=_share(run.top_share.share[d]),
        unexplained_top_share_low=_share(run.top_share.low[d]),
        unexplained_top_share_high=_share(run.top_share.high[d]),
        groups=tuple(group for _, group in groups),
        top_indicators=tuple(code for _, code in strong),
        peer_group=str(run.peers.label[d]),
        responses=standing.responses,
        ensemble_rank_share=float(ranks[d]) if ranks is not None and known else None,
    )


def _share(value: float) -> float | None:
    """Return a share, None where it could not be estimated."""
    return None if np.isnan(value) else float(value)


def _indicator_rows(inputs: Inputs, results: dict[str, IndicatorResult]) -> tuple[IndicatorRow, ...]:
    rows = []
    for d, dealer_id in enumerate(inputs.dealers.code):
        for code, result in results.items():
            able = bool(result.assessable[d])
            rows.append(
                IndicatorRow(
                    dealer_id=str(dealer_id),
                    indicator=code,
                    observed=float(result.observed[d]) if able else None,
                    expected=float(result.expected[d]) if able else None,
                    n=int(result.n[d]),
                    z=float(result.z[d]),
                    p=float(result.p[d]) if able else None,
                    reason=str(result.reason[d]),
                )
            )
    return tuple(rows)
