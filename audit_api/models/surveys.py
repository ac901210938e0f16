"""Survey responses as they are kept: the first answer, and every later one beside it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from operator import itemgetter

import msgspec
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, StringField

from audit_api.domain.surveys import ResponseRecord
from audit_api.models.base import Row

BATCH = 5_000
"""Documents of one unordered insert."""
CONTENT = (
    "version", "dealer", "event_id", "event_at", "invited_at", "started_at", "submitted_at", "channel", "job_type",
    "vehicle_class", "comment", "answers",
)  # fmt: skip
"""What a content hash covers."""
IDENTITIES = ("contact_hash", "device_hash", "adviser_hash")
VERSIONED = (
    *CONTENT, *IDENTITIES, "contact_kind", "contact_key_id", "brand", "wave", "content_hash", "batch", "received_at",
)  # fmt: skip
MOST_VERSIONS = 20
LEGACY_HASH_CHARACTERS = 64
"""Content hashes of this length covered the contact's hash under the first key."""
_encode = msgspec.json.Encoder().encode
_content = itemgetter(*CONTENT)


class Response(Document):
    """One customer's answers; `answers` stand in the questionnaire's item order, null where not answered."""

    id = StringField(primary_key=True)  # <questionnaire>:<response_id>
    response_id = StringField(required=True)
    questionnaire = StringField(required=True)
    version = IntField(required=True)
    dealer = StringField(required=True)
    brand = StringField(required=True)
    wave = StringField(required=True)
    event_id = StringField()
    event_at = DateTimeField(required=True)
    invited_at = DateTimeField(null=True)
    started_at = DateTimeField(null=True)
    submitted_at = DateTimeField(required=True)
    channel = StringField()
    contact_hash = StringField()
    contact_kind = StringField()
    contact_key_id = StringField()
    device_hash = StringField()
    adviser_hash = StringField()
    job_type = StringField()
    vehicle_class = StringField()
    comment = StringField()
    answers = ListField()
    content_hash = StringField(required=True)
    batch = StringField()
    received_at = DateTimeField()
    # Later answers under the same id, in the order they came; each has the fields of VERSIONED, and of its edit
    # edited_at, direction (up, down, level: against the first answer) and change (-1..1 of the scale, or null).
    versions = ListField(DictField())
    meta = {
        "collection": "responses",
        "auto_create_index": False,
        # By wave for a screening; by brand for a list within a scope.
        "indexes": [["wave", "questionnaire"], ["brand", "questionnaire", "_id"]],
    }


class ColumnMapping(Document):
    """One version of a source's way of writing; the highest version counts, earlier ones stay for the record."""

    id = StringField(primary_key=True)  # <name>:<version>
    name = StringField(required=True)
    version = IntField(required=True)
    kind = StringField(required=True)
    questionnaire = StringField(default="")
    mapping = DictField()  # as domain.survey_mappings.ColumnMapping has it
    source = StringField()
    saved_at = DateTimeField()
    saved_by = StringField()
    meta = {
        "collection": "column_mappings",
        "auto_create_index": False,
        "indexes": [{"fields": ["name", "version"], "unique": True}],
    }


def response_document(
    record: ResponseRecord,
    *,
    questionnaire: str,
    version: int,
    contact: tuple[str, str],
    key_id: str,
    device_hash: str,
    adviser_hash: str,
    batch: str,
    at: datetime,
) -> Row:
    """Make the document of a response; `contact` is its hash and kind. Times are UTC, cut to milliseconds."""
    document: Row = {
        "_id": f"{questionnaire}:{record.response_id}",
        "response_id": record.response_id,
        "questionnaire": questionnaire,
        "version": version,
        "dealer": record.dealer,
        "brand": record.brand,
        "wave": record.wave,
        "event_id": record.event_id,
        "event_at": record.event_at,
        "invited_at": record.invited_at,
        "started_at": record.started_at,
        "submitted_at": record.submitted_at,
        "channel": record.channel,
        "contact_hash": contact[0],
        "contact_kind": contact[1],
        "contact_key_id": key_id if contact[0] or device_hash or adviser_hash else "",
        "device_hash": device_hash,
        "adviser_hash": adviser_hash,
        "job_type": record.job_type,
        "vehicle_class": record.vehicle_class,
        "comment": record.comment,
        "answers": record.answers,
    }
    document["content_hash"] = content_hash_of(document)
    document["batch"] = batch
    document["received_at"] = at
    return document


def content_hash_of(document: Row) -> str:
    """Hash what the customer said and when, as 32 hexadecimal digits.

    Left out: brand and wave, which are derived and may be found anew; the batch, which is ours; contact, device and
    adviser, whose hashes change with the key (they are compared beside it).
    """
    return hashlib.blake2b(_encode(_content(document)), digest_size=16).hexdigest()
