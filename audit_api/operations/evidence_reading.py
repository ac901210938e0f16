"""Who may see a photo or an attachment, and its bytes as they were sent."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from audit_api import problems
from audit_api.domain.directory import Actor, Role
from audit_api.evidence.store import BlobStore
from audit_api.models import photos, trail
from audit_api.models.base import Row, collection
from audit_api.operations.directory import scope_filter
from audit_api.operations.evidence_intake import EvidenceKind, check_name
from audit_api.problems import Problem


def is_in_sight(kind: EvidenceKind, sha256: str, actor: Actor) -> bool:
    """Tell whether a person sent the file, or has a visit or a dealer's reply in sight whose sender names it.

    That the visit's own auditor sent it matters: naming somebody else's hash must open nothing.
    A dealer sees no file by its hash.
    """
    if actor.role is Role.DEALER:
        return False
    senders = photos.senders_of(sha256, kind.uploads)
    if actor.id in senders:
        return True
    if actor.role is Role.AUDITOR or not senders:
        return False
    naming = {f"observations.{kind.named_as}.sha256": sha256, "auditor": {"$in": senders}}
    replied = {
        "$or": [
            {"replies": {"$elemMatch": {kind.named_as: sha256, "by": {"$in": senders}}}},
            {f"appeal.{kind.named_as}": sha256, "appeal.by": {"$in": senders}},
        ]
    }
    return any(
        collection(name).find_one({"$and": [wanted, scope_filter(actor)]}, {"_id": 1}) is not None
        for name, wanted in (("visits", naming), ("questions", replied))
    )


def check_sight(kind: EvidenceKind, sha256: str, actor: Actor) -> None:
    """Raise NOT_FOUND where the file is not whole or this person may not know of it."""
    check_name(sha256)
    if not is_in_sight(kind, sha256, actor):
        raise Problem(problems.NOT_FOUND)


def open_original(
    kind: EvidenceKind, store: BlobStore, sha256: str, *, actor: Actor, at: datetime
) -> tuple[Row, BinaryIO]:
    """Open the bytes as they were sent, and record who did; raises NOT_FOUND.

    Returns `{"name", "byte_count"}` and a file to be read and closed by the caller.
    """
    check_sight(kind, sha256, actor)
    row = kind.facts._get_collection().find_one({"_id": sha256}, {"format": 1, "byte_count": 1})
    if row is None:
        raise Problem(problems.NOT_FOUND)
    blob = store.open(sha256)
    trail.append(kind.noun, sha256, kind.opened, actor_id=actor.id, at=at)
    return {"name": f"{sha256[:16]}.{kind.endings[row['format']]}", "byte_count": row["byte_count"]}, blob
