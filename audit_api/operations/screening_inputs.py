"""Collect what a screening reads from the database: responses of a wave, visits of its programme, their dealers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from audit_api import problems
from audit_api.domain.screening import ResponsePlan, audit_rows, response_plan, store_age_band, union_of_columns
from audit_api.models.base import Row
from audit_api.models.checklists import find_checklist, find_questionnaire, newest_version
from audit_api.models.directory import Dealer
from audit_api.models.surveys import Response
from audit_api.models.visits import Visit
from audit_api.problems import Problem

if TYPE_CHECKING:  # a web process reads runs and flags without paying for the arithmetic
    from audit_api.anomaly.batch import Inputs

AUDITED_DAYS = 366
"""Visits of the programme count that began within this time before the end of the wave."""
RELEASABLE = ["approved", "released"]
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
        raise refused(f"数据无法筛查：{error}", f"The data cannot be screened: {error}") from error


def _plans(questionnaire: str, versions: list[int]) -> dict[int, ResponsePlan]:
    if not versions:
        raise refused("该波次没有这份问卷的答卷", "The wave holds no response to this questionnaire")
    plans = {}
    for version in sorted(versions, reverse=True):  # the newest version describes a column
        found = find_questionnaire(questionnaire, version)
        if found is None:
            raise refused(f"问卷第 {version} 版未发布", f"Version {version} of the questionnaire is not published")
        plans[version] = response_plan(found)
    return plans


def _domain(questionnaire: str) -> str:
    version = newest_version("questionnaire", questionnaire)
    found = find_questionnaire(questionnaire, version) if version is not None else None
    if found is None:
        raise refused("问卷未发布", "The questionnaire is not published")
    return found.domain


def visits_from(wave: Row) -> datetime:
    """Return from when on visits count for a wave."""
    moment: datetime = wave["ends_at"] - timedelta(days=AUDITED_DAYS)
    return moment


def _visits(wave: Row, domain: str) -> list[Row]:
    """Read the approved and released visits; those after the wave are left out: they may follow a flag."""
    within = {"$gte": visits_from(wave), "$lt": wave["ends_at"]}
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
        raise refused(
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


def refused(zh: str, en: str) -> Problem:
    """Make the problem of a screening that cannot run."""
    return Problem(problems.SCREENING_REFUSED, zh=zh, en=en)
