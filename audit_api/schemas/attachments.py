"""Attachments on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.extensions import Schema
from audit_api.schemas.photos import RemarkSchema

KINDS = ["audio", "video", "document"]


class AttachmentSchema(Schema):
    """What one look at an attachment found; its content decides the kind, never a name."""

    sha256 = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    format = fields.String(required=True)
    media_type = fields.String(required=True)
    byte_count = fields.Integer(required=True)
    has_audio = fields.Boolean(required=True)
    duration_seconds = fields.Float(required=True, allow_none=True, metadata={"description": "null: a document"})
    pages = fields.Integer(required=True, allow_none=True, metadata={"description": "null: a recording"})
    remarks = fields.List(fields.Nested(RemarkSchema), required=True)


class VisitAttachmentSchema(Schema):
    """An attachment that a visit names."""

    item = fields.String(required=True)
    slot = fields.String(required=True)
    sha256 = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    recorded_at = fields.String(required=True, allow_none=True, metadata={"description": "As the phone wrote it"})
    received_at = fields.AwareDateTime(required=True, allow_none=True)
    facts = fields.Nested(
        AttachmentSchema, required=True, allow_none=True, metadata={"description": "null: it has not arrived"}
    )


class VisitAttachmentsSchema(Schema):
    """The attachments of one visit, in its order."""

    visit = fields.String(required=True)
    items = fields.List(fields.Nested(VisitAttachmentSchema), required=True)
