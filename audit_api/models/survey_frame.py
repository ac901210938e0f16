"""The sample frame as it is kept: events, and the hashed contacts of dealers' staff."""

from __future__ import annotations

from datetime import datetime

from mongoengine import BooleanField, DateTimeField, DictField, Document, FloatField, ListField, StringField

from audit_api.domain.survey_frame import EVENT_FLAGS, EventRecord
from audit_api.models.base import Row

HASHES = ("contact_hash", "vin_hash")
MOST_EARLIER = 20


class Event(Document):
    """An event a customer could have been asked about: a delivery or a repair order, once by dealer, kind and id."""

    id = StringField(primary_key=True)  # <dealer>:<kind>:<event_id>: dealers number their orders each for themselves
    event_id = StringField(required=True)
    dealer = StringField(required=True)
    brand = StringField(required=True)
    kind = StringField(required=True)
    event_at = DateTimeField(required=True)
    vin_hash = StringField()
    job_type = StringField()
    contact_hash = StringField()
    contact_kind = StringField()
    contact_key_id = StringField()
    supplied = BooleanField(null=True)
    valid = BooleanField(null=True)
    invited = BooleanField(null=True)
    opted_out = BooleanField(null=True)
    complaint = BooleanField(null=True)
    comeback = BooleanField(null=True)
    wait_days = FloatField(null=True)
    received_at = DateTimeField()
    # What later imports replaced, in the order it came; the newest MOST_EARLIER are kept.
    earlier = ListField(DictField())
    meta = {
        "collection": "survey_events",
        "auto_create_index": False,
        "indexes": [["brand", "event_at"], ["dealer", "event_id"]],
    }


class StaffContact(Document):
    """A contact of somebody who works at a dealer; its hash can be rotated, so it is not the id."""

    id = StringField(primary_key=True)
    dealer = StringField(required=True)
    brand = StringField(required=True)
    contact_hash = StringField(required=True)
    contact_kind = StringField()
    contact_key_id = StringField(required=True)
    received_at = DateTimeField()
    meta = {
        "collection": "staff_contacts",
        "auto_create_index": False,
        "indexes": [{"fields": ["dealer", "contact_hash"], "unique": True}, ["brand"]],
    }


CONTENT = ("event_at", "vin_hash", "job_type", "contact_hash", *EVENT_FLAGS, "wait_days")
"""What makes two imports of an event the same or not."""


def event_document(record: EventRecord, *, contact: tuple[str, str], vin_hash: str, key_id: str, at: datetime) -> Row:
    """Make the document of an event; `contact` is its hash and kind."""
    return {
        "_id": f"{record.dealer}:{record.kind}:{record.event_id}",
        "event_id": record.event_id,
        "dealer": record.dealer,
        "brand": record.brand,
        "kind": record.kind,
        "event_at": record.event_at,
        "vin_hash": vin_hash,
        "job_type": record.job_type,
        "contact_hash": contact[0],
        "contact_kind": contact[1],
        "contact_key_id": key_id if contact[0] or vin_hash else "",
        **record.flags,
        "wait_days": record.wait_days,
        "received_at": at,
    }
