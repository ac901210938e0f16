"""Screen a network: indicators, nulls, groups, false-discovery rate, grades, frozen evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from audit_api.anomaly import ensemble as pyod_ensemble
from audit_api.anomaly.batch import Inputs
from audit_api.anomaly.dossiers import freeze, rows_behind
from audit_api.anomaly.grades import FLAG, NOT_ASSESSABLE, WATCH, Parameters, grade
from audit_api.anomaly.indicator import IndicatorResult
from audit_api.anomaly.nulls import calibrate
from audit_api.anomaly.outcome import IndicatorRow, ScreenedDealer, Screening
from audit_api.anomaly.peers import strata
from audit_api.anomaly.record import record
from audit_api.anomaly.registry import ENTRIES, Entry
from audit_api.anomaly.verdicts import Run, Verdicts

__all__ = ["IndicatorRow", "Parameters", "ScreenedDealer", "Screening", "screen"]

MAX_SCORE = 100.0

Progress = Callable[[str], None]


def screen(inputs: Inputs, parameters: Parameters, progress: Progress = lambda line: None) -> Screening:
    """Screen all dealers of `inputs`; the same inputs and parameters give the same result."""
    peers = strata(inputs.dealers, parameters.minimum_peers)
    results: dict[str, IndicatorResult] = {}
    nulls: dict[str, tuple[float, float]] = {}
    for entry in _entries(parameters):
        progress(f"computing {entry.indicator.code}")
        results[entry.indicator.code], nulls[entry.indicator.code] = calibrate(
            entry.compute(inputs, peers, parameters.seed)
        )
    progress("comparing with resampled honest dealers")
    verdicts = Verdicts.of(inputs, results, parameters)
    progress("ranking with PyOD" if parameters.ensemble else "PyOD left out")
    z = np.column_stack([results[code].z for code in results])
    ranks = pyod_ensemble.rank_shares(z, parameters.seed) if parameters.ensemble else None
    run = Run(inputs=inputs, peers=peers, parameters=parameters, nulls=nulls, verdicts=verdicts, ranks=ranks)
    dealers = tuple(_dealer(run, d) for d in range(len(inputs.dealers)))
    progress("freezing evidence")
    shown = [d for d, dealer in enumerate(dealers) if dealer.grade in (WATCH, FLAG)]
    rows = rows_behind(run, shown)
    return Screening(
        dealers=dealers,
        indicators=_indicator_rows(inputs, results),
        run=record(run, dealers),
        dossiers={dealers[d].dealer_id: freeze(run, dealers[d], d, rows) for d in shown},
    )


def _entries(parameters: Parameters) -> tuple[Entry, ...]:
    """Bind the parameters that concern one indicator alone."""
    bound = []
    for entry in ENTRIES:
        compute: Any = entry.compute
        if entry.indicator.code == "discordance":
            compute = partial(compute, severity_adjusted=parameters.severity_adjusted)
        elif entry.indicator.code == "near_duplicates":
            compute = partial(compute, draws=parameters.near_duplicate_draws)
        bound.append(replace(entry, compute=compute))
    return tuple(bound)


def _dealer(run: Run, d: int) -> ScreenedDealer:
    verdicts, parameters, ranks = run.verdicts, run.parameters, run.ranks
    standing = verdicts.standing(d)
    result = grade(standing, parameters)
    known = result != NOT_ASSESSABLE
    strong = sorted((p, code) for code, p in standing.p_by_indicator.items() if p <= parameters.group_p)
    groups = sorted((p, group) for group, p in standing.p_by_group.items() if p <= parameters.group_p)
    return ScreenedDealer(
        dealer_id=str(run.inputs.dealers.code[d]),
        score=min(MAX_SCORE, max(0.0, -10 * float(np.log10(verdicts.smooth[d])))) if known else None,
        flag=result == FLAG,
        grade=result,
        p=standing.p if known else None,
        q=standing.q if known else None,
        assessable=known,
        unexplained_top_share=None,
        groups=tuple(group for _, group in groups),
        top_indicators=tuple(code for _, code in strong),
        peer_group=str(run.peers.label[d]),
        responses=standing.responses,
        ensemble_rank_share=float(ranks[d]) if ranks is not None and known else None,
    )


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
