"""Checks of kept photos on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.extensions import Schema
from audit_api.schemas.fields import PageQuery, page_of


class DamageQuery(PageQuery):
    """Which photos."""

    state = fields.String(
        load_default=None,
        validate=validate.OneOf(["damaged", "missing", "mended"]),
        metadata={"description": "Left out: damaged and missing"},
    )


class PhotoDamageSchema(Schema):
    """A photo whose bytes are missing, or not those of its name."""

    sha256 = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["damaged", "missing", "mended"]))
    found_at = fields.AwareDateTime(required=True)
    seen_at = fields.AwareDateTime(required=True, metadata={"description": "When it was last looked at and not whole"})
    mended_at = fields.AwareDateTime(required=True, allow_none=True)
    visits = fields.List(
        fields.String(), required=True, metadata={"description": "In scope that name it; the first 20"}
    )


class RoundSchema(Schema):
    """One walk over all kept photos."""

    number = fields.Integer(required=True)
    started_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime()
    photos = fields.Integer(required=True, metadata={"description": "Checked so far, other kept files included"})
    byte_count = fields.Integer(required=True)
    damaged = fields.Integer(required=True)
    missing = fields.Integer(required=True)


class PhotoDamagePageSchema(page_of(PhotoDamageSchema)):  # type: ignore[misc] # a class made at run time
    """A page of the list, with how far the checks have come."""

    round = fields.Nested(RoundSchema, required=True, allow_none=True, metadata={"description": "Under way"})
    last = fields.Nested(RoundSchema, required=True, allow_none=True, metadata={"description": "Done"})
