"""Verbs on the attachments of a visit: check what is named, list what arrived."""

from __future__ import annotations

from datetime import datetime

from audit_api import problems
from audit_api.domain.attachments import (
    attachment_hashes,
    of_other_kind,
    recording_refusal,
    references,
    refused_recordings,
)
from audit_api.domain.checklists import Text
from audit_api.domain.directory import Actor
from audit_api.models.base import Row
from audit_api.operations import attachments
from audit_api.operations.programmes import is_recording_allowed
from audit_api.operations.visit_reading import checklist_of, find_visit
from audit_api.problems import Problem


def check_recordings(visit: Row) -> None:
    """Hold the recordings that a visit names against its programme and checklist; raises RECORDING_NOT_ALLOWED by item.

    A visit without attachments costs nothing.
    """
    refusal, errors = _recordings(visit, _facts(visit))
    if refusal and errors:
        raise Problem(problems.RECORDING_NOT_ALLOWED, zh=refusal.zh, en=refusal.en, members={"errors": errors})


def attachment_needs(visit: Row) -> tuple[dict[str, datetime], list[str], list[Row]]:
    """Find when a visit's attachments arrived, which hashes did not, and what is wrong with those named, by item."""
    facts = _facts(visit)
    missing = [sha256 for sha256 in attachment_hashes(visit["observations"]) if sha256 not in facts]
    errors = _recordings(visit, facts)[1] + of_other_kind(visit["observations"], facts)
    return {sha256: row["sent_at"] for sha256, row in facts.items()}, missing, errors


def _facts(visit: Row) -> dict[str, Row]:
    return attachments.facts_of(visit["auditor"], attachment_hashes(visit["observations"]))


def _recordings(visit: Row, facts: dict[str, Row]) -> tuple[Text | None, list[Row]]:
    """Say why sound may not be recorded on a visit, None where it may, and name what holds some all the same."""
    if not attachment_hashes(visit["observations"]):
        return None, []
    allowed = is_recording_allowed(visit["programme"])
    refusal = recording_refusal(allowed=allowed, capture=checklist_of(visit).capture)
    return refusal, refused_recordings(visit["observations"], facts, refusal) if refusal else []


def list_visit_attachments(actor: Actor, visit_id: str) -> Row:
    """List the attachments that a visit in sight names, in its order; `facts` is None for one that has not arrived."""
    visit = find_visit(actor, visit_id)
    facts = _facts(visit)
    items = [
        {
            "item": item,
            **reference,
            "received_at": facts[reference["sha256"]]["sent_at"] if reference["sha256"] in facts else None,
            "facts": attachments.shown(facts[reference["sha256"]]) if reference["sha256"] in facts else None,
        }
        for item, reference in references(visit["observations"])
    ]
    return {"visit": visit_id, "items": items}
