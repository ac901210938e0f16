"""The facts of a visit's photos on the wire, for staff only."""

from __future__ import annotations

from marshmallow import fields

from audit_api.extensions import Schema
from audit_api.schemas.photos import RemarkSchema


class PhotoFactSchema(Schema):
    """One thing known of a photo, and where it came from."""

    fact = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    source = fields.String(
        required=True, metadata={"description": "exif, xmp, container, pixels, phone (with the visit), server"}
    )
    source_zh = fields.String(required=True)
    source_en = fields.String(required=True)
    detail = fields.String(required=True, allow_none=True, metadata={"description": "The EXIF tag, or the datum"})
    number = fields.Float(required=True, allow_none=True)
    text = fields.String(required=True, allow_none=True)
    limit = fields.Float(
        required=True, allow_none=True, metadata={"description": "What the number was held against on arrival"}
    )


class PhotoWithFactsSchema(Schema):
    """One photo of the visit."""

    id = fields.String(required=True)
    item = fields.String(required=True)
    slot = fields.String(required=True)
    sha256 = fields.String(required=True)
    facts = fields.List(fields.Nested(PhotoFactSchema), required=True)
    remarks = fields.List(fields.Nested(RemarkSchema), required=True)


class VisitPhotoFactsSchema(Schema):
    """The photos of a visit; a remark is something to look at, not a verdict."""

    visit = fields.String(required=True)
    waiting = fields.Integer(required=True, metadata={"description": "Named by the visit, not arrived"})
    items = fields.List(fields.Nested(PhotoWithFactsSchema), required=True)
    next = fields.String(required=True, allow_none=True, metadata={"description": "Send as `after`; null at the end"})
