"""Collect what a screening reads from the database: responses of a wave, visits of its programme, their dealers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from audit_api import problems
from audit_api.domain.checklists import Checklist
from audit_api.domain.programmes import SelectedBy
from audit_api.domain.screening import (
    KINDS,
    RatedColumn,
    ResponsePlan,
    audit_columns,
    response_plan,
    store_age_band,
    union_of_columns,
)
from audit_api.models.base import Row
from audit_api.models.checklists import find_checklist, find_questionnaire, newest_version
from audit_api.models.directory import Dealer
from audit_api.models.visits import Visit
from audit_api.problems import Problem

if TYPE_CHECKING:  # a web process reads runs and flags without paying for the arithmetic
    from audit_api.anomaly.batch import Inputs

AUDITED_DAYS = 366
"""Visits of the programme count that began within this time before the end of the wave."""
RELEASABLE = ["approved", "released"]


def collect_inputs(wave: Row, questionnaire: str) -> Inputs:
    """Collect what a screening of a wave reads: responses, sample frame and staff, and the visits of its programme.

    Times become the dealer's wall clock. Raises SCREENING_REFUSED when there is no response, a row cannot be
    screened, or contacts stand under different keys.
    """
    from audit_api.anomaly.batch import Column  # noqa: PLC0415 - see TYPE_CHECKING above
    from audit_api.anomaly.refusals import InputsRefusedError  # noqa: PLC0415 - likewise
    from audit_api.anomaly.tables import build  # noqa: PLC0415 - likewise
    from audit_api.models.columns import free_columns  # noqa: PLC0415 - likewise
    from audit_api.operations.screening_frame import (  # noqa: PLC0415 - likewise
        event_table,
        read_events,
        read_staff,
        staff_table,
    )
    from audit_api.operations.screening_responses import read_responses, response_table  # noqa: PLC0415 - likewise

    plans = Plans(questionnaire)
    read = read_responses({"wave": wave["_id"], "questionnaire": questionnaire}, plans.of)
    if read is None:
        raise refused("该波次没有这份问卷的答卷", "The wave holds no response to this questionnaire")
    domain = _domain(questionnaire)
    visits = _visits(wave, domain)
    events, staff = read_events(wave, domain), read_staff(wave)
    _require_one_key(read.key_ids | events.key_ids | staff.key_ids)
    named = {*read.dealers(), *(visit["dealer"] for visit in visits), *events.dealers(), *staff.dealers()}
    dealers = _dealers(wave, named)
    zones = {row["_id"]: row.get("timezone") or wave["timezone"] for row in dealers}
    try:
        inputs = build(
            dealers=_dealer_table(dealers, wave),
            responses=response_table(read, zones, wave["timezone"]),
            answers=read.marks,
            facts=read.stated,
            audits=_audit_table(visits, zones, wave["timezone"]),
            events=event_table(events, zones, wave["timezone"]),
            staff=staff_table(staff),
            columns=[Column(c.name, c.touchpoint, c.minimum, c.maximum, c.is_outcome) for c in plans.columns()],
        )
    except InputsRefusedError as error:
        raise refused(f"数据无法筛查：{error}", f"The data cannot be screened: {error}") from error
    del read, events, staff
    free_columns()  # the indicators need the memory that reading took
    return inputs


def _require_one_key(key_ids: frozenset[str]) -> None:
    """Refuse hashes made with different keys: the same contact would count as two, and re-use would go unseen.

    Hashes under no named key are under the first one, as version 0.1.0 left them.
    """
    named = sorted(key_ids - {""})
    if len(named) > 1 or ("" in key_ids and any(">" in name for name in named)):
        listed = named + (["?"] if "" in key_ids else [])
        raise refused(
            f"联系方式散列使用了不同的密钥（{'、'.join(listed)}），同一联系方式会被当作两个；"
            "请先运行 audit-api survey rotate-contacts 完成密钥更换",
            f"Contacts are hashed under different keys ({', '.join(listed)}), so one contact would count as two; "
            "finish the rotation first: audit-api survey rotate-contacts",
        )


class Plans:
    """The plans of the versions of a questionnaire that were met."""

    def __init__(self, questionnaire: str) -> None:
        self.questionnaire = questionnaire
        self.met: dict[int, ResponsePlan] = {}

    def of(self, version: int) -> ResponsePlan:
        """Give the plan of a version; raises SCREENING_REFUSED for one that is not published."""
        if version not in self.met:
            found = find_questionnaire(self.questionnaire, version)
            if found is None:
                raise refused(f"问卷第 {version} 版未发布", f"Version {version} of the questionnaire is not published")
            self.met[version] = response_plan(found)
        return self.met[version]

    def columns(self) -> tuple[RatedColumn, ...]:
        """Join the columns of all versions; the newest version describes a column."""
        return union_of_columns(self.met[version] for version in sorted(self.met, reverse=True))


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
        # A past visit of which nobody knows why the dealer was chosen is no evidence.
        "selected_by": {"$in": [*SelectedBy]},
        "started_at": within,
    }
    fields = dict.fromkeys(("dealer", "mode", "selected_by", "auditor", "checklist", "started_at", "score.items"), 1)
    return list(Visit._get_collection().find(wanted, fields))


def _audit_table(visits: list[Row], zones: Mapping[str, str], default_zone: str) -> dict[str, Any]:
    """Spread what belongs to a visit over the rows of its items."""
    import numpy as np  # noqa: PLC0415 - see TYPE_CHECKING above
    import polars as pl  # noqa: PLC0415 - likewise

    from audit_api.operations.screening_responses import numbered, wall_clock  # noqa: PLC0415 - likewise

    rows = audit_columns(visits, _checklist)
    if not rows.visit:
        return {}
    visit = np.array(rows.visit)
    zone, names = numbered([zones.get(row["dealer"], default_zone) for row in visits])
    started = np.array([row["started_at"].replace(tzinfo=None) for row in visits], dtype="datetime64[ms]")
    spread = {
        "dealer_id": "dealer", "visit": "_id", "auditor_id": "auditor", "selected_by": "selected_by", "kind": "mode",
    }  # fmt: skip
    table = {name: [row[key] for row in visits] for name, key in spread.items()}
    table["kind"] = [KINDS[mode] for mode in table["kind"]]
    return {
        **{name: pl.Series(values, dtype=pl.String).gather(visit) for name, values in table.items()},
        "visited_at": wall_clock(started, zone, names)[visit],
        "touchpoint": pl.Series(rows.touchpoint, dtype=pl.String),
        "criterion": pl.Series(rows.criterion, dtype=pl.String),
        "passed": np.array(rows.passed),
        "severity": np.array(rows.severity),
    }


def _checklist(code: str, version: int) -> Checklist:
    found = find_checklist(code, version)
    if found is None:
        raise refused(f"检查表 {code} 未发布", f"Checklist {code} is not published")
    return found


def _dealers(wave: Row, named: set[str]) -> list[Row]:
    """Read the dealers of the brand, and whoever answered or was visited under it before changing brands."""
    return list(Dealer._get_collection().find({"$or": [{"brand": wave["brand"]}, {"_id": {"$in": sorted(named)}}]}))


def _dealer_table(rows: list[Row], wave: Row) -> dict[str, Any]:
    words = ("region", "brand", "volume_band", "city_tier")
    first_day = wave["starts_at"].date()
    return {
        "dealer_id": [row["_id"] for row in rows],
        **{name: [row.get(name, "") for row in rows] for name in words},
        "store_age_band": [store_age_band(row.get("opened_on") or "", first_day) for row in rows],
    }


def refused(zh: str, en: str) -> Problem:
    """Make the problem of a screening that cannot run."""
    return Problem(problems.SCREENING_REFUSED, zh=zh, en=en)
