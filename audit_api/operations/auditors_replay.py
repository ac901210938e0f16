"""Run a screening of auditors again from its frozen inputs and compare every figure with the one that was kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from audit_api.domain.directory import Actor
from audit_api.evidence.store import BlobStore
from audit_api.models.auditors import AuditorDossier
from audit_api.models.base import Row
from audit_api.operations.auditors import open_auditor_run
from audit_api.operations.screening_frozen import frozen_auditor_inputs, own_store, parameters_of
from audit_api.operations.screening_replay import Figure, Replay, compare_figures, pairs

if TYPE_CHECKING:
    from audit_api.anomaly.auditors.screening import Screening


def replay_auditor_run(
    actor: Actor, run_id: str, *, store: BlobStore | None = None, progress: Callable[[str], None] = lambda line: None
) -> Replay:
    """Screen the frozen inputs of a run again, with its parameters, and compare; nothing is written.

    Raises NOT_FOUND, and SCREENING_REFUSED where the frozen inputs are missing or damaged.
    """
    from audit_api.anomaly.auditors.screening import Parameters, screen  # noqa: PLC0415 - a web process never screens

    run = open_auditor_run(actor, run_id)
    progress("reading the frozen inputs")
    inputs = frozen_auditor_inputs(run, store or own_store())
    made = screen(inputs, parameters_of(run, Parameters), progress)
    progress("comparing with what was kept")
    return compare_figures(run, made.run, _figures(run, made))


def _figures(run: Row, made: Screening) -> Iterator[Figure]:
    """Yield each auditor's standing and pieces of evidence, then the run's counts and agreement."""
    left = dict(made.dossiers)
    for kept in AuditorDossier._get_collection().find({"run": run["_id"]}).sort("_id", 1):
        who = kept["auditor"]
        then, now = kept["dossier"], left.pop(who, {})
        yield from pairs(who, _without_evidence(then), _without_evidence(now))
        before, after = _by_indicator(then), _by_indicator(now)
        for name in sorted({*before, *after}):
            yield from pairs(f"{who} {name}", before.get(name, {}), after.get(name, {}))
    for who in left:
        yield who, "auditor", None, who
    for part in ("counts", "agreement"):
        yield "run", part, run["run"].get(part), made.run.get(part)


def _without_evidence(dossier: Row) -> Row:
    return {name: value for name, value in dossier.items() if name != "evidence"}


def _by_indicator(dossier: Row) -> dict[str, Any]:
    return {piece["indicator"]: piece for piece in dossier.get("evidence") or ()}
