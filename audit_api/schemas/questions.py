"""Questions on the wire, for the dealer: no flag, threshold, respondent, auditor or name of staff is in here."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.flag_hearing import MOST_ATTACHMENTS, MOST_PHOTOS
from audit_api.domain.flags import LONGEST_REASON, Outcome
from audit_api.extensions import Schema
from audit_api.schemas.fields import Text, page_of

STATUSES = ["open", "replied", "closed"]
SHA256 = r"^[0-9a-f]{64}\Z"


class ReplySchema(Schema):
    """What the dealer says, with photos and attachments sent before by PUT /v1/photos and /v1/attachments/{sha256}."""

    text = Text(required=True, shortest=1, longest=LONGEST_REASON)
    photos = fields.List(
        fields.String(validate=validate.Regexp(SHA256, error="64 lower-case hexadecimal digits")),
        load_default=list,
        validate=validate.Length(max=MOST_PHOTOS),
        metadata={"description": "SHA-256 of photos you have sent"},
    )
    attachments = fields.List(
        fields.String(validate=validate.Regexp(SHA256, error="64 lower-case hexadecimal digits")),
        load_default=list,
        validate=validate.Length(max=MOST_ATTACHMENTS),
        metadata={"description": "SHA-256 of PDF files, videos or recordings you have sent"},
    )


class WordsSchema(Schema):
    """A text in both languages."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class ShownEvidenceSchema(Schema):
    """A piece of evidence as the dealer sees it."""

    title = fields.Nested(WordsSchema, required=True)
    sentence = fields.Nested(WordsSchema, required=True)
    possible_explanations = fields.List(fields.Nested(WordsSchema), required=True)


class OwnReplySchema(Schema):
    """A reply that was kept."""

    at = fields.AwareDateTime(required=True)
    text = fields.String(required=True)
    photos = fields.List(fields.String(), required=True)
    attachments = fields.List(fields.String(), required=True)


class OwnAppealSchema(OwnReplySchema):
    """An appeal, decided by somebody uninvolved."""

    outcome = fields.String(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class QuestionSchema(Schema):
    """A question to a dealer; it is no verdict."""

    question = fields.String(required=True)
    dealer = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    text_zh = fields.String(required=True)
    text_en = fields.String(required=True)
    evidence = fields.List(fields.Nested(ShownEvidenceSchema), required=True)
    asked_at = fields.AwareDateTime(required=True)
    reply_until = fields.AwareDateTime(required=True)
    replies = fields.List(fields.Nested(OwnReplySchema), required=True)
    outcome = fields.String(
        required=True, allow_none=True, validate=validate.OneOf([outcome.value for outcome in Outcome])
    )
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    appeal_until = fields.AwareDateTime(required=True, allow_none=True)
    appeal = fields.Nested(OwnAppealSchema, required=True, allow_none=True)


QuestionPageSchema = page_of(QuestionSchema)
