"""Screen the auditors of a programme: every indicator, one p per auditor, a grade, frozen dossiers.

p of an auditor: the smallest p of the indicators that may raise a question, times how many were assessable
(Bonferroni: true under any dependence). `flag`: Holm's adjusted p is at most `family_p`, the chance that a screening
of honest auditors names anybody. `watch`: Benjamini-Hochberg q at most `watch_q`. A person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from audit_api import __version__
from audit_api.anomaly.auditors.double_visits import agreement
from audit_api.anomaly.auditors.indicator import REASONS, Result
from audit_api.anomaly.auditors.inputs import Inputs
from audit_api.anomaly.auditors.registry import ENTRIES, Entry
from audit_api.anomaly.fdr import adjusted
from audit_api.anomaly.grades import FLAG, NONE, NOT_ASSESSABLE, WATCH
from audit_api.anomaly.parse import Floats

LIMITS = (
    {
        "zh": "这是需要人来核实的问题，不是结论；它只涉及审核员，不构成对任何经销商的证据。",
        "en": "This is a question for a person, not a verdict; it is no evidence about any dealer.",
    },
    {
        "zh": "比较对象是同一项目的其他审核员；若多数人以同样方式取巧，则看不出来。",
        "en": "The comparison is with the programme's other auditors: what most of them do cannot be seen.",
    },
    {
        "zh": "严格程度的差异应通过校准解决，单独不提出问题。",
        "en": "Differences of severity are for calibration and raise no question by themselves.",
    },
)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Set the rates of a screening and its seed."""

    family_p: float = 0.01
    watch_q: float = 0.10
    strong_p: float = 0.01
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Screening:
    """Hold what a screening found: the run's record and one dossier per auditor, by auditor."""

    run: dict[str, Any]
    dossiers: dict[str, dict[str, Any]]


def screen(
    inputs: Inputs, parameters: Parameters | None = None, progress: Callable[[str], None] = lambda line: None
) -> Screening:
    """Screen all auditors; the same inputs, parameters and code give the same figures."""
    parameters = parameters or Parameters()
    results: dict[str, Result] = {}
    for number, entry in enumerate(ENTRIES):
        progress(entry.indicator.code)
        results[entry.indicator.code] = entry.compute(inputs, np.random.default_rng([parameters.seed, number]))
    p = combined(results)
    family, q = holm(p), adjusted(p)
    grades = [_grade(p[a], family[a], q[a], parameters) for a in range(len(p))]
    everybody = list(range(len(p)))
    rows = {entry.indicator.code: entry.evidence(inputs, everybody) for entry in ENTRIES}
    counts = np.bincount(inputs.auditor, minlength=len(p))
    dossiers = {}
    for a in everybody:
        standing = {
            "grade": grades[a],
            "p": _number(p[a]),
            "family_p": _number(family[a]),
            "q": _number(q[a]),
            "visits": int(counts[a]),
        }
        pieces, silent = _pieces(results, rows, a, parameters)
        dossiers[str(inputs.auditors[a])] = {
            "auditor": str(inputs.auditors[a]),
            **standing,
            "reasons": [piece["indicator"] for piece in pieces if piece["stands_out"] and piece["raises"]],
            "evidence": pieces,
            "not_assessable": silent,
            "limits": [dict(limit) for limit in LIMITS],
        }
    progress("agreement of double visits")
    run = {
        "version": __version__,
        "libraries": {name: version(name) for name in ("numpy", "scipy")},
        "inputs_sha256": inputs.content_hash(),
        "parameters": asdict(parameters),
        "counts": {
            "auditors": len(p),
            "visits": len(inputs.visits.visit),
            "answers": len(inputs.answers.visit),
            "photos": len(inputs.photos.visit),
            "fixes": len(inputs.fixes.visit),
            **{name: grades.count(name) for name in (NONE, WATCH, FLAG, NOT_ASSESSABLE)},
        },
        "agreement": agreement(inputs, np.random.default_rng([parameters.seed, 999])),
        "p_means": "family_p: the chance that a screening of honest auditors names anybody at all; not a probability "
        "about this auditor",
    }
    return Screening(run, dossiers)


def combined(results: Mapping[str, Result]) -> Floats:
    """Return one p per auditor: the smallest of those that may raise a question, times their number; NaN: none."""
    table = np.vstack([results[entry.indicator.code].p for entry in ENTRIES if entry.indicator.raises])
    able = ~np.isnan(table)
    least = np.min(np.where(able, table, 1.0), axis=0)
    return np.where(able.any(0), np.minimum(1.0, least * able.sum(0)), np.nan)


def holm(p: Floats) -> Floats:
    """Return Holm's adjusted p: at most `a` for anybody honest with probability 1 − a, whoever else is not."""
    result = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    result[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)))
    return result


def _grade(p: float, family: float, q: float, parameters: Parameters) -> str:
    if np.isnan(p):
        return NOT_ASSESSABLE
    return FLAG if family <= parameters.family_p else WATCH if q <= parameters.watch_q else NONE


def _pieces(
    results: Mapping[str, Result], rows: Mapping[str, Mapping[int, dict[str, Any]]], a: int, parameters: Parameters
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the pieces of evidence about one auditor, the strongest first, and what could not be assessed."""
    pieces, silent = [], []
    for entry in ENTRIES:
        code, result = entry.indicator.code, results[entry.indicator.code]
        if not result.assessable[a]:
            reason = str(result.reason[a])
            silent.append({"indicator": code, "title": _title(entry), "reason": reason, **REASONS[reason]})
            continue
        pieces.append(_piece(entry, result, a, parameters) | {"rows": rows[code][a]})
    pieces.sort(key=lambda piece: (not piece["raises"], piece["p"], piece["indicator"]))
    return pieces, silent


def _piece(entry: Entry, result: Result, a: int, parameters: Parameters) -> dict[str, Any]:
    indicator = entry.indicator
    figures = {"observed": float(result.observed[a]), "expected": float(result.expected[a]), "n": int(result.n[a])}
    p = float(result.p[a])
    told = {**figures, "p": "< 1e-6" if p < 1e-6 else f"{p:.2g}"}
    return {
        "indicator": indicator.code,
        "title": _title(entry),
        "unit": indicator.unit,
        **figures,
        "p": p,
        "raises": indicator.raises,
        "stands_out": p <= parameters.strong_p,
        "sentence": {"zh": indicator.sentence_zh.format(**told), "en": indicator.sentence_en.format(**told)},
        "honest_explanations": [{"zh": e.zh, "en": e.en} for e in indicator.explanations],
    }


def _title(entry: Entry) -> dict[str, str]:
    return {"zh": entry.indicator.title_zh, "en": entry.indicator.title_en}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
