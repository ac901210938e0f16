"""Survey responses as they are kept, and the conflicting content that was refused but not lost."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, StringField

from audit_api.domain.surveys import ResponseRecord
from audit_api.models.base import Row

BATCH = 5_000
"""Documents of one unordered insert."""
_encode = msgspec.json.Encoder().encode


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
    meta = {
        "collection": "responses",
        "auto_create_index": False,
        # By wave for a screening; by brand for a list within a scope.
        "indexes": [["wave", "questionnaire"], ["brand", "questionnaire", "_id"]],
    }


class ResponseConflict(Document):
    """Other content for a response that is already there: the first answer counts, this one is kept beside it."""

    id = StringField(primary_key=True)  # <response>:<content_hash>
    response = StringField(required=True)
    content = DictField()
    received_at = DateTimeField()
    meta = {"collection": "response_conflicts", "auto_create_index": False, "indexes": ["response"]}


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
        "contact_key_id": key_id if contact[0] else "",
        "device_hash": device_hash,
        "adviser_hash": adviser_hash,
        "job_type": record.job_type,
        "vehicle_class": record.vehicle_class,
        "comment": record.comment,
        "answers": record.answers,
    }
    # What the customer said and when: brand and wave are derived and may be found anew, the batch is ours.
    content = (version, *record[1:2], *record[4:10], contact[0], device_hash, adviser_hash, *record[13:])
    document["content_hash"] = hashlib.sha256(_encode(content)).hexdigest()
    document["batch"] = batch
    document["received_at"] = at
    return document
