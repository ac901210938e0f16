"""Verbs on the attachments of a visit: check what is named, list what arrived."""

from __future__ import annotations

from audit_api import problems
from audit_api.domain.attachments import (
    attachment_hashes,
    of_other_kind,
    recording_refusal,
    references,
    refused_recordings,
)
from audit_api.domain.directory import Actor
from audit_api.models.base import Row
from audit_api.operations import attachments
from audit_api.operations.programmes import is_recording_allowed
from audit_api.operations.visit_reading import checklist_of, find_visit
from audit_api.problems import Problem


def check_recordings(visit: Row) -> dict[str, Row]:
    """Hold the recordings that a visit names against its programme and checklist; gives the facts of what arrived.

    Raises RECORDING_NOT_ALLOWED by item. A visit without attachments costs nothing.
    """
    hashes = attachment_hashes(visit["observations"])
    if not hashes:
        return {}
    facts = attachments.facts_of(visit["auditor"], hashes)
    allowed = is_recording_allowed(visit["programme"])
    refusal = recording_refusal(allowed=allowed, capture=checklist_of(visit).capture)
    if refusal and (errors := refused_recordings(visit["observations"], facts, refusal)):
        raise Problem(problems.RECORDING_NOT_ALLOWED, zh=refusal.zh, en=refusal.en, members={"errors": errors})
    return facts


def check_kinds(visit: Row, facts: dict[str, Row]) -> None:
    """Raise EVIDENCE_MISSING by item for attachments of another kind than their references say."""
    if errors := of_other_kind(visit["observations"], facts):
        raise Problem(
            problems.EVIDENCE_MISSING,
            zh=f"有 {len(errors)} 个附件的类型与所填不符",
            en=f"{len(errors)} attachments are of another kind than was said",
            members={"errors": errors},
        )


def list_visit_attachments(actor: Actor, visit_id: str) -> Row:
    """List the attachments that a visit in sight names, in its order; `facts` is None for one that has not arrived."""
    visit = find_visit(actor, visit_id)
    facts = attachments.facts_of(visit["auditor"], attachment_hashes(visit["observations"]))
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
