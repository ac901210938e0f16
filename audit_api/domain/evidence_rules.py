"""What a visit still lacks before it can be submitted, told item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from audit_api.domain.answers import AnswerProblem
from audit_api.domain.checklists import Checklist
from audit_api.domain.submission_rules import Standing, standings

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


def visit_standings(
    checklist: Checklist,
    observations: Sequence[Observation],
    dealer_position: tuple[float, float] | None = None,
    later: Set[str] = frozenset(),
) -> list[Standing]:
    """Return how each item shown of a visit stands; see ``submission_rules.standings``."""
    counts = {o["item"]: len(o.get("photos") or ()) for o in observations}
    answers = answers_of(checklist, observations)
    return standings(checklist, answers, comments_of(observations), counts, dealer_position, later=later)


def missing_evidence(
    checklist: Checklist, observations: Sequence[Observation], dealer_position: tuple[float, float] | None = None
) -> list[dict[str, Any]]:
    """Return what is missing, one entry an item and reason, in the order of the checklist.

    Entries: {item, code, message{zh, en}}, and for photos {rule, needed, given, of{zh, en}} as well.
    """
    return missing_entries(visit_standings(checklist, observations, dealer_position))


def missing_entries(found: Sequence[Standing]) -> list[dict[str, Any]]:
    """Return one entry for each thing that is missing, in the order of what was found."""
    return [missing_entry(standing, problem) for standing in found for problem in standing.problems]


def missing_entry(standing: Standing, problem: AnswerProblem) -> dict[str, Any]:
    """Return one thing that is missing as it goes on the wire."""
    entry = problem.as_document()
    if problem.code == "photos_missing":
        evidence = standing.item.evidence
        entry |= {"rule": evidence.rule, "needed": standing.needed, "given": standing.given}
        if evidence.of is not None:
            entry["of"] = {"zh": evidence.of.zh, "en": evidence.of.en}
    return entry
