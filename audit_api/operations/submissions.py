"""Verbs on submissions: check what is missing, score, raise findings, give a receipt."""

from __future__ import annotations

from datetime import datetime

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain import signatures
from audit_api.domain import visits as rules
from audit_api.domain.attachments import references
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor
from audit_api.domain.evidence_rules import answers_of
from audit_api.domain.scoring import VisitScore, score_visit
from audit_api.domain.visit_checks.registry import open_checks
from audit_api.domain.visits import Event, State
from audit_api.models import trail, visits
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.models.directory import Dealer
from audit_api.models.programmes import Assignment
from audit_api.operations.evidence_ledger import Needs, needs_of, photos_missing
from audit_api.operations.findings import raise_findings
from audit_api.operations.follow_ups import open_window, submission_event
from audit_api.operations.receipts import FORMAT, signing_seed
from audit_api.operations.visit_attachments import check_recordings
from audit_api.operations.visit_checks import check_visit
from audit_api.operations.visit_reading import checklist_of, find_visit, score_entry
from audit_api.problems import Problem
from audit_api.settings import Settings

ATTEMPTS = 8
REASONS = {Event.SUBMIT: ("submission", "submitted"), Event.FOLLOW_UP: ("follow_up", "followed_up")}
"""Under what reason a score is kept, and what the trail calls it."""


class _OutdatedError(Exception):
    """The visit changed between reading and writing."""


def submit_visit(visit_id: str, *, revision: int | None = None, settings: Settings, actor: Actor, at: datetime) -> Row:
    """Submit the revision that the phone believes current (None: whatever is held); returns the receipt.

    A revision submitted before gives the same receipt again, whatever happened since; one that adds late answers to a
    submitted visit gives a receipt and a score of its own. Raises NOT_FOUND,
    REVISION_CONFLICT (another revision is held), VISIT_LOCKED, PHOTOS_MISSING with the hashes, EVIDENCE_MISSING and
    RECORDING_NOT_ALLOWED by item. State, score, findings, what the quality checks said, receipt and trail are written
    in one transaction.
    """
    for _ in range(ATTEMPTS):
        visit = find_visit(actor, visit_id)
        wanted = visit["revision"] if revision is None else revision
        if present := visits.VisitReceipt._get_collection().find_one({"_id": f"{visit_id}:{wanted}"}):
            receipt: Row = present["receipt"]
            return receipt
        _check_current(visit, wanted)
        checklist = checklist_of(visit)
        needs = _check_complete(visit, checklist, settings, at)
        score = score_visit(checklist, answers_of(checklist, visit["observations"]))
        receipt = make_receipt(visit, needs.arrived, at, signing_seed(settings, actor=actor, at=at))
        try:
            checks = check_visit(visit, checklist, settings)
            _write(
                visit,
                checklist,
                score,
                receipt,
                checks,
                follow_ups=needs.follow_ups,
                settings=settings,
                actor=actor,
                at=at,
            )
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
    if rules.after(State(visit["state"]), submission_event(visit)) is None:
        raise Problem(problems.VISIT_LOCKED, members=members)


def _check_complete(visit: Row, checklist: Checklist, settings: Settings, at: datetime) -> Needs:
    """Give what the visit has; raises RECORDING_NOT_ALLOWED, PHOTOS_MISSING with hashes, EVIDENCE_MISSING by item."""
    check_recordings(visit)
    needs = needs_of(visit, checklist, settings, at)
    if needs.missing or needs.missing_attachments:
        raise photos_missing(visit["auditor"], needs.missing, needs.missing_attachments)
    if needs.errors:
        raise Problem(
            problems.EVIDENCE_MISSING,
            zh=f"还有 {len(needs.errors)} 处需要补充或说明",
            en=f"{len(needs.errors)} things are still missing or to be explained",
            members={"errors": needs.errors},
        )
    return needs


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
    follow_ups: list[Row],
    settings: Settings,
    actor: Actor,
    at: datetime,
) -> None:
    submitted_at = to_milliseconds(at)
    event = submission_event(visit)
    state = rules.after(State(visit["state"]), event)
    assert state is not None
    changed = {
        "state": state.value,
        "submitted_revision": visit["revision"],
        "score": score.as_document(),
        "checks": checks,
        "check_counts": open_checks(checks),
        "follow_ups": follow_ups,
    }
    if event is Event.SUBMIT:  # late answers leave the time of submission as it is: they carry their own
        changed |= {
            "submitted_at": submitted_at,
            "unverified": [],
            "cleared": [],
            "earliest_release_at": _earliest_release(visit, submitted_at, settings),
        }
    until = open_window(visit, checklist, follow_ups)
    update: Row = {"$set": changed | ({"follow_ups_until": until} if until else {}), "$inc": {"record_revision": 1}}
    if until is None:
        update["$unset"] = {"follow_ups_until": ""}
    unchanged = {name: visit[name] for name in ("_id", "revision", "content_hash", "state", "record_revision")}
    reason, verb = REASONS[event]
    update["$push"] = {"scores": score_entry(visit, score, reason, actor, at)}

    def write(session: ClientSession) -> None:
        done = visits.Visit._get_collection().update_one(unchanged, update, session=session)
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
        trail.append("visit", visit["_id"], verb, actor_id=actor.id, at=at, details=details, session=session)

    in_transaction(write)


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
