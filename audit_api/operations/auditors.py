"""Verbs on auditors: screen those of a wave's programme, read what was found. For quality teams only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from audit_api import problems
from audit_api.domain.auditor_cases import first_state
from audit_api.domain.directory import Actor
from audit_api.evidence.store import BlobStore
from audit_api.models import trail
from audit_api.models.auditors import AuditorDossier, AuditorRun
from audit_api.models.base import Row, in_transaction
from audit_api.models.directory import Person
from audit_api.operations.auditors_inputs import collect_inputs
from audit_api.operations.programmes import brand_filter, open_wave
from audit_api.operations.screening_frozen import freeze_inputs, name_run, own_store, run_record
from audit_api.problems import Problem

if TYPE_CHECKING:  # a web process reads dossiers without paying for the arithmetic
    from audit_api.anomaly.auditors.screening import Parameters, Screening

LISTED = {"dossier": 0, "decisions": 0}
TITLES = {"dossier.evidence.indicator": 1, "dossier.evidence.title": 1}
GRADES = ("flag", "watch", "none", "not_assessable")


def screen_auditors(
    wave: str,
    *,
    actor: Actor,
    at: datetime,
    parameters: Parameters | None = None,
    store: BlobStore | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Row:
    """Screen the auditors of a wave's programme, freeze the inputs and a dossier of each; returns the run.

    The run's id derives from inputs, parameters and code: the same again returns the run that is there, with
    `repeated` true. Raises NOT_FOUND for the wave, SCREENING_REFUSED.
    """
    from audit_api.anomaly.auditors.screening import Parameters, screen  # noqa: PLC0415 - see TYPE_CHECKING above

    parameters = parameters or Parameters()
    found_wave = open_wave(actor, wave)
    progress("collecting visits")
    inputs = collect_inputs(found_wave)
    run_id = name_run(f"{wave}-auditors", inputs.content_hash(), asdict(parameters))
    if (there := AuditorRun._get_collection().find_one({"_id": run_id})) is not None:
        return {**there, "code": run_id, "repeated": True}
    screening = screen(inputs, parameters, progress)
    progress("freezing the inputs")
    frozen = freeze_inputs(inputs, store or own_store())
    run = run_record(run_id, found_wave, screening.run, frozen, actor=actor, at=at)
    dossiers = _dossier_rows(run, screening)

    def commit(session: ClientSession) -> None:
        AuditorRun._get_collection().insert_one(run, session=session)
        AuditorDossier._get_collection().insert_many(dossiers, session=session)
        details = {"inputs_sha256": screening.run["inputs_sha256"], "counts": screening.run["counts"]}
        trail.append("auditor_run", run_id, "screened", actor_id=actor.id, at=at, details=details, session=session)

    try:
        in_transaction(commit)
    except DuplicateKeyError:  # another process has finished the same run a moment ago
        kept = AuditorRun._get_collection().find_one({"_id": run_id})
        return {**(kept or run), "code": run_id, "repeated": True}
    return {**run, "code": run_id, "repeated": False}


def _dossier_rows(run: Row, screening: Screening) -> list[Row]:
    names = names_of(screening.dossiers)
    return [
        {
            "_id": f"{run['_id']}:{auditor}",
            "run": run["_id"],
            "wave": run["wave"],
            "brand": run["brand"],
            "auditor": auditor,
            "name": names.get(auditor, ""),
            **{name: dossier[name] for name in ("grade", "p", "family_p", "q", "visits", "reasons")},
            "dossier": dossier,
            "state": first_state(dossier["grade"]),
            "revision": 1,
            "decisions": [],
            "decided_at": None,
            "created_at": run["started_at"],
        }
        for auditor, dossier in screening.dossiers.items()
    ]


def names_of(people: Iterable[str]) -> dict[str, str]:
    """Give the names of people by their ids."""
    found = Person._get_collection().find({"_id": {"$in": sorted(set(people))}}, {"name": 1})
    return {row["_id"]: row["name"] for row in found}


def list_auditor_runs(actor: Actor, *, limit: int, after: str | None = None, wave: str | None = None) -> Row:
    """List the screenings of auditors on brands in scope by id; returns `{"items": [...], "next": id or None}`."""
    conditions: list[Row] = [brand_filter(actor)]
    if wave:
        conditions.append({"wave": wave})
    if after:
        conditions.append({"_id": {"$gt": after}})
    found = AuditorRun._get_collection().find({"$and": conditions}).sort("_id", 1).limit(limit + 1)
    rows = [{**row, "code": row["_id"]} for row in found]
    return {"items": rows[:limit], "next": rows[limit - 1]["code"] if len(rows) > limit else None}


def open_auditor_run(actor: Actor, run_id: str) -> Row:
    """Read one run with the agreement of double visits; raises NOT_FOUND."""
    row: Row | None = AuditorRun._get_collection().find_one({"$and": [{"_id": run_id}, brand_filter(actor)]})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return {**row, "code": row["_id"]}


def newest_auditor_runs(actor: Actor, limit: int) -> list[Row]:
    """Give the newest runs on brands in scope, the newest first."""
    found = AuditorRun._get_collection().find(brand_filter(actor)).sort([("started_at", -1), ("_id", 1)])
    return [{**row, "code": row["_id"]} for row in found.limit(limit)]


def list_screened_auditors(actor: Actor, run_id: str, *, limit: int, after: str | None = None) -> Row:
    """List a run's auditors by id, without their dossiers; raises NOT_FOUND."""
    open_auditor_run(actor, run_id)
    wanted: Row = {"run": run_id, "_id": {"$gt": f"{run_id}:{after or ''}"}}
    rows = list(AuditorDossier._get_collection().find(wanted, LISTED).sort("_id", 1).limit(limit + 1))
    return {"items": rows[:limit], "next": rows[limit - 1]["auditor"] if len(rows) > limit else None}


def ranked_auditors(actor: Actor, run_id: str, limit: int = 200) -> list[Row]:
    """Give a run's auditors without their dossiers, the most unusual first; raises NOT_FOUND.

    `told` names what stands out as `{"zh", "en"}`, in the order of `reasons`.
    """
    open_auditor_run(actor, run_id)
    names = ("auditor", "name", "run", "grade", "visits", "reasons", "state", "family_p", "p")
    found = AuditorDossier._get_collection().find({"run": run_id}, dict.fromkeys(names, 1) | TITLES)
    rows = list(found.sort([("family_p", 1), ("p", 1), ("_id", 1)]))
    rows.sort(key=lambda row: GRADES.index(row["grade"]))
    for row in rows:
        titles = {piece["indicator"]: piece["title"] for piece in row.pop("dossier").get("evidence", ())}
        row["told"] = [titles[code] for code in row["reasons"]]
    return rows[:limit]


def open_auditor_dossier(actor: Actor, run_id: str, auditor: str) -> Row:
    """Read the dossier that a run has of an auditor, as it was frozen, with the decisions; raises NOT_FOUND."""
    run = open_auditor_run(actor, run_id)
    row: Row | None = AuditorDossier._get_collection().find_one({"_id": f"{run['_id']}:{auditor}"})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return row
