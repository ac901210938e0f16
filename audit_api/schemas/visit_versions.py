"""The versions of a visit, on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.extensions import Schema
from audit_api.schemas.fields import PAGE_LIMIT

MOST_REVISION = 1_000_000


def _revision(**more: object) -> fields.Integer:
    return fields.Integer(validate=validate.Range(min=1, max=MOST_REVISION), **more)  # type: ignore[arg-type] # as given


class VersionQuery(Schema):
    """Which part of the versions."""

    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=PAGE_LIMIT))
    after = _revision(load_default=None, metadata={"description": "The revision a page before ended with"})


class ReplacedSchema(Schema):
    """Who replaced a version of a past visit, and why; a phone's own revisions have none."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    batch = fields.String(required=True)


class VersionSchema(Schema):
    """One version of a visit, without its content."""

    revision = fields.Integer(required=True)
    current = fields.Boolean(required=True)
    content_hash = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime(required=True, metadata={"description": "When the server took it in"})
    skew_seconds = fields.Float()
    client = fields.Dict()
    correction = fields.String(metadata={"description": "Why it changes more than was asked"})
    replaced = fields.Nested(ReplacedSchema)


class CompareQuery(Schema):
    """Which two versions."""

    before = _revision(load_default=1, metadata={"description": "Left out: the first"})
    after = _revision(load_default=None, metadata={"description": "Left out: what is held now"})


class DifferenceSchema(Schema):
    """One thing that differs; `item` is empty where it is of the visit as a whole."""

    item = fields.String(required=True)
    part = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)
    words = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "zh and en"})


class ComparisonSchema(Schema):
    """How two versions of a visit differ."""

    visit = fields.String(required=True)
    before = fields.Integer(required=True)
    after = fields.Integer(required=True)
    differences = fields.List(fields.Nested(DifferenceSchema), required=True)


class VersionPageSchema(Schema):
    """A page of versions, the oldest first."""

    items = fields.List(fields.Nested(VersionSchema), required=True)
    next = fields.Integer(required=True, allow_none=True, metadata={"description": "Send as `after`; null at the end"})
