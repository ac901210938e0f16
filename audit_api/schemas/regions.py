"""Regions of a photo on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.regions import KINDS
from audit_api.extensions import Schema
from audit_api.schemas.fields import Text

SHARE = "Share of the upright picture's %s, 0 to 1"


class PlaceSchema(Schema):
    """Where a region lies."""

    x = fields.Float(required=True, validate=validate.Range(0, 1), metadata={"description": SHARE % "width"})
    y = fields.Float(required=True, validate=validate.Range(0, 1), metadata={"description": SHARE % "height"})
    width = fields.Float(required=True, validate=validate.Range(0, 1), metadata={"description": SHARE % "width"})
    height = fields.Float(required=True, validate=validate.Range(0, 1), metadata={"description": SHARE % "height"})


class NewRegionSchema(PlaceSchema):
    """A region to cover."""

    revision = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=1_000_000_000))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))


class RegionRemovalSchema(Schema):
    """A region to show again."""

    revision = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=1_000_000_000))
    region = Text(required=True, shortest=1, longest=40)


class RegionSchema(PlaceSchema):
    """A region that is covered before a dealer sees the photo."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    source = fields.String(required=True, metadata={"enum": ["detector", "person"]})
    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class RegionsSchema(Schema):
    """The regions of a photo; a dealer sees nothing of it unless it was looked at."""

    sha256 = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": ["waiting", "looked_at", "failed"]})
    revision = fields.Integer(required=True)
    detector = fields.String(required=True, allow_none=True)
    looked_at = fields.AwareDateTime(required=True, allow_none=True)
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    regions = fields.List(fields.Nested(RegionSchema), required=True)
