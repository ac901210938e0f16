"""The sample frame on the wire: never a hash, never a vehicle."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.survey_frame import EVENT_KINDS
from audit_api.extensions import Schema
from audit_api.schemas.fields import PageQuery, Text, page_of
from audit_api.schemas.imports import ImportQuery


class FrameImportQuery(ImportQuery):
    """How to import."""

    mapping = Text(longest=40, load_default=None, metadata={"description": "Name of a saved column mapping"})


class StaffQuery(PageQuery):
    """Which part of the staff contacts."""

    dealer = Text(longest=40, load_default=None)


class EventQuery(PageQuery):
    """Which events."""

    after = Text(longest=300, load_default=None, metadata={"description": "`next` of the page before"})
    dealer = Text(longest=40, load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf(EVENT_KINDS))


def _flag(description: str) -> fields.Boolean:
    return fields.Boolean(allow_none=True, metadata={"description": f"{description}; null where nobody knows"})


class EventSchema(Schema):
    """An event a customer could have been asked about."""

    id = fields.String(required=True, attribute="_id")
    event_id = fields.String(required=True)
    dealer = fields.String(required=True)
    brand = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(EVENT_KINDS))
    event_at = fields.AwareDateTime(required=True)
    job_type = fields.String()
    contact_kind = fields.String(metadata={"description": "phone, mail, other, or empty where none was given"})
    supplied = _flag("The dealer supplied a contact")
    valid = _flag("The contact could be reached")
    invited = _flag("The customer was invited")
    opted_out = _flag("The customer wishes no survey")
    complaint = _flag("The customer had complained")
    comeback = _flag("The same fault led to another visit")
    wait_days = fields.Float(allow_none=True)
    received_at = fields.AwareDateTime(required=True)


class StaffContactSchema(Schema):
    """That a contact of a dealer's staff is known."""

    id = fields.String(required=True, attribute="_id")
    dealer = fields.String(required=True)
    contact_kind = fields.String()
    received_at = fields.AwareDateTime(required=True)


EventPageSchema = page_of(EventSchema)
StaffPageSchema = page_of(StaffContactSchema)
