"""Verbs on screenings: collect the inputs of a wave, screen them, freeze what was found, read it again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from audit_api import __version__, problems
from audit_api.domain.directory import Actor
from audit_api.domain.flags import first_state
from audit_api.domain.screening import ResponsePlan, audit_rows, response_plan, store_age_band, union_of_columns
from audit_api.models import flags, trail
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.models.checklists import find_checklist, find_questionnaire, newest_version
from audit_api.models.directory import Dealer
from audit_api.models.surveys import Response
from audit_api.models.visits import Visit
from audit_api.operations.directory import scope_filter
from audit_api.operations.programmes import brand_filter, open_wave
from audit_api.problems import Problem

if TYPE_CHECKING:  # a web process reads runs and flags without paying for the arithmetic
    from audit_api.anomaly.batch import Inputs
    from audit_api.anomaly.outcome import Screening
    from audit_api.anomaly.screening import Parameters

AUDITED_DAYS = 366
"""Visits of the programme count that began within this time before the end of the wave."""
RELEASABLE = ["approved", "released"]
DUPLICATE_KEY = 11000
ROWS_AT_ONCE = 1_000
RESPONSE_FIELDS = (
    "response_id", "version", "dealer", "event_id", "event_at", "invited_at", "started_at", "submitted_at", "channel",
    "contact_hash", "device_hash", "adviser_hash", "job_type", "vehicle_class", "comment", "answers",
)  # fmt: skip


def collect_inputs(wave: Row, questionnaire: str) -> Inputs:
    """Collect what a screening of a wave reads: its responses, and the visits of its programme.

    Times become the dealer's wall clock. Raises SCREENING_REFUSED when there is no response or a row cannot be
    screened.
    """
    from audit_api.anomaly.batch import Column, Inputs  # noqa: PLC0415 - see TYPE_CHECKING above
    from audit_api.anomaly.refusals import InputsRefusedError  # noqa: PLC0415 - likewise

    wanted = {"wave": wave["_id"], "questionnaire": questionnaire}
    plans = _plans(questionnaire, Response._get_collection().distinct("version", wanted))
    columns = union_of_columns(plans.values())
    facts = sorted({touchpoint for plan in plans.values() for touchpoint in plan.facts})
    visits = _visits(wave, _domain(questionnaire))
    dealers = _dealers(wave, wanted, visits)
    zones = {row["_id"]: ZoneInfo(row.get("timezone") or wave["timezone"]) for row in dealers}
    names = [column.name for column in columns]
    try:
        return Inputs.from_rows(
            dealers=[_dealer_row(row, wave) for row in dealers],
            responses=_response_rows(wanted, plans, zones, names, facts),
            audits=[row for visit in visits for row in _visit_rows(visit, zones)],
            columns=[Column(c.name, c.touchpoint, c.minimum, c.maximum, c.is_outcome) for c in columns],
            fact_touchpoints=facts,
        )
    except InputsRefusedError as error:
        raise _refused(f"数据无法筛查：{error}", f"The data cannot be screened: {error}") from error


def run_screening(
    wave: str,
    questionnaire: str,
    *,
    actor: Actor,
    at: datetime,
    action: bool = False,
    parameters: Parameters | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Row:
    """Screen one questionnaire of a wave, freeze the run, raise its flags and watches; returns the run.

    The run's id derives from inputs, parameters and version: the same again returns the run that is there, with
    `repeated` true, and touches no flag. Only an action run flags, and a wave has one for each questionnaire.
    Raises NOT_FOUND for the wave, SCREENING_REFUSED.
    """
    from audit_api.anomaly.screening import Parameters, screen  # noqa: PLC0415 - see TYPE_CHECKING above

    started = time.monotonic()
    parameters = parameters or Parameters(action=action)
    found_wave = open_wave(actor, wave)
    progress("collecting responses and visits")
    inputs = collect_inputs(found_wave, questionnaire)
    run_id = _run_id(wave, questionnaire, inputs.content_hash(), asdict(parameters))
    if (there := _run_there(run_id, wave, questionnaire, action=parameters.action)) is not None:
        return there
    screening = screen(inputs, parameters, progress)
    progress("keeping what was found")
    run: Row = {
        "_id": run_id,
        "wave": wave,
        "programme": found_wave["programme"],
        "brand": found_wave["brand"],
        "questionnaire": questionnaire,
        "action": parameters.action,
        "started_at": to_milliseconds(at),
        "finished_at": to_milliseconds(at + timedelta(seconds=time.monotonic() - started)),
        "by": actor.id,
        "scope": {"visits_from": _visits_from(found_wave), "visits_until": found_wave["ends_at"]},
        "run": screening.run,
    }
    _keep_dealers(run, screening)
    raised = _flags(run, screening, to_milliseconds(at))

    def commit(session: ClientSession) -> None:
        flags.ScreeningRun._get_collection().insert_one(run, session=session)
        details = {"inputs_sha256": screening.run["inputs_sha256"], "counts": screening.run["counts"]}
        trail.append("screening_run", run_id, "screened", actor_id=actor.id, at=at, details=details, session=session)
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
    """List the runs on brands in scope by id; returns `{"items": [...], "next": id or None}`."""
    conditions: list[Row] = [brand_filter(actor)]
    if wave:
        conditions.append({"wave": wave})
    if after:
        conditions.append({"_id": {"$gt": after}})
    found = flags.ScreeningRun._get_collection().find({"$and": conditions}).sort("_id", 1).limit(limit + 1)
    rows = [{**row, "code": row["_id"]} for row in found]
    return {"items": rows[:limit], "next": rows[limit - 1]["code"] if len(rows) > limit else None}


def open_run(actor: Actor, run_id: str) -> Row:
    """Read one run as it was frozen; raises NOT_FOUND."""
    row = flags.ScreeningRun._get_collection().find_one({"$and": [{"_id": run_id}, brand_filter(actor)]})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    return {**row, "code": row["_id"]}


def list_screened_dealers(actor: Actor, run_id: str, *, limit: int, after: str | None = None) -> Row:
    """List a run's dealers by code, each with its figures and indicators; raises NOT_FOUND."""
    open_run(actor, run_id)
    wanted: Row = {"run": run_id, "_id": {"$gt": f"{run_id}:{after or ''}", "$lt": f"{run_id};"}}
    found = flags.ScreenedDealer._get_collection().find({"$and": [wanted, scope_filter(actor)]})
    rows = list(found.sort("_id", 1).limit(limit + 1))
    return {"items": rows[:limit], "next": rows[limit - 1]["dealer"] if len(rows) > limit else None}


def inputs_of_run(actor: Actor, run_id: str) -> Inputs:
    """Collect the inputs of a run again, for an export; raises NOT_FOUND, SCREENING_REFUSED when they have changed."""
    run = open_run(actor, run_id)
    inputs = collect_inputs(open_wave(actor, run["wave"]), run["questionnaire"])
    if inputs.content_hash() != run["run"]["inputs_sha256"]:
        raise _refused(
            "该次筛查之后数据已有变化；请重新筛查后再导出",
            "The data has changed since this run; screen again and export that run",
        )
    return inputs


def flags_of_run(run_id: str) -> list[Row]:
    """Give the flags and watches of a run, the most unusual first."""
    found = flags.Flag._get_collection().find({"run": run_id}, {"dossier": 0})
    return sorted(found, key=lambda row: (row["grade"], row["p"], row["dealer"]))


def _plans(questionnaire: str, versions: list[int]) -> dict[int, ResponsePlan]:
    if not versions:
        raise _refused("该波次没有这份问卷的答卷", "The wave holds no response to this questionnaire")
    plans = {}
    for version in sorted(versions, reverse=True):  # the newest version describes a column
        found = find_questionnaire(questionnaire, version)
        if found is None:
            raise _refused(f"问卷第 {version} 版未发布", f"Version {version} of the questionnaire is not published")
        plans[version] = response_plan(found)
    return plans


def _domain(questionnaire: str) -> str:
    version = newest_version("questionnaire", questionnaire)
    found = find_questionnaire(questionnaire, version) if version is not None else None
    if found is None:
        raise _refused("问卷未发布", "The questionnaire is not published")
    return found.domain


def _visits_from(wave: Row) -> datetime:
    moment: datetime = wave["ends_at"] - timedelta(days=AUDITED_DAYS)
    return moment


def _visits(wave: Row, domain: str) -> list[Row]:
    """Read the approved and released visits; those after the wave are left out: they may follow a flag."""
    within = {"$gte": _visits_from(wave), "$lt": wave["ends_at"]}
    wanted = {
        "programme": wave["programme"],
        "domain": domain,
        "state": {"$in": RELEASABLE},
        "mode": {"$in": ["covert", "announced"]},
        "started_at": within,
    }
    fields = dict.fromkeys(("dealer", "mode", "selected_by", "auditor", "checklist", "started_at", "score.items"), 1)
    return list(Visit._get_collection().find(wanted, fields))


def _visit_rows(visit: Row, zones: dict[str, ZoneInfo]) -> Iterator[Row]:
    checklist = find_checklist(visit["checklist"]["code"], visit["checklist"]["version"])
    if checklist is None:
        raise _refused(
            f"检查表 {visit['checklist']['code']} 未发布", f"Checklist {visit['checklist']['code']} is not published"
        )
    visited_at = _wall_clock(visit["started_at"], zones[visit["dealer"]])
    for row in audit_rows(visit, checklist):
        yield {**row, "visited_at": visited_at}


def _dealers(wave: Row, wanted: Row, visits: list[Row]) -> list[Row]:
    """Read the dealers of the brand, and whoever answered or was visited under it before changing brands."""
    named = {*Response._get_collection().distinct("dealer", wanted), *(visit["dealer"] for visit in visits)}
    return list(Dealer._get_collection().find({"$or": [{"brand": wave["brand"]}, {"_id": {"$in": sorted(named)}}]}))


def _dealer_row(row: Row, wave: Row) -> Row:
    words = {name: row.get(name, "") for name in ("region", "brand", "volume_band", "city_tier")}
    age = store_age_band(row.get("opened_on") or "", wave["starts_at"].date())
    return {"dealer_id": row["_id"], **words, "store_age_band": age}


def _response_rows(
    wanted: Row,
    plans: dict[int, ResponsePlan],
    zones: dict[str, ZoneInfo],
    names: list[str],
    touchpoints: list[str],
) -> Iterator[Row]:
    for row in Response._get_collection().find(wanted, dict.fromkeys(RESPONSE_FIELDS, 1)).batch_size(5_000):
        plan, zone, answers = plans[row["version"]], zones[row["dealer"]], row["answers"]
        incentive, coaching = plan.mentions(answers)
        seconds = (row["submitted_at"] - row["started_at"]).total_seconds() if row["started_at"] else None
        yield {
            "response_id": row["response_id"],
            "dealer_id": row["dealer"],
            "event_at": _wall_clock(row["event_at"], zone),
            "submitted_at": _wall_clock(row["submitted_at"], zone),
            "invited_at": _wall_clock(row["invited_at"], zone) if row["invited_at"] else None,
            "duration_s": seconds,
            "text": row["comment"],
            "mentions_incentive": incentive,
            "mentions_coaching": coaching,
            "answers": plan.answers(answers, names),
            "facts": plan.stated(answers, touchpoints),
            **{
                name: row[name]
                for name in (
                    "channel", "contact_hash", "device_hash", "adviser_hash", "event_id", "job_type", "vehicle_class",
                )
            },
        }  # fmt: skip


def _wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None)


def _run_id(wave: str, questionnaire: str, inputs_sha256: str, parameters: dict[str, Any]) -> str:
    made_of = json.dumps([inputs_sha256, parameters, __version__], sort_keys=True)
    return f"{wave}-{questionnaire}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"


def _run_there(run_id: str, wave: str, questionnaire: str, *, action: bool) -> Row | None:
    """Find the same run; raises SCREENING_REFUSED when the wave had its action run on other inputs."""
    runs = flags.ScreeningRun._get_collection()
    row = runs.find_one({"_id": run_id})
    if row is not None:
        return {**row, "code": run_id, "repeated": True}
    other = runs.find_one({"wave": wave, "questionnaire": questionnaire, "action": True}) if action else None
    if other is not None:
        raise _refused(
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


def _flags(run: Row, screening: Screening, at: datetime) -> list[Row]:
    made = []
    for dealer in screening.dealers:
        dossier = screening.dossiers.get(dealer.dealer_id)
        if dossier is None:
            continue
        made.append(
            {
                "_id": f"{run['_id']}:{dealer.dealer_id}",
                "run": run["_id"],
                "wave": run["wave"],
                "questionnaire": run["questionnaire"],
                "dealer": dealer.dealer_id,
                "brand": run["brand"],
                "grade": dealer.grade,
                "state": first_state(dealer.grade).value,
                "revision": 1,
                "score": dealer.score,
                "p": dealer.p,
                "q": dealer.q,
                "groups": list(dealer.groups),
                "summary": dossier["evidence"][0]["sentence"] if dossier["evidence"] else {},
                "dossier": dossier,
                "decisions": [],
                "created_at": at,
                "decided_at": None,
            }
        )
    return made


def _refused(zh: str, en: str) -> Problem:
    return Problem(problems.SCREENING_REFUSED, zh=zh, en=en)
