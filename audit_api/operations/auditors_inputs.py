"""Collect what a screening of auditors reads from the database: submitted visits of a wave's programme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import DEFAULT_FENCE_M
from audit_api.domain.submission_rules import distance_metres
from audit_api.domain.visits import State, canonical_json
from audit_api.models.base import Row
from audit_api.models.checklists import find_checklist
from audit_api.models.directory import Dealer
from audit_api.models.visits import Visit
from audit_api.operations.screening_inputs import refused, visits_from

if TYPE_CHECKING:  # a web process reads dossiers without paying for the arithmetic
    from audit_api.anomaly.auditors.inputs import Inputs

SUBMITTED = (State.SUBMITTED, State.IN_QC, State.RETURNED, State.APPROVED, State.RELEASED)
UNKNOWN = float("nan")
WGS_84 = "WGS-84"

Columns = dict[str, list[Any]]


def collect_inputs(wave: Row) -> Inputs:
    """Collect the visits of a wave's programme since a year before the wave's end, released or not.

    Voided visits are left out. Raises SCREENING_REFUSED when there is none.
    """
    from audit_api.anomaly.auditors.inputs import build  # noqa: PLC0415 - see TYPE_CHECKING above
    from audit_api.anomaly.refusals import InputsRefusedError  # noqa: PLC0415 - likewise

    tables: dict[str, Columns] = {
        "visits": _columns(
            "visit", "auditor", "dealer", "checklist", "started_at", "duration_s", "expected_s", "distance_m",
            "fence_m", "lat", "lon",
        ),
        "answers": _columns("visit", "item", "place", "value", "mark", "kind", "photos"),
        "photos": _columns("visit", "sha256"),
        "fixes": _columns("visit", "lat", "lon", "accuracy_m", "fixed_at"),
    }  # fmt: skip
    dealers = {
        row["_id"]: row for row in Dealer._get_collection().find({}, {"lat": 1, "lon": 1, "datum": 1, "fence_m": 1})
    }
    for visit in _visits(wave):
        _spread(visit, dealers.get(visit["dealer"], {}), tables)
    if not tables["visits"]["visit"]:
        raise refused("该项目没有已提交的走访", "The programme holds no submitted visit")
    try:
        return build(**tables)
    except InputsRefusedError as error:
        raise refused(f"数据无法筛查：{error}", f"The data cannot be screened: {error}") from error


def _columns(*names: str) -> Columns:
    return {name: [] for name in names}


def _visits(wave: Row) -> Iterator[Row]:
    wanted = {
        "programme": wave["programme"],
        "state": {"$in": [state.value for state in SUBMITTED]},
        "started_at": {"$gte": visits_from(wave), "$lt": wave["ends_at"]},
    }
    names = (
        "auditor", "dealer", "checklist", "started_at", "ended_at", "observations.item", "observations.value",
        "observations.photos", "score.items.item", "score.items.score",
    )  # fmt: skip
    yield from Visit._get_collection().find(wanted, dict.fromkeys(names, 1))


def _spread(visit: Row, dealer: Mapping[str, Any], tables: Mapping[str, Columns]) -> None:
    """Write one visit into the columns of the four tables."""
    checklist = find_checklist(visit["checklist"]["code"], visit["checklist"]["version"])
    name, observations = visit["_id"], visit.get("observations") or []
    fixes = list(fixes_of(observations))
    for fix in fixes:
        _add(
            tables["fixes"], visit=name, lat=fix["lat"], lon=fix["lon"], accuracy_m=fix.get("accuracy_m"),
            fixed_at=_utc(fix["fixed_at"]),
        )  # fmt: skip
    for observation in observations:
        for photo in observation.get("photos") or ():
            _add(tables["photos"], visit=name, sha256=photo["sha256"])
    _add_answers(visit, checklist, tables["answers"])
    known = dealer.get("datum") == WGS_84 and dealer.get("lat") is not None and dealer.get("lon") is not None
    place = (dealer["lat"], dealer["lon"]) if known else None
    ended = visit.get("ended_at")
    _add(
        tables["visits"], visit=name, auditor=visit["auditor"], dealer=visit["dealer"],
        checklist=visit["checklist"]["code"], started_at=_utc(visit["started_at"]),
        duration_s=(ended - visit["started_at"]).total_seconds() if ended else UNKNOWN,
        expected_s=checklist.expected_duration_min * 60.0 if checklist else UNKNOWN,
        distance_m=nearest_metres(fixes, place), fence_m=float(dealer.get("fence_m") or DEFAULT_FENCE_M),
        lat=place[0] if place else UNKNOWN, lon=place[1] if place else UNKNOWN,
    )  # fmt: skip


def _add(columns: Columns, **row: Any) -> None:
    for column, value in row.items():
        columns[column].append(value)


def _add_answers(visit: Row, checklist: Checklist | None, columns: Columns) -> None:
    marks = {r["item"]: r.get("score") for r in (visit.get("score") or {}).get("items") or ()}
    places = {item.id: number for number, item in enumerate(checklist.items)} if checklist else {}
    for observation in visit.get("observations") or ():
        item, value = observation["item"], observation.get("value")
        if value is None or marks.get(item) is None:
            continue
        kind = checklist.by_id[item].type if checklist and item in checklist.by_id else ""
        _add(
            columns, visit=visit["_id"], item=item, place=float(places.get(item, 0)),
            value=value if isinstance(value, str) else canonical_json(value).decode(), mark=float(marks[item]),
            kind=kind, photos=float(len(observation.get("photos") or ())),
        )  # fmt: skip


def fixes_of(observations: list[Row]) -> Iterator[Row]:
    """Give the position fixes of a visit: of its photos, and of items that record one."""
    for observation in observations:
        value = observation.get("value")
        if isinstance(value, Mapping) and "lat" in value and value.get("fixed_at"):
            yield dict(value)
        for photo in observation.get("photos") or ():
            if photo.get("fix"):
                yield photo["fix"]


def nearest_metres(fixes: list[Row], place: tuple[float, float] | None) -> float:
    """Return how far from a place the nearest fix is, less that fix's accuracy; NaN where nothing is known.

    Only fixes in WGS-84: other datums lie hundreds of metres off, and no map accuses an honest auditor.
    """
    away = [
        max(0.0, distance_metres((fix["lat"], fix["lon"]), place) - float(fix.get("accuracy_m") or 0.0))
        for fix in fixes
        if place is not None and fix.get("datum", WGS_84) == WGS_84
    ]
    return min(away, default=UNKNOWN)


def _utc(moment: datetime | str) -> datetime:
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return read.astimezone(UTC)
