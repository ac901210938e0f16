"""Verbs on screenings: screen a wave, freeze what was found, read it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from audit_api import problems
from audit_api.domain.directory import Actor
from audit_api.domain.flag_views import shown, shown_dealer, shown_run, without_grading
from audit_api.evidence.store import BlobStore
from audit_api.models import flags, trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.operations.directory import scope_filter
from audit_api.operations.flags_blind import show_figures, under_review
from audit_api.operations.flags_raising import Raising, add_photos, dossier_rows, flag_rows
from audit_api.operations.programmes import brand_filter, open_wave
from audit_api.operations.screening_frozen import freeze_inputs, frozen_inputs, name_run, own_store, run_record
from audit_api.operations.screening_inputs import collect_inputs, refused
from audit_api.operations.screening_watch import supersede_watches
from audit_api.problems import Problem

if TYPE_CHECKING:  # a web process reads runs and flags without paying for the arithmetic
    from audit_api.anomaly.batch import Inputs
    from audit_api.anomaly.outcome import Screening
    from audit_api.anomaly.screening import Parameters

DUPLICATE_KEY = 11000
ROWS_AT_ONCE = 1_000


def run_screening(
    wave: str,
    questionnaire: str,
    *,
    actor: Actor,
    at: datetime,
    action: bool = False,
    parameters: Parameters | None = None,
    control_share: float = 0.0,
    store: BlobStore | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Row:
    """Screen one questionnaire of a wave, freeze the run, raise its flags and watches; returns the run.

    The run's id derives from inputs, parameters and code: the same again returns the run that is there, with
    `repeated` true, and touches no flag. The inputs are kept in `store` (default: in the database) for a replay.
    Undecided watches of earlier runs on the same wave and questionnaire are superseded. Only an action run flags,
    and a wave has one for each questionnaire.
    `control_share` of the dealers it does not ask about are drawn and put among its flags, indistinguishable.
    Raises NOT_FOUND for the wave, SCREENING_REFUSED.
    """
    from audit_api.anomaly.screening import Parameters, screen  # noqa: PLC0415 - see TYPE_CHECKING above

    started = time.monotonic()
    parameters = parameters or Parameters(action=action)
    found_wave = open_wave(actor, wave)
    progress("collecting responses and visits")
    inputs = collect_inputs(found_wave, questionnaire)
    run_id = name_run(f"{wave}-{questionnaire}", inputs.content_hash(), asdict(parameters))
    if (there := _run_there(run_id, wave, questionnaire, action=parameters.action)) is not None:
        return there
    raising = Raising(found_wave, questionnaire, action=parameters.action, control_share=control_share)
    screening = screen(inputs, parameters, progress, raising.draw)
    add_photos(screening.dossiers)
    progress("keeping what was found")
    frozen = freeze_inputs(inputs, store or own_store())
    run = run_record(run_id, found_wave, screening.run, frozen, actor=actor, at=at) | {
        "questionnaire": questionnaire,
        "action": parameters.action,
        "finished_at": to_milliseconds(at + timedelta(seconds=time.monotonic() - started)),
    }
    _keep_dealers(run, screening)
    raised = flag_rows(run, screening.dealers, screening.dossiers, raising)
    left_alone = dossier_rows(run, screening.dossiers)

    def commit(session: ClientSession) -> None:
        flags.ScreeningRun._get_collection().insert_one(run, session=session)
        details = {"inputs_sha256": screening.run["inputs_sha256"], "counts": screening.run["counts"]}
        trail.append("screening_run", run_id, "screened", actor_id=actor.id, at=at, details=details, session=session)
        supersede_watches(run, actor=actor, at=at, session=session)
        if left_alone:
            flags.DealerDossier._get_collection().insert_many(left_alone, session=session)
        if raised:
            flags.Flag._get_collection().insert_many(raised, session=session)
        for flag in raised:
            grade = {"grade": flag["grade"]}
            trail.append("flag", flag["_id"], "raised", actor_id=actor.id, at=at, details=grade, session=session)

    try:
        in_transaction(commit)
    except DuplicateKeyError:  # another process has finished the same run, or an action run, a moment ago
        there = _run_there(run_id, wave, questionnaire, action=parameters.action)
        if there is None:
            raise
        return there
    return {**run, "code": run_id, "repeated": False}


def list_runs(actor: Actor, *, limit: int, after: str | None = None, wave: str | None = None) -> Row:
    """List the runs on brands in scope by id; returns `{"items": [...], "next": id or None}`.

    For who may decide, without the counts by grade where flags on the same wave and questionnaire are read blind.
    """
    conditions: list[Row] = [brand_filter(actor)]
    if wave:
        conditions.append({"wave": wave})
    if after:
        conditions.append({"_id": {"$gt": after}})
    found = flags.ScreeningRun._get_collection().find({"$and": conditions}).sort("_id", 1).limit(limit + 1)
    review = under_review(actor)
    rows = [shown_run(row, blind=review.covers(row)) for row in found]
    return {"items": rows[:limit], "next": rows[limit - 1]["code"] if len(rows) > limit else None}


def find_run(actor: Actor, run_id: str) -> Row:
    """Read one run as it was frozen; raises NOT_FOUND."""
    row: Row | None = flags.ScreeningRun._get_collection().find_one({"$and": [{"_id": run_id}, brand_filter(actor)]})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return {**row, "code": row["_id"]}


def open_run(actor: Actor, run_id: str, *, figures: bool = False) -> Row:
    """Read one run; for who may decide, without the counts by grade while its wave is read blind.

    `figures` gives them all the same, to whoever asks on the server's own terminal. Raises NOT_FOUND.
    """
    row = find_run(actor, run_id)
    return shown_run(row, blind=not figures and under_review(actor).covers(row))


def list_screened_dealers(actor: Actor, run_id: str, *, limit: int, after: str | None = None) -> Row:
    """List a run's dealers by code, each with its figures and indicators; raises NOT_FOUND.

    For who may decide, without what grades any of them while flags on the wave and questionnaire are read blind.
    """
    run = find_run(actor, run_id)
    wanted: Row = {"run": run_id, "_id": {"$gt": f"{run_id}:{after or ''}", "$lt": f"{run_id};"}}
    found = flags.ScreenedDealer._get_collection().find({"$and": [wanted, scope_filter(actor)]})
    blind = under_review(actor).covers(run)
    rows = [shown_dealer(row, blind=blind) for row in found.sort("_id", 1).limit(limit + 1)]
    return {"items": rows[:limit], "next": rows[limit - 1]["dealer"] if len(rows) > limit else None}


def inputs_of_run(actor: Actor, run_id: str, *, store: BlobStore | None = None) -> Inputs:
    """Read the inputs of a run as they were frozen; raises NOT_FOUND, SCREENING_REFUSED where they are missing."""
    return frozen_inputs(find_run(actor, run_id), store or own_store())


def open_dealer_screening(
    actor: Actor, run_id: str, dealer: str, *, compute: bool = False, figures: bool = False, at: datetime | None = None
) -> Row:
    """Read the dossier that a run has of a dealer, flagged or not.

    Kept are those of flags, watches, controls and patterns left alone. With `compute` any other is computed from
    the run's inputs, which takes as long as a screening. Without `figures` it holds back what grades the dealer
    from who may decide while the wave is read blind; asking for the figures of a blind flag is recorded at `at`.
    Raises NOT_FOUND, SCREENING_REFUSED when the inputs have changed.
    """
    dossier = _dossier(actor, run_id, dealer, compute=compute)
    run = find_run(actor, run_id)
    if not under_review(actor).covers(run):
        return dossier
    if not figures:
        return without_grading(dossier)
    flag = flags.Flag._get_collection().find_one({"_id": f"{run_id}:{dealer}", "blind": True}, {"dossier": 0})
    if flag is not None and at is not None:
        show_figures(flag, actor, at)
    return dossier


def _dossier(actor: Actor, run_id: str, dealer: str, *, compute: bool) -> Row:
    run = find_run(actor, run_id)
    wanted: Row = {"$and": [{"_id": f"{run_id}:{dealer}"}, scope_filter(actor)]}
    for document in (flags.Flag, flags.DealerDossier):
        row = document._get_collection().find_one(wanted, {"dossier": 1})
        if row is not None:
            kept: Row = row["dossier"]
            return kept
    if not compute or flags.ScreenedDealer._get_collection().find_one(wanted, {"_id": 1}) is None:
        raise Problem(
            problems.NOT_FOUND,
            zh="该次筛查没有保存这家店的卷宗；可用 audit-api flag dossier 计算",
            en="The run keeps no dossier of this dealer; audit-api flag dossier computes one",
        )
    from audit_api.anomaly.screening import Parameters, screen  # noqa: PLC0415 - see TYPE_CHECKING above

    parameters = Parameters(**run["run"]["parameters"])
    done = screen(inputs_of_run(actor, run_id), parameters, also=lambda dealers: [dealer])
    add_photos(done.dossiers)
    return done.dossiers[dealer]


def flags_of_run(actor: Actor, run_id: str, *, figures: bool = False) -> list[Row]:
    """Give what a run put into the queue, as the actor sees it: flags with the controls among them, then watches.

    By dealer while they are read blind. With `figures`, without the controls, the most unusual first.
    """
    run = find_run(actor, run_id)
    blind = not figures and under_review(actor).covers(run)
    wanted: Row = {"run": run_id} if blind else {"run": run_id, "control": {"$ne": True}}
    found = list(flags.Flag._get_collection().find(wanted, {"dossier": 0}))
    if blind:
        rows = sorted(found, key=lambda row: (row["grade"], row["dealer"]))
        return [shown(row, actor, reviewed=True) for row in rows]
    return sorted(found, key=lambda row: (row["grade"], row["p"], row["dealer"]))


def _run_there(run_id: str, wave: str, questionnaire: str, *, action: bool) -> Row | None:
    """Find the same run; raises SCREENING_REFUSED when the wave had its action run on other inputs."""
    runs = flags.ScreeningRun._get_collection()
    row = runs.find_one({"_id": run_id})
    if row is not None:
        return {**row, "code": run_id, "repeated": True}
    other = runs.find_one({"wave": wave, "questionnaire": questionnaire, "action": True}) if action else None
    if other is not None:
        raise refused(
            f"该波次已做过行动筛查（{other['_id']}）；每个波次只做一次，可再做观察性筛查",
            f"The wave has had its action run ({other['_id']}); a wave has one, watch runs are free",
        )
    return None


def _keep_dealers(run: Row, screening: Screening) -> None:
    """Write the run's rows before the run itself: without their run they count for nothing, and ids derive."""
    indicators: dict[str, list[Row]] = {}
    for row in screening.indicators:
        indicators.setdefault(row.dealer_id, []).append(
            {name: value for name, value in asdict(row).items() if name != "dealer_id"}
        )
    documents: list[Row] = []
    for dealer in screening.dealers:
        outcome = {name: value for name, value in asdict(dealer).items() if name != "dealer_id"}
        documents.append(
            {
                "_id": f"{run['_id']}:{dealer.dealer_id}",
                "run": run["_id"],
                "dealer": dealer.dealer_id,
                "brand": run["brand"],
                "outcome": outcome | {"groups": list(dealer.groups), "top_indicators": list(dealer.top_indicators)},
                "indicators": indicators.get(dealer.dealer_id, []),
            }
        )
    for start in range(0, len(documents), ROWS_AT_ONCE):
        try:
            flags.ScreenedDealer._get_collection().insert_many(documents[start : start + ROWS_AT_ONCE], ordered=False)
        except BulkWriteError as failed:
            # A run cut short has left them already, the same by construction.
            if any(error["code"] != DUPLICATE_KEY for error in failed.details["writeErrors"]):
                raise
