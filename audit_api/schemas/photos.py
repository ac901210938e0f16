"""Photos on the wire."""

from __future__ import annotations

from marshmallow import fields

from audit_api.extensions import Schema
from audit_api.schemas.fields import ByteCount


class TakenAtSchema(Schema):
    """The camera's own time."""

    local = fields.String(required=True, metadata={"description": "Without offset, as the camera wrote it"})
    offset = fields.String(required=True, allow_none=True, metadata={"description": "For instance +08:00"})
    source = fields.String(required=True, metadata={"description": "The EXIF tag it is from"})


class ExifPositionSchema(Schema):
    """The position in the EXIF data."""

    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    altitude_m = fields.Float(required=True, allow_none=True)
    accuracy_m = fields.Float(required=True, allow_none=True)
    fixed_at = fields.AwareDateTime(required=True, allow_none=True)
    datum = fields.String(required=True)
    source = fields.String(required=True)


class RemarkSchema(Schema):
    """A remark on a photo; none is a reason to doubt it."""

    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ChunkHeaders(Schema):
    """Where a chunk belongs."""

    offset = ByteCount(
        data_key="Upload-Offset", required=True, metadata={"description": "Where in the file the chunk begins"}
    )
    length = ByteCount(data_key="Upload-Length", required=True, metadata={"description": "Bytes of the whole file"})


class PhotoSchema(Schema):
    """What one look at a photo found."""

    sha256 = fields.String(required=True)
    byte_count = fields.Integer(required=True)
    format = fields.String(required=True)
    width = fields.Integer(required=True, metadata={"description": "Pixels, as shown upright"})
    height = fields.Integer(required=True, metadata={"description": "Pixels, as shown upright"})
    taken_at = fields.Nested(TakenAtSchema, required=True, allow_none=True)
    position = fields.Nested(ExifPositionSchema, required=True, allow_none=True)
    remarks = fields.List(fields.Nested(RemarkSchema), required=True)
