"""Checklists on the wire."""

from __future__ import annotations

from marshmallow import fields

from audit_api.domain.source_text import MAX_CHARACTERS
from audit_api.extensions import Schema
from audit_api.schemas.fields import Text, page_of


class BilingualSchema(Schema):
    """One text in Chinese and English."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class ChecklistEntrySchema(Schema):
    """A published version, without its items."""

    code = fields.String(required=True)
    version = fields.Integer(required=True)
    title = fields.Nested(BilingualSchema, required=True)
    mode = fields.String(required=True, metadata={"description": "covert or announced"})
    domain = fields.String(required=True)
    items = fields.Integer(required=True, metadata={"description": "How many items it has"})
    etag = fields.String(required=True)
    published_at = fields.AwareDateTime(required=True)


ChecklistEntryPageSchema = page_of(ChecklistEntrySchema)


class PublishSchema(Schema):
    """A checklist to publish."""

    source = Text(
        required=True, shortest=1, longest=MAX_CHARACTERS, metadata={"description": "The YAML (or JSON) of one version"}
    )


class PublishedSchema(ChecklistEntrySchema):
    """What was published."""

    unchanged = fields.Boolean(required=True, metadata={"description": "It was there already with the same content"})
