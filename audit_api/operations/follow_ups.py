"""Verbs on late follow-up items: keep them open after a submission, take them in, close them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from audit_api import problems
from audit_api.domain import follow_ups as rules
from audit_api.domain import visits as visit_rules
from audit_api.domain.checklists import Checklist
from audit_api.domain.directory import Actor
from audit_api.domain.evidence_rules import answers_of
from audit_api.domain.scoring import score_visit
from audit_api.domain.visit_versions import changed_items
from audit_api.domain.visits import Event, State
from audit_api.models import trail, visits
from audit_api.models.base import Row, in_transaction, to_milliseconds
from audit_api.models.programmes import Assignment
from audit_api.operations.findings import raise_findings
from audit_api.operations.visit_reading import checklist_of, score_entry, version_of
from audit_api.problems import Problem
from audit_api.settings import Settings

AT_ONCE = 200
OPEN_STATES = (State.SUBMITTED.value, State.IN_QC.value)


def follow_ups_of(visit: Row, checklist: Checklist, settings: Settings, at: datetime) -> list[Row]:
    """Give the follow-ups of a visit: those its submission left open; before it, those one at this moment would."""
    if visit.get("submitted_revision") is not None:
        return list(visit.get("follow_ups") or ())
    if not rules.marked(checklist):
        return []
    assignment = Assignment._get_collection().find_one({"_id": visit["assignment"]}, {"window_from": 1}) or {}
    opened = assignment.get("window_from") or visit["started_at"]
    ended_at = visit_rules.visit_end(visit["ended_at"] or at, opened, at)
    answers = answers_of(checklist, visit["observations"])
    return rules.begin(checklist, answers, to_milliseconds(ended_at), settings.follow_up_grace_hours, at)


def refused_changes(held: Row, fresh: Row, at: datetime) -> list[Row] | None:
    """Tell what a revision of a submitted visit may not change; empty: it is taken.

    None: nothing may change at all, or none of the follow-ups does.
    """
    open_now = visit_rules.after(State(held["state"]), Event.FOLLOW_UP) is not None
    if not open_now or not held.get("follow_ups") or held["observations"] == fresh["observations"]:
        return None
    fields = [name for name in ("started_at", "ended_at") if held[name] != fresh[name]]
    zh, en = rules.NOT_A_FOLLOW_UP
    errors: list[Row] = [{"field": name, "code": "not_a_follow_up", "message": {"zh": zh, "en": en}} for name in fields]
    found = rules.refused_changes(held["follow_ups"], held["observations"], fresh["observations"], at)
    return errors + [problem.as_document() for problem in found]


def submission_event(visit: Row) -> Event:
    """Tell a submission from one that adds late answers to it."""
    late = visit["state"] in OPEN_STATES and visit["revision"] > (visit.get("submitted_revision") or 0)
    return Event.FOLLOW_UP if late else Event.SUBMIT


def open_window(visit: Row, checklist: Checklist, follow_ups: list[Row]) -> datetime | None:
    """Give when the last follow-up without an answer closes; None where none is outstanding."""
    left = rules.outstanding(checklist, follow_ups, answers_of(checklist, visit["observations"]))
    # What an unanswered follow-up hides may be asked once it is answered: the last window counts.
    return max((row["open_until"] for row in follow_ups), default=None) if left else None


def late_unsubmitted(visit: Row) -> set[str]:
    """Name the items whose late answers are held and were never submitted: their evidence may not be here."""
    if visit["revision"] == visit.get("submitted_revision") or not visit.get("follow_ups"):
        return set()
    submitted = version_of(visit, visit["submitted_revision"])
    return changed_items(submitted["observations"], visit["observations"])


def check_closed(visit: Row, checklist: Checklist, at: datetime) -> None:
    """Raise FOLLOW_UPS_OPEN naming what may still come: approval waits for it, or for the end of its window."""
    held = visit.get("follow_ups") or []
    waiting = rules.outstanding(checklist, held, answers_of(checklist, visit["observations"]), at)
    late = late_unsubmitted(visit)
    waiting += [row for row in held if row["item"] in late and at < row["open_until"]]
    if waiting:
        until = max(row["open_until"] for row in held)
        raise Problem(
            problems.FOLLOW_UPS_OPEN,
            zh=f"有 {len(waiting)} 个跟进项仍可补录，最迟至 {until.isoformat(timespec='minutes')}；之后方可批准",
            en=f"{len(waiting)} follow-up items may still come, until {until.isoformat(timespec='minutes')}; "
            "approve after that",
            members={
                "items": [{"item": row["item"], "open_until": row["open_until"].isoformat()} for row in waiting],
            },
        )


def close_follow_ups(*, actor: Actor, at: datetime, most: int = AT_ONCE) -> int:
    """Close the follow-ups whose windows have ended unanswered, for so many visits at most; gives their number.

    Each such visit gets a further version of its score, over what was submitted: an item that nobody answered is left
    out like N/A and lowers the coverage. Safe to repeat and to race.
    """
    wanted = {"follow_ups_until": {"$lte": at}, "state": {"$in": list(OPEN_STATES)}}
    rows = list(visits.Visit._get_collection().find(wanted).sort("follow_ups_until", 1).limit(most))
    return sum(_close(visit, actor, at) for visit in rows)


def _close(visit: Row, actor: Actor, at: datetime) -> bool:
    checklist = checklist_of(visit)
    submitted = version_of(visit, visit["submitted_revision"])
    answers = answers_of(checklist, submitted["observations"])
    score = score_visit(checklist, answers, frozenset(visit.get("unverified") or ()))
    entry = score_entry(visit | {"revision": visit["submitted_revision"], "content_hash": submitted["content_hash"]},
                        score, "follow_up_closed", actor, at)  # fmt: skip
    left = [row["item"] for row in rules.outstanding(checklist, visit["follow_ups"], answers)]
    unchanged = {name: visit[name] for name in ("_id", "state", "record_revision")}
    update: dict[str, Any] = {
        "$set": {"score": score.as_document()},
        "$unset": {"follow_ups_until": ""},
        "$push": {"scores": entry},
        "$inc": {"record_revision": 1},
    }

    def write(session: ClientSession) -> bool:
        if not visits.Visit._get_collection().update_one(unchanged, update, session=session).matched_count:
            return False  # somebody was quicker: the next run sees to what is left
        raise_findings(visit, checklist, score, at=at, session=session)
        details = {"unanswered": left, "raw": score.raw, "capped": score.capped}
        trail.append(
            "visit", visit["_id"], "follow_ups_closed", actor_id=actor.id, at=at, details=details, session=session
        )
        return True

    return in_transaction(write)
