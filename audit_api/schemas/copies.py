"""Copies of a visit's photos on the wire, for staff only."""

from __future__ import annotations

from marshmallow import fields

from audit_api.extensions import Schema
from audit_api.schemas.photos import TakenAtSchema


class CopiedPhotoSchema(Schema):
    """One photo of a pair."""

    sha256 = fields.String(required=True)
    format = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    byte_count = fields.Integer(required=True)
    taken_at = fields.Nested(TakenAtSchema, required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)


class ChangeSchema(Schema):
    """A change that would explain a likeness."""

    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ChanceSchema(Schema):
    """How often photos that are no copies came as near, as measured."""

    distance = fields.Integer(required=True, metadata={"description": "The step of the table, at or above the match's"})
    pictures = fields.Integer(required=True, metadata={"description": "Unrelated pictures compared with one another"})
    pairs = fields.Integer(required=True)
    as_near = fields.Integer(required=True, metadata={"description": "Pairs at most so far apart"})
    share = fields.Float(required=True, metadata={"description": "as_near / pairs, 0..1"})
    upper_share = fields.Float(required=True, metadata={"description": "Its one-sided 95 % upper bound"})
    same_place_pairs = fields.Integer(required=True, metadata={"description": "Pairs of one place at two visits"})
    same_place_as_near = fields.Integer(required=True)
    same_place_upper_share = fields.Float(required=True)


class UseSchema(Schema):
    """Where the other photo is used."""

    visit = fields.String(required=True)
    item = fields.String(required=True)
    slot = fields.String(required=True)
    dealer = fields.String(required=True)
    brand = fields.String(required=True)
    wave = fields.String(required=True)
    auditor = fields.String(required=True)
    auditor_name = fields.String(required=True)
    state = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)


class CopySchema(Schema):
    """A photo of the visit beside another that is, or may be, the same picture."""

    id = fields.String(required=True)
    item = fields.String(required=True)
    slot = fields.String(required=True)
    photo = fields.Nested(CopiedPhotoSchema, required=True)
    other = fields.Nested(
        CopiedPhotoSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null where no visit in your scope uses it"},
    )
    other_is = fields.String(required=True, metadata={"description": "same, earlier or later: by arrival"})
    distance = fields.Integer(required=True, metadata={"description": "Bits that differ between the nearest views"})
    bits = fields.Integer(required=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    chance = fields.Nested(ChanceSchema, required=True, allow_none=True, metadata={"description": "null: same bytes"})
    uses = fields.List(fields.Nested(UseSchema), required=True)
    uses_more = fields.Integer(required=True, metadata={"description": "In your scope, beyond those listed"})
    uses_out_of_scope = fields.Integer(required=True)


class CopiesSchema(Schema):
    """The copies of a visit's photos; a match is a question, not a verdict."""

    visit = fields.String(required=True)
    entered = fields.Integer(required=True, metadata={"description": "Photos of the visit that were compared"})
    waiting = fields.Integer(required=True, metadata={"description": "Photos that wait to be; look again later"})
    plain = fields.Integer(required=True, metadata={"description": "Too plain to compare: found by their bytes only"})
    items = fields.List(fields.Nested(CopySchema), required=True)
    next = fields.String(required=True, allow_none=True, metadata={"description": "Send as `after`; null at the end"})
