"""Verbs on submissions: check what is missing, score, raise findings, give a receipt."""

from __future__ import annotations

from datetime import datetime

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain import signatures
from audit_api.domain import visits as rules
from audit_api.domain.attachments import attachment_hashes, references
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor
from audit_api.domain.evidence_rules import answers_of, missing_evidence, photo_hashes
from audit_api.domain.scoring import VisitScore, score_visit
from audit_api.domain.visit_checks.registry import open_checks
from audit_api.domain.visit_versions import not_asked
from audit_api.domain.visits import Event, State
from audit_api.models import photos, trail, visits
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.models.directory import Dealer
from audit_api.models.programmes import Assignment
from audit_api.operations.findings import raise_findings
from audit_api.operations.receipts import FORMAT, signing_seed
from audit_api.operations.visit_attachments import check_kinds, check_recordings
from audit_api.operations.visit_checks import check_visit
from audit_api.operations.visit_reading import checklist_of, find_visit, version_of
from audit_api.problems import Problem
from audit_api.settings import Settings

ATTEMPTS = 8


class _OutdatedError(Exception):
    """The visit changed between reading and writing."""


def submit_visit(visit_id: str, *, revision: int | None = None, settings: Settings, actor: Actor, at: datetime) -> Row:
    """Submit the revision that the phone believes current (None: whatever is held); returns the receipt.

    A revision submitted before gives the same receipt again, whatever happened since. Raises NOT_FOUND,
    REVISION_CONFLICT (another revision is held), VISIT_LOCKED, PHOTOS_MISSING with the hashes, EVIDENCE_MISSING
    and RECORDING_NOT_ALLOWED by item. State, score, findings, what the quality checks said, receipt and trail are
    written in one transaction.
    """
    for _ in range(ATTEMPTS):
        visit = find_visit(actor, visit_id)
        wanted = visit["revision"] if revision is None else revision
        if present := visits.VisitReceipt._get_collection().find_one({"_id": f"{visit_id}:{wanted}"}):
            receipt: Row = present["receipt"]
            return receipt
        _check_current(visit, wanted)
        checklist = checklist_of(visit)
        facts = check_recordings(visit)
        arrived = _arrived(visit, facts)
        check_kinds(visit, facts)
        _check_complete(visit, checklist)
        _check_asked(visit, checklist)
        score = score_visit(checklist, answers_of(checklist, visit["observations"]))
        receipt = make_receipt(visit, arrived, at, signing_seed(settings, actor=actor, at=at))
        try:
            checks = check_visit(visit, checklist, settings)
            _write(visit, checklist, score, receipt, checks, settings=settings, actor=actor, at=at)
        except _OutdatedError:
            continue
        return receipt
    raise RuntimeError(f"visit {visit_id} is too busy")


def _check_current(visit: Row, wanted: int) -> None:
    members = {"current_revision": visit["revision"], "state": visit["state"]}
    if wanted != visit["revision"]:
        raise Problem(
            problems.REVISION_CONFLICT,
            zh=f"服务器上的修订号是 {visit['revision']}，不是 {wanted}；请先同步",
            en=f"The server holds revision {visit['revision']}, not {wanted}; synchronise first",
            members=members,
        )
    if rules.after(State(visit["state"]), Event.SUBMIT) is None:
        raise Problem(problems.VISIT_LOCKED, members=members)


def _arrived(visit: Row, attached: dict[str, Row]) -> dict[str, datetime]:
    """Give when each photo and attachment named arrived; raises PHOTOS_MISSING with the hashes that did not.

    `attached`: the facts of attachments that did. A hash sent as a photo stands for no attachment, nor the other way.
    """
    named = photo_hashes(visit["observations"])
    ids = [photos.upload_id(visit["auditor"], sha256) for sha256 in named]
    rows = photos.PhotoUpload._get_collection().find({"_id": {"$in": ids}}, {"sha256": 1, "received_at": 1})
    arrived = {row["sha256"]: row["received_at"] for row in rows}
    missing = [sha256 for sha256 in named if sha256 not in arrived]
    not_attached = [sha256 for sha256 in attachment_hashes(visit["observations"]) if sha256 not in attached]
    if missing or not_attached:
        raise Problem(
            problems.PHOTOS_MISSING,
            zh=f"还有 {len(missing)} 张照片、{len(not_attached)} 个附件未到，请上传后重新提交",
            en=f"{len(missing)} photos and {len(not_attached)} attachments have not arrived; "
            "send them, then submit again",
            members={"missing": missing, "missing_attachments": not_attached},
        )
    return arrived | {sha256: row["sent_at"] for sha256, row in attached.items()}


def _check_complete(visit: Row, checklist: Checklist) -> None:
    dealer = Dealer._get_collection().find_one({"_id": visit["dealer"]}, {"lat": 1, "lon": 1, "datum": 1}) or {}
    # Positions in another datum are hundreds of metres off: an honest auditor is not accused by a map.
    known = dealer.get("datum") == "WGS-84" and dealer.get("lat") is not None and dealer.get("lon") is not None
    errors = missing_evidence(checklist, visit["observations"], (dealer["lat"], dealer["lon"]) if known else None)
    if visit["ended_at"] is None:
        ended = {"zh": "走访尚未结束：请填写结束时间", "en": "the visit has not ended: give its ended_at"}
        errors.insert(0, {"field": "ended_at", "code": "required", "message": ended})
    if errors:
        raise Problem(
            problems.EVIDENCE_MISSING,
            zh=f"还有 {len(errors)} 处需要补充",
            en=f"{len(errors)} things are still missing",
            members={"errors": errors},
        )


def _check_asked(visit: Row, checklist: Checklist) -> None:
    """Hold a returned visit to what was asked; whoever changes more says why. Raises EVIDENCE_MISSING by item."""
    if visit["state"] != State.RETURNED.value or visit.get("correction"):
        return
    sent = version_of(visit, visit["submitted_revision"])["observations"]
    asked = [note["item"] for note in visit["returned"]["notes"]]
    message = {
        "zh": "未要求更正此题；请改回，或在 correction 中说明原因",
        "en": "nobody asked to change this: change it back, or say why in correction",
    }
    extra = not_asked(checklist, asked, sent, visit["observations"])
    if extra:
        raise Problem(
            problems.EVIDENCE_MISSING,
            zh=f"有 {len(extra)} 题未要求更正而被改动，请说明原因",
            en=f"{len(extra)} items changed that nobody asked about; say why",
            members={"errors": [{"item": item, "code": "not_asked", "message": message} for item in extra]},
        )


def make_receipt(visit: Row, arrived: dict[str, datetime], at: datetime, seed: bytes) -> Row:
    """Make the receipt of a submission: what was taken in, when, signed (see domain/signatures.py)."""
    receipt: Row = {
        "format": FORMAT,
        "visit": visit["_id"],
        "revision": visit["revision"],
        "content_hash": visit["content_hash"],
        "photos": [
            {
                "item": observation["item"],
                "slot": photo["slot"],
                "sha256": photo["sha256"],
                "received_at": arrived[photo["sha256"]].isoformat(),
            }
            for observation in visit["observations"]
            for photo in observation["photos"]
        ],
        "attachments": [
            {
                "item": item,
                "slot": reference["slot"],
                "sha256": reference["sha256"],
                "kind": reference["kind"],
                "received_at": arrived[reference["sha256"]].isoformat(),
            }
            for item, reference in references(visit["observations"])
        ],
        "server_time": to_milliseconds(at).isoformat(),
    }
    return signatures.sign(receipt, seed)


def _write(
    visit: Row,
    checklist: Checklist,
    score: VisitScore,
    receipt: Row,
    checks: list[Row],
    *,
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> None:
    submitted_at = to_milliseconds(at)
    state = rules.after(State(visit["state"]), Event.SUBMIT)
    assert state is not None
    changed = {
        "state": state.value,
        "submitted_at": submitted_at,
        "submitted_revision": visit["revision"],
        "score": score.as_document(),
        "unverified": [],
        "checks": checks,
        "check_counts": open_checks(checks),
        "cleared": [],
        "earliest_release_at": _earliest_release(visit, submitted_at, settings),
    }
    unchanged = {name: visit[name] for name in ("_id", "revision", "content_hash", "state", "record_revision")}
    entry = score_entry(visit, score, "submission", actor, at)

    def write(session: ClientSession) -> None:
        done = visits.Visit._get_collection().update_one(
            unchanged, {"$set": changed, "$inc": {"record_revision": 1}, "$push": {"scores": entry}}, session=session
        )
        if not done.matched_count:
            raise _OutdatedError
        raise_findings(visit, checklist, score, at=at, session=session)
        visits.VisitReceipt._get_collection().insert_one(
            {"_id": f"{visit['_id']}:{visit['revision']}", "visit": visit["_id"], "receipt": receipt}, session=session
        )
        details = {
            "revision": visit["revision"],
            "content_hash": visit["content_hash"],
            "state": state.value,
            "raw": score.raw,
            "capped": score.capped,
            "receipt": receipt["signature"],
        }
        trail.append("visit", visit["_id"], "submitted", actor_id=actor.id, at=at, details=details, session=session)

    in_transaction(write)


def score_entry(visit: Row, score: VisitScore, reason: str, actor: Actor, at: datetime) -> Row:
    """Make the entry under which a score is kept for good."""
    return {
        "at": to_milliseconds(at),
        "reason": reason,
        "by": actor.id,
        "revision": visit["revision"],
        "content_hash": visit["content_hash"],
        "score": score.as_document(),
    }


def _earliest_release(visit: Row, submitted_at: datetime, settings: Settings) -> datetime:
    assignment = Assignment._get_collection().find_one({"_id": visit["assignment"]}, {"window_from": 1}) or {}
    ended_at = rules.visit_end(visit["ended_at"], assignment.get("window_from") or visit["started_at"], submitted_at)
    return rules.earliest_release_at(
        visit["mode"], ended_at, settings.covert_hold_days, dealer_timezone(visit["dealer"])
    )


def dealer_timezone(code: str) -> str:
    """Give a dealer's time zone: its half-days are told on its own clock."""
    row = Dealer._get_collection().find_one({"_id": code}, {"timezone": 1}) or {}
    return str(row.get("timezone") or "Asia/Shanghai")
