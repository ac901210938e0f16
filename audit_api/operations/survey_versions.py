"""Answers that come again: recognised, or kept as a later version beside the first, which counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pymongo import UpdateOne

from audit_api.domain import survey_versions as rules
from audit_api.domain.questionnaires import Questionnaire
from audit_api.intake.contacts import ContactHasher
from audit_api.models import surveys
from audit_api.models.base import Row, collection
from audit_api.models.checklists import find_questionnaire
from audit_api.operations.import_ledger import Outcome

ATTEMPTS = 10
CONFLICTS_AT_ONCE = 500
OLD_CONFLICTS = "response_conflicts"
COMPARED = ("content_hash", "contact_key_id", *surveys.IDENTITIES)
COMPARED_FIELDS = dict.fromkeys((*COMPARED, *(f"versions.{name}" for name in COMPARED)), 1)

Fingerprint = tuple[str, ...]
"""Content hash, and the hashes of contact, device and adviser under the present keys."""


def known_fingerprints(ids: Sequence[str], hasher: ContactHasher) -> dict[str, list[Fingerprint]]:
    """Read what is kept under the ids: the fingerprint of the first answer and of every later one."""
    responses = surveys.Response._get_collection()
    found = {}
    legacy = []
    for row in responses.find({"_id": {"$in": list(ids)}}, COMPARED_FIELDS):
        if len(row["content_hash"]) == surveys.LEGACY_HASH_CHARACTERS:
            legacy.append(row["_id"])
        else:
            found[row["_id"]] = [fingerprint(kept, hasher) for kept in (row, *row.get("versions", ()))]
    for row in responses.find({"_id": {"$in": legacy}}) if legacy else ():
        first = row | {"content_hash": surveys.content_hash_of(row)}
        found[row["_id"]] = [fingerprint(kept, hasher) for kept in (first, *row.get("versions", ()))]
    return found


def fingerprint(document: Row, hasher: ContactHasher) -> Fingerprint:
    """Give what two documents of the same content from the same customer share, whatever their keys."""
    identities = [document.get(name) or "" for name in surveys.IDENTITIES]
    key_id = document.get("contact_key_id") or hasher.chains[0]
    if key_id != hasher.key_id and key_id in hasher.chains:
        identities = [hasher.wrap(kept, key_id) for kept in identities]
    return (document["content_hash"], *identities)


def keep_versions(documents: Sequence[Row], hasher: ContactHasher) -> list[Outcome]:
    """Keep each document whose content is not yet known under its id as a later version; all ids must be there.

    Safe to repeat and beside another import: a place among the versions is taken only while it is free.
    """
    outcomes: list[Outcome | None] = [None] * len(documents)
    waiting = list(range(len(documents)))
    for _ in range(ATTEMPTS):
        known = known_fingerprints([documents[i]["_id"] for i in waiting], hasher)
        unknown = [i for i in waiting if fingerprint(documents[i], hasher) not in known[documents[i]["_id"]]]
        if not unknown:
            break
        _push([documents[i] for i in unknown], unknown, outcomes, hasher)
        # Another import may have taken the place: what is not there now is tried again.
        waiting = [i for i in unknown if (kept := outcomes[i]) and kept.result == "changed"]
    else:
        raise RuntimeError("another import keeps changing the same responses")
    return [outcome or Outcome("same") for outcome in outcomes]


def _push(documents: list[Row], places: list[int], outcomes: list[Outcome | None], hasher: ContactHasher) -> None:
    responses = surveys.Response._get_collection()
    firsts = {row["_id"]: row for row in responses.find({"_id": {"$in": [d["_id"] for d in documents]}})}
    taken: dict[str, list[Fingerprint]] = {}
    updates = []
    for place, document in zip(places, documents, strict=True):
        first = firsts[document["_id"]]
        mine = taken.setdefault(document["_id"], [])
        number = len(first.get("versions", ())) + len(mine)
        mark = fingerprint(document, hasher)
        if mark in mine:
            outcomes[place] = outcomes[place] or Outcome("same")
        elif number >= surveys.MOST_VERSIONS:
            outcomes[place] = Outcome("full")
        else:
            mine.append(mark)
            entry = _version(first, document)
            outcomes[place] = Outcome("changed", entry["direction"])
            free = {"_id": document["_id"], f"versions.{number}": {"$exists": False}}
            updates.append(UpdateOne(free, {"$push": {"versions": entry}}))
    if updates:
        responses.bulk_write(updates, ordered=True)


def _version(first: Row, document: Row) -> Row:
    before, after = _questionnaire(first), _questionnaire(document)
    change = rules.mark_change(before, first["answers"], after, document["answers"]) if before and after else None
    return {
        **{name: document[name] for name in surveys.VERSIONED},
        "edited_at": rules.edited_at(first["submitted_at"], document["submitted_at"], document["received_at"]),
        "direction": rules.direction(change),
        "change": change,
    }


def _questionnaire(document: Row) -> Questionnaire | None:
    return find_questionnaire(document["questionnaire"], document["version"])


def adopt_conflicts(hasher: ContactHasher) -> int:
    """Move what version 0.1.0 kept in `response_conflicts` to the versions of its responses; returns how many."""
    moved = 0
    while found := list(collection(OLD_CONFLICTS).find().limit(CONFLICTS_AT_ONCE)):
        documents = []
        for row in found:
            document = {**row["content"], "_id": row["response"], "received_at": row["received_at"]}
            documents.append(document | {"content_hash": surveys.content_hash_of(document)})
        keep_versions(documents, hasher)
        moved += _remove(OLD_CONFLICTS, (row["_id"] for row in found))
    return moved


def _remove(name: str, ids: Iterable[str]) -> int:
    return collection(name).delete_many({"_id": {"$in": list(ids)}}).deleted_count
