"""The files of a dealer's reply or appeal: sent by the same person, and no sound where none may be recorded."""

from __future__ import annotations

from audit_api import problems
from audit_api.domain.attachments import recording_refusal
from audit_api.domain.directory import Actor
from audit_api.models import photos
from audit_api.models.base import Row
from audit_api.models.programmes import Wave
from audit_api.operations.attachments import facts_of
from audit_api.operations.evidence_ledger import photos_missing
from audit_api.operations.programmes import is_recording_allowed
from audit_api.problems import Problem


def require_sent(actor: Actor, question: Row, said: Row) -> None:
    """Raise PHOTOS_MISSING for photos and attachments this person has not sent whole, and RECORDING_NOT_ALLOWED."""
    facts = facts_of(actor.id, said["attachments"])
    missing = sorted(set(said["photos"]) - photos.sent_by(actor.id, said["photos"]))
    not_attached = sorted(set(said["attachments"]) - facts.keys())
    if missing or not_attached:
        raise photos_missing(actor.id, missing, not_attached)
    if any(row["has_audio"] for row in facts.values()):
        wave = Wave._get_collection().find_one({"_id": question["wave"]}, {"programme": 1}) or {}
        refusal = recording_refusal(allowed=is_recording_allowed(wave.get("programme", "")))
        if refusal:
            raise Problem(problems.RECORDING_NOT_ALLOWED, zh=refusal.zh, en=refusal.en)
