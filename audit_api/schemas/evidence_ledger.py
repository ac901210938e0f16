"""Evidence expected against received, on the wire: one form for phone and reviewer, one for a dealer's answers."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.evidence_ledger import STATES
from audit_api.domain.item_format import EVIDENCE_RULES
from audit_api.extensions import Schema
from audit_api.schemas.photos import RemarkSchema
from audit_api.schemas.questions import WordsSchema
from audit_api.schemas.visits import AnsweredChecklistSchema, FollowUpTimesSchema


class RefusalSchema(Schema):
    """Why an upload was refused, the last time."""

    problem = fields.String(required=True, metadata={"description": "Slug of the problem type"})
    status = fields.Integer(required=True)
    reason = fields.String(required=True, metadata={"description": "Stable: switch on this"})
    message = fields.Nested(WordsSchema, required=True)
    refused_at = fields.AwareDateTime(required=True)
    times = fields.Integer(required=True, metadata={"description": "How often it was refused"})


class SlotSchema(Schema):
    """A place in a visit that names a photo."""

    item = fields.String(required=True)
    slot = fields.String(required=True)


class NamedPhotoSchema(Schema):
    """A photo that was named, and what became of it."""

    sha256 = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    received_at = fields.AwareDateTime(required=True, allow_none=True)
    remarks = fields.List(fields.Nested(RemarkSchema), required=True)
    refusal = fields.Nested(RefusalSchema, required=True, allow_none=True)


class SlotPhotoSchema(NamedPhotoSchema):
    """A photo in a slot of an item."""

    slot = fields.String(required=True)
    repeats = fields.List(
        fields.Nested(SlotSchema), required=True, metadata={"description": "Other slots with the same bytes"}
    )


class LackingSchema(Schema):
    """One thing that is missing, as a refused submission names it, with its words in both languages."""

    item = fields.String()
    field = fields.String()
    code = fields.String(required=True)
    message = fields.Nested(WordsSchema, required=True)
    rule = fields.String()
    needed = fields.Integer()
    given = fields.Integer()
    of = fields.Nested(WordsSchema)


class ItemEvidenceSchema(Schema):
    """What evidence one item needs, names and has."""

    item = fields.String(required=True)
    text = fields.Nested(WordsSchema, required=True)
    shown = fields.Boolean(required=True, metadata={"description": "False: hidden by other answers, needs nothing"})
    rule = fields.String(required=True, validate=validate.OneOf(EVIDENCE_RULES))
    of = fields.Nested(WordsSchema, required=True, allow_none=True, metadata={"description": "What to show"})
    gallery = fields.Boolean(required=True)
    needed = fields.Integer(required=True)
    named = fields.Integer(required=True)
    arrived = fields.Integer(required=True)
    follow_up = fields.Nested(
        FollowUpTimesSchema, required=True, allow_none=True, metadata={"description": "Of an item that may come late"}
    )
    photos = fields.List(fields.Nested(SlotPhotoSchema), required=True)
    errors = fields.List(fields.Nested(LackingSchema), required=True)


class PhotoTotalsSchema(Schema):
    """Numbers of photos."""

    named = fields.Integer(required=True)
    arrived = fields.Integer(required=True)
    missing = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    repeated = fields.Integer(required=True)


class EvidenceTotalsSchema(PhotoTotalsSchema):
    """Numbers of photos, needed ones too."""

    needed = fields.Integer(required=True)


class ReplacedPhotoSchema(Schema):
    """A refused photo that an earlier revision named and a later one replaced."""

    sha256 = fields.String(required=True)
    items = fields.List(fields.String(), required=True)
    refusal = fields.Nested(RefusalSchema, required=True)


class EvidenceLedgerSchema(Schema):
    """Evidence of a visit, expected against received."""

    visit = fields.String(required=True)
    revision = fields.Integer(required=True)
    content_hash = fields.String(required=True)
    state = fields.String(required=True)
    dealer = fields.String(required=True)
    checklist = fields.Nested(AnsweredChecklistSchema, required=True)
    complete = fields.Boolean(required=True, metadata={"description": "Nothing that a submission needs is missing"})
    missing = fields.List(fields.String(), required=True, metadata={"description": "As a 424 of a submission"})
    missing_attachments = fields.List(
        fields.String(), required=True, metadata={"description": "SHA-256 of attachments named that have not arrived"}
    )
    errors = fields.List(
        fields.Nested(LackingSchema), required=True, metadata={"description": "As a 422 of a submission"}
    )
    totals = fields.Nested(EvidenceTotalsSchema, required=True)
    items = fields.List(fields.Nested(ItemEvidenceSchema), required=True)
    replaced = fields.List(fields.Nested(ReplacedPhotoSchema), required=True)


class AnswerSchema(Schema):
    """An answer of the dealer that names a photo."""

    answer = fields.String(required=True, validate=validate.OneOf(["reply", "appeal"]))
    at = fields.AwareDateTime(required=True)


class AnswerPhotoSchema(NamedPhotoSchema):
    """A photo that an answer of the dealer names."""

    answer = fields.String(required=True, validate=validate.OneOf(["reply", "appeal"]))
    at = fields.AwareDateTime(required=True)
    repeats = fields.List(
        fields.Nested(AnswerSchema), required=True, metadata={"description": "Other answers with the same bytes"}
    )


class RefusedPhotoSchema(Schema):
    """One's own upload that was refused and has not arrived since."""

    sha256 = fields.String(required=True)
    refusal = fields.Nested(RefusalSchema, required=True)


class AnswerEvidenceSchema(Schema):
    """Photographs of a dealer's answers; nothing of visits, their photographs or auditors."""

    question = fields.String(required=True)
    totals = fields.Nested(PhotoTotalsSchema, required=True)
    items = fields.List(fields.Nested(AnswerPhotoSchema), required=True)
    refused = fields.List(fields.Nested(RefusedPhotoSchema), required=True)
