"""The files of a dealer's reply or appeal: sent by the same person, and no sound where none may be recorded."""

from __future__ import annotations

from audit_api import problems
from audit_api.domain.attachments import recording_refusal
from audit_api.domain.directory import Actor
from audit_api.models import photos
from audit_api.models.base import Row
from audit_api.operations.attachments import facts_of
from audit_api.operations.programmes import find_wave, is_recording_allowed
from audit_api.problems import Problem


def require_sent(actor: Actor, question: Row, said: Row) -> None:
    """Raise PHOTOS_MISSING for photos and attachments this person has not sent whole, and RECORDING_NOT_ALLOWED."""
    facts = facts_of(actor.id, said["attachments"])
    missing = sorted(set(said["photos"]) - photos.sent_by(actor.id, said["photos"]))
    not_attached = sorted(set(said["attachments"]) - facts.keys())
    if missing or not_attached:
        raise Problem(
            problems.PHOTOS_MISSING,
            zh=f"有 {len(missing)} 张照片、{len(not_attached)} 个附件尚未收到，请先上传",
            en=f"{len(missing)} photos and {len(not_attached)} attachments have not arrived; send them first",
            members={"missing": missing, "missing_attachments": not_attached},
        )
    if any(row["has_audio"] for row in facts.values()):
        wave = find_wave(question["wave"])
        refusal = recording_refusal(allowed=wave is not None and is_recording_allowed(wave.programme))
        if refusal:
            raise Problem(problems.RECORDING_NOT_ALLOWED, zh=refusal.zh, en=refusal.en)
