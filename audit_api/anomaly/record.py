"""The record of a run: version, parameters, inputs, counts, and which indicators could say nothing."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from audit_api import __version__
from audit_api.anomaly import ensemble as pyod_ensemble
from audit_api.anomaly.grades import FLAG, NONE, NOT_ASSESSABLE, WATCH
from audit_api.anomaly.indicator import IndicatorResult
from audit_api.anomaly.outcome import ScreenedDealer
from audit_api.anomaly.verdicts import Run


def record(run: Run, dealers: tuple[ScreenedDealer, ...]) -> dict[str, Any]:
    """Return what a run was made of and what came out, as plain JSON values; no time enters it."""
    inputs, peers, parameters, verdicts = run.inputs, run.peers, run.parameters, run.verdicts
    grades = [dealer.grade for dealer in dealers]
    audits = inputs.audits
    planned = audits.planned()
    return {
        "version": __version__,
        "libraries": {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "pyod")},
        "inputs_sha256": inputs.content_hash(),
        "parameters": asdict(parameters),
        "counts": {
            "dealers": len(dealers),
            "responses": len(inputs.responses),
            "planned_visits": int(verdicts.visits.sum()),
            "audit_rows": len(audits),
            "audit_rows_of_triggered_visits_left_out": int((~planned).sum()),
            **{name: grades.count(name) for name in (NONE, WATCH, FLAG, NOT_ASSESSABLE)},
        },
        "columns": [asdict(column) for column in inputs.columns],
        "indicators": {
            code: _state(result, run.nulls[code], verdicts.reference.width[code])
            for code, result in verdicts.results.items()
        },
        "correlation": {
            f"{one}/{other}": round(float(verdicts.reference.R[i, j]), 9)
            for i, one in enumerate(verdicts.codes)
            for j, other in enumerate(verdicts.codes)
            if i < j
        },
        "peer_groups": [
            {
                "peer_group": str(label),
                "dealers": int((peers.label == label).sum()),
                "watch": sum(d.grade == WATCH and d.peer_group == label for d in dealers),
                "flag": sum(d.grade == FLAG and d.peer_group == label for d in dealers),
            }
            for label in sorted(set(peers.label))
        ],
        "ensemble": {
            "used": run.ranks is not None,
            "models": ["ECOD", "IForest"],
            "reason": ""
            if run.ranks is not None
            else "switched off"
            if not parameters.ensemble
            else f"fewer than {pyod_ensemble.MINIMUM_DEALERS} dealers, or nothing varies",
            "role": "ranks beside the rules; alone it never flags",
        },
        "unexplained_top_share": "share of responses near-perfect beyond the honest law given the audits, with a 90 % "
        "interval; weakly identified near the ceiling; it flags nobody and is never used for money",
        "q_means": "about one flag in ten is expected to be chance under the model; not a probability about a dealer",
    }


def _state(result: IndicatorResult, null: tuple[float, float], width: float) -> dict[str, Any]:
    able = result.assessable
    reasons, counts = np.unique(result.reason[~able].astype(str), return_counts=True)
    return {
        "state": "on" if able.any() else "off",
        "assessable": int(able.sum()),
        "not_assessable": {str(r): int(c) for r, c in zip(reasons, counts, strict=True)},
        "null_centre": null[0],
        "null_scale": null[1],
        "width": width,
    }
