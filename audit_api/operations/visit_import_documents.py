"""Past visits as they are kept: the same document as a phone's, with a stamp, and an assignment made for each."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

from audit_api.domain import visits as rules
from audit_api.domain.evidence_rules import answers_of
from audit_api.domain.scoring import score_visit
from audit_api.domain.visit_rows import PastVisit
from audit_api.domain.visits import State
from audit_api.models.base import Row
from audit_api.operations.import_ledger import Document

NAMESPACE = uuid.UUID("6f2a8c1e-5d0b-4b57-9a86-3c1f0e7d9b42")
"""Ours, for ids of past visits (RFC 9562, version 5)."""
CLIENT = {"app": "import", "device": ""}
SHORTEST_WINDOW = timedelta(minutes=1)


@dataclass(frozen=True)
class Importing:
    """What holds for every visit of one import."""

    source: str
    batch: str
    by: str
    at: datetime
    programmes: Mapping[str, str]
    hold_days: int

    def visit_id(self, visit: PastVisit) -> str:
        """Name a visit by brand, source and the source's id: the same file again names the same visits."""
        head = visit.head
        return str(uuid.uuid5(NAMESPACE, f"{head.dealer.brand}\n{head.source}\n{head.visit_id}"))


def content_of(visit: PastVisit) -> dict[str, Any]:
    """Give what a content hash covers: all that the source says of the visit."""
    head = visit.head
    return {
        "dealer": head.dealer.code,
        "checklist": {"code": head.checklist.code, "version": head.checklist.version},
        "auditor": head.auditor,
        "started_at": head.started_at.isoformat(),
        "ended_at": head.ended_at and head.ended_at.isoformat(),
        "submitted_at": head.submitted_at and head.submitted_at.isoformat(),
        "selected_by": head.selected_by,
        "observations": visit.observations,
    }


def past_visit(
    visit: PastVisit, visit_id: str, content: Row, content_hash: str, importing: Importing, *, scored: bool
) -> Row:
    """Make the document of a past visit: approved, for its source has seen to its quality.

    `scored` false leaves the score out, of a visit that is only compared. Nothing a phone records is made up.
    """
    head, at = visit.head, importing.at
    checklist = head.checklist
    over_at = head.ended_at or head.started_at
    document: Row = {
        "_id": visit_id,
        "revision": 1,
        "content_hash": content_hash,
        "state": State.APPROVED.value,
        "active": True,
        "assignment": f"past-{uuid.UUID(visit_id).hex}",
        "wave": head.wave,
        "programme": importing.programmes.get(head.wave, ""),
        "brand": head.dealer.brand,
        "dealer": head.dealer.code,
        "mode": checklist.mode,
        "domain": checklist.domain,
        "selected_by": head.selected_by,
        "auditor": head.auditor,
        "checklist": content["checklist"],
        "started_at": head.started_at,
        "ended_at": head.ended_at,
        "locale": "zh",
        "client": CLIENT,
        "observations": visit.observations,
        "received_at": at,
        "updated_at": at,
        "skew_seconds": None,
        "submitted_at": head.submitted_at or over_at,
        "submitted_revision": 1,
        "unverified": [],
        "approved_at": at,
        "earliest_release_at": rules.earliest_release_at(
            checklist.mode, over_at, importing.hold_days, head.dealer.timezone
        ),
        "imported": {
            "source": head.source,
            "visit_id": head.visit_id,
            "batch": importing.batch,
            "row": visit.row,
            "by": importing.by,
            "at": at,
        },
        "record_revision": 1,
    }
    if scored:
        document |= scores(document, visit, importing, "import")
    return document


def scores(document: Row, visit: PastVisit, importing: Importing, reason: str) -> Row:
    """Score a past visit as any other; encoded once, because it is kept twice."""
    checklist = visit.head.checklist
    made = score_visit(checklist, answers_of(checklist, visit.observations)).as_document()
    score = RawBSONDocument(bson.encode(made))
    entry = {"at": importing.at, "reason": reason, "by": importing.by, "score": score}
    entry |= {name: document[name] for name in ("revision", "content_hash")}
    return {"score": score, "scores": [entry]}


def assignment_of(document: Document) -> Row:
    """Make the assignment that a past visit had: for nobody to carry out, so that every visit has one."""
    last = max(document["ended_at"] or document["started_at"], document["started_at"] + SHORTEST_WINDOW)
    same = ("wave", "programme", "brand", "dealer", "checklist", "mode", "domain", "auditor", "selected_by")
    return {
        "_id": document["assignment"],
        **{name: document[name] for name in same},
        "window_from": document["started_at"],
        "window_to": last,
        "scenario": "",
        "briefing": "",
        "created_at": document["imported"]["at"],
        "imported": document["imported"]["batch"],
    }


def content_kept(document: Document) -> Row:
    """Give the content of a document that is kept beside another, in the form of `content_of`."""
    names = ("dealer", "checklist", "auditor", "selected_by", "observations")
    times = {name: document[name] and document[name].isoformat() for name in ("started_at", "ended_at", "submitted_at")}
    return {name: document[name] for name in names} | times
