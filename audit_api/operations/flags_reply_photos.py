"""The photographs of a dealer's answers: what its replies and its appeal name, what has arrived, what was refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit_api.domain import evidence_ledger as rules
from audit_api.domain.directory import Actor
from audit_api.models import photos
from audit_api.models.base import Row
from audit_api.operations.evidence_ledger import with_remarks
from audit_api.operations.flags_hearing import find_question
from audit_api.operations.photo_refusals import refusals_since


def open_reply_photos(actor: Actor, question_id: str) -> Row:
    """Read the photographs that a dealer's answers to a question name, and one's own uploads that were refused since.

    Nothing of the visits, their photographs or their auditors is in it. Raises NOT_FOUND.
    """
    question = find_question(actor, question_id)
    answers = [("reply", reply) for reply in question["replies"]]
    if question["appeal"]:
        answers.append(("appeal", question["appeal"]))
    arrived: dict[str, datetime] = {}
    places: list[tuple[dict[str, Any], str]] = []
    for kind, answer in answers:
        arrived |= photos.arrivals(answer["by"], answer["photos"])
        places += [({"answer": kind, "at": answer["at"]}, sha256) for sha256 in answer["photos"]]
    refused = refusals_since(actor.id, question["asked_at"])
    lines = rules.photo_lines(places, with_remarks(arrived), refused)
    there = photos.sent_by(actor.id, refused) | {sha256 for _, sha256 in places}
    return {
        "question": question_id,
        "totals": rules.photo_totals(lines),
        "items": lines,
        "refused": [{"sha256": sha256, "refusal": why} for sha256, why in refused.items() if sha256 not in there],
    }
