"""What a visit still lacks before it can be submitted, told item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit_api.domain.checklists import Checklist
from audit_api.domain.submission_rules import check_submission, photos_needed

Observation = Mapping[str, Any]
"""One recorded answer: item, value, comment, photos [{slot, sha256, …}], attachments where there are any."""


def answers_of(checklist: Checklist, observations: Sequence[Observation]) -> dict[str, Any]:
    """Return stored values by item; the value of a photo item is the list of its photos' hashes."""
    answers: dict[str, Any] = {}
    for observation in observations:
        item = checklist.by_id.get(observation["item"])
        value = observation.get("value")
        if value is None and item is not None and item.type == "photo":
            value = [photo["sha256"] for photo in observation.get("photos") or ()] or None
        answers[observation["item"]] = value
    return answers


def comments_of(observations: Sequence[Observation]) -> dict[str, str]:
    """Return the comments by item."""
    return {o["item"]: o["comment"] for o in observations if o.get("comment")}


def photo_hashes(observations: Sequence[Observation]) -> list[str]:
    """Return the hashes of all photos named, each once, in order."""
    return list(dict.fromkeys(photo["sha256"] for o in observations for photo in o.get("photos") or ()))


def missing_evidence(
    checklist: Checklist, observations: Sequence[Observation], dealer_position: tuple[float, float] | None = None
) -> list[dict[str, Any]]:
    """Return what is missing, one entry an item and reason, in the order of the checklist.

    Entries: {item, code, message{zh, en}}, and for photos {rule, needed, given, of{zh, en}} as well.
    """
    answers = answers_of(checklist, observations)
    counts = {o["item"]: len(o.get("photos") or ()) for o in observations}
    found = []
    for problem in check_submission(checklist, answers, comments_of(observations), counts, dealer_position):
        entry = problem.as_document()
        if problem.code == "photos_missing":
            item = checklist.item(problem.item)
            entry |= {
                "rule": item.evidence.rule,
                "needed": photos_needed(item, answers.get(item.id)),
                "given": counts.get(item.id, 0),
            }
            if item.evidence.of is not None:
                entry["of"] = {"zh": item.evidence.of.zh, "en": item.evidence.of.en}
        found.append(entry)
    return found
