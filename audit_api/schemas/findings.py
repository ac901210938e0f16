"""Findings on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.extensions import Schema
from audit_api.schemas.checklists import BilingualSchema
from audit_api.schemas.fields import Code, PageQuery, Text, page_of


class FindingQuery(PageQuery):
    """Which findings."""

    state = fields.String(load_default=None, validate=validate.OneOf(["open", "withdrawn"]))
    wave = Code(load_default=None)
    dealer = Code(load_default=None)
    touchpoint = Code(load_default=None)
    visit = Text(longest=36, load_default=None)


class FindingSchema(Schema):
    """An item that scored below 50. It tells no time: a dealer must not place a covert visit in a day."""

    finding = fields.String(required=True)
    visit = fields.String(required=True)
    item = fields.String(required=True)
    text = fields.Nested(BilingualSchema, required=True)
    touchpoint = fields.String(required=True)
    score = fields.Float(required=True)
    dealer = fields.String(required=True)
    brand = fields.String(required=True)
    wave = fields.String(required=True)
    mode = fields.String(required=True)
    critical = fields.Boolean(required=True)
    state = fields.String(required=True)


FindingPageSchema = page_of(FindingSchema)
