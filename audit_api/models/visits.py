"""Visits as they are kept: one document each, so that a write is atomic; hot paths use the raw collection."""

from __future__ import annotations

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    DynamicDocument,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from audit_api.domain.visits import State

MOST_CONFLICTS = 200
"""Refused contents kept for one visit."""


class Visit(Document):
    """A visit: the auditor's content exactly as sent, and what became of it."""

    id = StringField(primary_key=True)
    revision = IntField(required=True)
    content_hash = StringField(required=True)
    state = StringField(required=True, choices=[s.value for s in State])
    active = BooleanField(required=True)  # False once void
    assignment = StringField(required=True)
    wave = StringField(required=True)
    programme = StringField(required=True)
    brand = StringField(required=True)
    dealer = StringField(required=True)
    mode = StringField(required=True)
    domain = StringField(required=True)
    selected_by = StringField(required=True)
    auditor = StringField(required=True)
    checklist = DictField(required=True)  # {code, version}
    started_at = DateTimeField(required=True)
    ended_at = DateTimeField(null=True)
    locale = StringField()
    client = DictField()
    observations = ListField(DictField())
    received_at = DateTimeField(required=True)
    updated_at = DateTimeField(required=True)
    skew_seconds = FloatField()
    submitted_at = DateTimeField()
    submitted_revision = IntField()
    score = DictField()
    scores = ListField(DictField())
    follow_ups = ListField(DictField())  # {item, open_until, answered_at, received_at}: open after submission
    follow_ups_until = DateTimeField()  # while any of them may still change the score: when the last one closes
    returned = DictField()  # {at, by, reason, notes}
    unverified = ListField(StringField())
    checks = ListField(DictField())  # what the quality checks said at submission
    check_counts = DictField()  # {blocking, advisory}: checks that did not pass
    cleared = ListField(DictField())  # {check, reason, by, at}: blocking ones that somebody answered for
    earliest_release_at = DateTimeField()
    released_at = DateTimeField()
    void = DictField()  # {at, by, reason}
    # Of a past visit that a file brought: {source, visit_id, batch, at, by, row}.
    imported = DictField()
    record_revision = IntField(required=True)
    meta = {
        "collection": "visits",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["assignment"], "unique": True, "partialFilterExpression": {"active": True}},
            ["dealer", "state"],
            ["wave", "state"],
            ["auditor", "started_at"],
            ["observations.photos.sha256"],
            # Few visits have any: the index holds those alone.
            {"fields": ["observations.attachments.sha256"], "sparse": True},
            {"fields": ["follow_ups_until"], "sparse": True},
            # The review queue: what needs most looking at first.
            {
                "fields": ["-check_counts.blocking", "-check_counts.advisory", "submitted_at", "_id"],
                "name": "review_queue",
                "partialFilterExpression": {"state": {"$in": ["submitted", "in_qc"]}},
            },
        ],
    }


class VisitRevision(DynamicDocument):
    """Content that a later revision replaced; `_id` is visit:revision."""

    id = StringField(primary_key=True)
    visit = StringField(required=True)
    meta = {"collection": "visit_revisions", "auto_create_index": False, "indexes": ["visit"]}


def items_naming(visit: str, hashes: list[str]) -> dict[str, list[str]]:
    """Give the items that earlier revisions of a visit named photos for, by hash; found in the database itself.

    A revision can name tens of thousands of photos, and there can be many.
    """
    wanted = {"observations.photos.sha256": {"$in": hashes}}
    steps = [
        {"$match": {"visit": visit, **wanted}},
        {"$project": {"observations.item": 1, "observations.photos.sha256": 1}},
        {"$unwind": "$observations"},
        {"$unwind": "$observations.photos"},
        {"$match": wanted},
        {"$group": {"_id": "$observations.photos.sha256", "items": {"$addToSet": "$observations.item"}}},
    ]
    return {row["_id"]: sorted(row["items"]) for row in VisitRevision._get_collection().aggregate(steps)}


class VisitConflict(Document):
    """Content that was refused and kept for a person to decide.

    `_id` is visit:revision:hash, so that a repetition adds nothing.
    """

    id = StringField(primary_key=True)
    visit = StringField(required=True)
    sent_as = StringField(required=True)  # the visit's id in the address it was sent to
    revision = IntField(required=True)
    content_hash = StringField(required=True)
    reason = StringField(required=True)
    actor = StringField(required=True)
    received_at = DateTimeField(required=True)
    content = DictField(required=True)
    meta = {"collection": "visit_conflicts", "auto_create_index": False, "indexes": ["visit"]}


class VisitReceipt(Document):
    """The receipt of one submitted revision; `_id` is visit:revision, so a replay finds the same."""

    id = StringField(primary_key=True)
    visit = StringField(required=True)
    receipt = DictField(required=True)
    meta = {"collection": "visit_receipts", "auto_create_index": False, "indexes": ["visit"]}
