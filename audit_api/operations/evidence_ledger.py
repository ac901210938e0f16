"""Evidence expected against received: what a submission still needs, and the ledger that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from audit_api import problems
from audit_api.domain import evidence_ledger as rules
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor
from audit_api.domain.evidence_rules import missing_entries, photo_hashes, visit_standings
from audit_api.domain.follow_ups import standing_of
from audit_api.domain.submission_rules import Standing
from audit_api.domain.visit_versions import not_asked
from audit_api.domain.visits import State
from audit_api.evidence.remarks import remark
from audit_api.models import photos, visits
from audit_api.models.base import Row
from audit_api.models.directory import Dealer
from audit_api.operations.follow_ups import follow_ups_of
from audit_api.operations.photo_refusals import refusals_of, refusals_since
from audit_api.operations.visit_attachments import attachment_needs
from audit_api.operations.visit_reading import checklist_of, find_visit, version_of
from audit_api.problems import Problem
from audit_api.settings import Settings

NOT_ASKED = {
    "zh": "未要求更正此题；请改回，或在 correction 中说明原因",
    "en": "nobody asked to change this: change it back, or say why in correction",
}
NOT_ENDED = {"zh": "走访尚未结束：请填写结束时间", "en": "the visit has not ended: give its ended_at"}


@dataclass(frozen=True, slots=True)
class Needs:
    """What a visit has and lacks: when photos and attachments arrived, hashes that did not, what else is missing."""

    standings: list[Standing]
    follow_ups: list[Row]
    arrived: dict[str, datetime]
    missing: list[str]
    missing_attachments: list[str]
    errors: list[Row]


def needs_of(visit: Row, checklist: Checklist, settings: Settings, at: datetime) -> Needs:
    """Find what a visit has and lacks: submission and ledger both go by this, and by nothing else."""
    follow_ups = follow_ups_of(visit, checklist, settings, at)
    later = {row["item"] for row in follow_ups}
    standings = visit_standings(checklist, visit["observations"], _dealer_position(visit["dealer"]), later)
    named = photo_hashes(visit["observations"])
    arrived = photos.arrivals(visit["auditor"], named)
    errors: list[Row] = []
    if visit["ended_at"] is None:
        errors.append({"field": "ended_at", "code": "required", "message": NOT_ENDED})
    errors += missing_entries(standings)
    errors += _changed_unasked(visit, checklist, later)
    attached, not_attached, of_attachments = attachment_needs(visit)
    missing = rules.absent(named, arrived)
    return Needs(standings, follow_ups, arrived | attached, missing, not_attached, errors + of_attachments)


def _dealer_position(code: str) -> tuple[float, float] | None:
    dealer = Dealer._get_collection().find_one({"_id": code}, {"lat": 1, "lon": 1, "datum": 1}) or {}
    # Positions in another datum are hundreds of metres off: an honest auditor is not accused by a map.
    known = dealer.get("datum") == "WGS-84" and dealer.get("lat") is not None and dealer.get("lon") is not None
    return (dealer["lat"], dealer["lon"]) if known else None


def _changed_unasked(visit: Row, checklist: Checklist, later: set[str]) -> list[Row]:
    """Hold a returned visit to what was asked; whoever changes more says why."""
    if visit["state"] != State.RETURNED.value or visit.get("correction"):
        return []
    sent = version_of(visit, visit["submitted_revision"])["observations"]
    asked = [note["item"] for note in visit["returned"]["notes"]]
    extra = [item for item in not_asked(checklist, asked, sent, visit["observations"]) if item not in later]
    return [{"item": item, "code": "not_asked", "message": NOT_ASKED} for item in extra]


def photos_missing(person: str, missing: Sequence[str], not_attached: Sequence[str] = ()) -> Problem:
    """Make the problem that names photos and attachments which have not arrived, and why any was refused."""
    refused = refusals_of(person, [*missing, *not_attached])
    members: Row = {"missing": list(missing)}
    if not_attached:
        members["missing_attachments"] = list(not_attached)
    if refused:
        members["refused"] = [
            {"sha256": sha256, "reason": refused[sha256]["reason"], "message": refused[sha256]["message"]}
            for sha256 in (*missing, *not_attached)
            if sha256 in refused
        ]
    return Problem(
        problems.PHOTOS_MISSING,
        zh=f"有 {len(missing)} 张照片、{len(not_attached)} 个附件尚未收到，请先上传",
        en=f"{len(missing)} photos and {len(not_attached)} attachments have not arrived; send them first",
        members=members,
    )


def open_ledger(actor: Actor, visit_id: str, *, settings: Settings, at: datetime) -> Row:
    """Read what evidence a visit needs, what has arrived, is missing or was refused; raises NOT_FOUND out of sight.

    `missing` and `errors` are what a submission of the content held would be refused with.
    """
    visit = find_visit(actor, visit_id)
    checklist = checklist_of(visit)
    needs = needs_of(visit, checklist, settings, at)
    person = visit["auditor"]
    refused = refusals_of(person, needs.missing)
    photos_known = (with_remarks(needs.arrived), refused)
    later = standing_of(needs.follow_ups)
    lines = rules.item_lines(checklist, visit["observations"], needs.standings, *photos_known, follow_ups=later)
    return {
        "visit": visit_id,
        **{name: visit[name] for name in ("revision", "content_hash", "state", "dealer", "checklist")},
        "complete": not needs.missing and not needs.missing_attachments and not needs.errors,
        "missing": needs.missing,
        "missing_attachments": needs.missing_attachments,
        "errors": needs.errors,
        "totals": rules.totals(lines),
        "items": lines,
        "replaced": _refused_before(visit, person),
    }


def with_remarks(arrived: dict[str, datetime]) -> dict[str, Row]:
    """Give when photos arrived and what is remarked of them, in words."""
    codes = photos.remarks_of(arrived)
    return {
        sha256: {"received_at": moment, "remarks": [asdict(remark(code)) for code in codes.get(sha256, [])]}
        for sha256, moment in arrived.items()
    }


def _refused_before(visit: Row, person: str) -> list[Row]:
    """Find refused photos that an earlier revision named and a later one replaced."""
    refused = refusals_since(person)
    wanted = set(refused) - set(photo_hashes(visit["observations"])) - photos.sent_by(person, refused)
    if not wanted or visit["revision"] == 1:
        return []
    named = visits.items_naming(visit["_id"], sorted(wanted))
    return [
        {"sha256": sha256, "items": named[sha256], "refusal": refusal}
        for sha256, refusal in refused.items()
        if sha256 in named
    ]
