"""Writing past visits a batch at a time; what is known already is recognised, kept beside, or corrected."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from audit_api.domain.directory import Actor
from audit_api.domain.visits import State
from audit_api.models import programmes, trail, visits
from audit_api.models.base import Row, in_transaction
from audit_api.operations.import_ledger import BatchReport, Document, Outcome
from audit_api.operations.visit_import_documents import Importing, assignment_of, content_kept
from audit_api.operations.visits import CONTENT

DUPLICATE_KEY = 11000
OFFERED = "import_changed"
"""Reason: a file brought other content for a visit that is known."""
HELD = dict.fromkeys(("content_hash", "revision", "record_revision", "state", "brand", "dealer"), 1)
REPLACED = (
    *CONTENT, "dealer", "checklist", "mode", "domain", "wave", "programme", "selected_by", "auditor", "submitted_at",
    "imported", "score",
)  # fmt: skip
"""What a correction replaces and keeps."""


def held_hashes(ids: Sequence[str]) -> dict[str, str]:
    """Give the content hashes of the visits that are known, by id."""
    rows = visits.Visit._get_collection().find({"_id": {"$in": list(ids)}}, {"content_hash": 1})
    return {row["_id"]: row["content_hash"] for row in rows}


class VisitWriter:
    """Writes the documents of one import; `corrected` counts the visits that took new content."""

    def __init__(self, importing: Importing, report: BatchReport, *, correct: str | None, actor: Actor) -> None:
        self._importing, self._report, self._correct, self._actor = importing, report, correct, actor
        self._begun = False
        self._met: dict[str, set[str]] = {}
        self.corrected = 0

    def write(self, documents: list[Document]) -> dict[int, Outcome]:
        """Insert what is new; returns what became of the rest, by position."""
        known = set(held_hashes([document["_id"] for document in documents]))
        fresh = [place for place, document in enumerate(documents) if document["_id"] not in known]
        rest = [place for place, document in enumerate(documents) if document["_id"] in known]
        if fresh:
            self._begin()
            new = [documents[place] for place in fresh]
            # The assignment first: a visit never names one that is not there.
            _insert(programmes.Assignment._get_collection(), [assignment_of(document) for document in new])
            rest += [fresh[place] for place in _insert(visits.Visit._get_collection(), new)]
        return dict(zip(sorted(rest), self._judge([documents[place] for place in sorted(rest)]), strict=True))

    def would(self, documents: list[Document]) -> dict[int, Outcome]:
        """Say what `write` would return, without writing."""
        ids = [document["_id"] for document in documents if document["_id"] not in self._met]
        for name, known in _known(ids).items():
            self._met[name] = {_mark(content_hash) for content_hash in known}
        outcomes = {}
        for place, document in enumerate(documents):
            met = self._met.setdefault(document["_id"], set())
            mark = _mark(document["content_hash"])
            if met:
                outcomes[place] = Outcome("same" if mark in met else "changed")
            met.add(mark)
        return outcomes

    def _begin(self) -> None:
        """Say in the trail who began to import what, before the first visit is there."""
        if not self._begun:
            self._begun = True
            self._told("begun", {"source": self._importing.source})

    def _told(self, verb: str, details: Row) -> None:
        batch, at = self._importing.batch, self._importing.at
        trail.append("visit_import", batch, verb, actor_id=self._actor.id, at=at, details=details)

    def _judge(self, documents: list[Document]) -> list[Outcome]:
        rows = visits.Visit._get_collection().find({"_id": {"$in": [d["_id"] for d in documents]}}, HELD)
        held = {row["_id"]: row for row in rows}
        return [self._judge_one(held[document["_id"]], document) for document in documents]

    def _judge_one(self, held: Row, document: Document) -> Outcome:
        content_hash = document["content_hash"]
        if held["content_hash"] == content_hash:
            return Outcome("same")
        # What is released, or lies out of scope, is not replaced by a file.
        in_scope = self._actor.sees(brand=held["brand"], dealer=held["dealer"])
        # A visit that somebody changed since it was compared was not scored: the next run corrects it.
        replaceable = in_scope and held["state"] == State.APPROVED.value and "scores" in document
        if self._correct and replaceable:
            self._begin()
            if self._replace(held, document):
                held |= {"content_hash": content_hash, "revision": held["revision"] + 1}
                held["record_revision"] += 1
                self.corrected += 1
                return Outcome("changed", "corrected")
        if content_hash in _known([document["_id"]])[document["_id"]]:
            return Outcome("same")
        conflicts = visits.VisitConflict._get_collection()
        if conflicts.count_documents({"visit": held["_id"]}, limit=visits.MOST_CONFLICTS) >= visits.MOST_CONFLICTS:
            return Outcome("full")
        self._begin()
        row = {
            "_id": f"{held['_id']}:{held['revision']}:{content_hash}",
            "visit": held["_id"],
            "sent_as": held["_id"],
            "revision": held["revision"],
            "content_hash": content_hash,
            "reason": OFFERED,
            "actor": self._actor.id,
            "received_at": self._importing.at,
            "content": content_kept(document) | {"imported": document["imported"]},
        }
        conflicts.update_one({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True)
        return Outcome("changed")

    def _replace(self, held: Row, document: Document) -> bool:
        """Put a document in the place of what is kept, in one transaction; False where somebody was quicker."""
        names = ("_id", "state", "revision", "record_revision", "content_hash")
        unchanged = {name: held[name] for name in names}
        revision = held["revision"] + 1
        importing, reason = self._importing, self._correct
        entry = document["scores"][0] | {"reason": "correction", "revision": revision}
        changed = {name: document.get(name) for name in REPLACED} | {
            "revision": revision,
            "submitted_revision": revision,
        }
        changed |= {name: document[name] for name in ("earliest_release_at", "unverified")}

        def write(session: ClientSession) -> bool:
            collection = visits.Visit._get_collection()
            old = collection.find_one(unchanged, session=session)
            if old is None:
                return False
            kept = {"_id": f"{held['_id']}:{held['revision']}", "visit": held["_id"]}
            kept |= {name: old.get(name) for name in REPLACED}
            kept["replaced"] = {"at": importing.at, "by": importing.by, "reason": reason, "batch": importing.batch}
            visits.VisitRevision._get_collection().insert_one(kept, session=session)
            update = {"$set": changed, "$inc": {"record_revision": 1}, "$push": {"scores": entry}}
            collection.update_one(unchanged, update, session=session)
            made = assignment_of(document)
            name = made.pop("_id")
            programmes.Assignment._get_collection().update_one({"_id": name}, {"$set": made}, session=session)
            details = {
                "reason": reason, "batch": importing.batch, "revision": revision,
                "from": held["content_hash"], "to": document["content_hash"],
            }  # fmt: skip
            actor_id, at = self._actor.id, importing.at
            trail.append("visit", held["_id"], "corrected", actor_id=actor_id, at=at, details=details, session=session)
            return True

        return in_transaction(write)


def _insert(collection: Collection[Row], documents: Sequence[Document]) -> list[int]:
    """Insert documents, unordered; returns the places of those that are there already."""
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as failed:
        errors = failed.details["writeErrors"]
        if any(error["code"] != DUPLICATE_KEY for error in errors) or failed.details["writeConcernErrors"]:
            raise
        return sorted(int(error["index"]) for error in errors)
    return []


def _known(ids: Sequence[str]) -> dict[str, set[str]]:
    """Give every content hash that is known of visits: held, replaced, or kept beside."""
    found: dict[str, set[str]] = {name: {content_hash} for name, content_hash in held_hashes(ids).items()}
    for kept in (visits.VisitRevision, visits.VisitConflict):
        for row in kept._get_collection().find({"visit": {"$in": list(found)}}, {"visit": 1, "content_hash": 1}):
            found[row["visit"]].add(row["content_hash"])
    return found


def _mark(content_hash: str) -> str:
    return content_hash[:16]
