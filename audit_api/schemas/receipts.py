"""Receipts on the wire: as given, as shown again, as checked."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.attachments import MOST_OF_VISIT
from audit_api.domain.signatures import ALGORITHM
from audit_api.extensions import Schema
from audit_api.schemas.fields import Text

MOST_PHOTOS = 10_000
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00\Z"


def _moment() -> Text:
    """Make the field of a time that stays text, letter by letter as it was signed."""
    field = Text(longest=40, required=True)
    field.validators.append(validate.Regexp(MOMENT, error="a time in UTC, as 2026-11-20T02:02:11.000000+00:00"))
    return field


class ReceiptPhotoSchema(Schema):
    """A photo that was taken in."""

    item = Text(longest=60, required=True)
    slot = Text(longest=60, required=True)
    sha256 = Text(longest=64, required=True)
    received_at = _moment()


class ReceiptAttachmentSchema(ReceiptPhotoSchema):
    """An attachment that was taken in."""

    kind = Text(longest=20, required=True)


class ReceiptSchema(Schema):
    """What was submitted and when; `signature` is Ed25519 over the canonical JSON of all the rest."""

    format = Text(longest=40, required=True)
    visit = Text(longest=60, required=True)
    revision = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=1_000_000))
    content_hash = Text(longest=64, required=True, metadata={"description": "SHA-256 of the content as sent"})
    photos = fields.List(fields.Nested(ReceiptPhotoSchema), required=True, validate=validate.Length(max=MOST_PHOTOS))
    attachments = fields.List(
        fields.Nested(ReceiptAttachmentSchema),
        validate=validate.Length(max=MOST_OF_VISIT),
        metadata={"description": "Not in receipts given before there were attachments"},
    )
    server_time = _moment()
    algorithm = Text(longest=20, required=True, metadata={"description": ALGORITHM})
    key_id = Text(longest=40, required=True, metadata={"description": "One of those of /v1/receipt-keys"})
    signature = Text(longest=200, required=True, metadata={"description": "Base64"})


class ReceiptVerdictSchema(Schema):
    """What a check of a receipt found."""

    result = fields.String(required=True, validate=validate.OneOf(["valid", "altered", "unknown_key"]))
    kept = fields.Boolean(
        required=True,
        metadata={"description": "The very same receipt is kept here; told only of one whose signature is good"},
    )
    zh = fields.String(required=True)
    en = fields.String(required=True)


class SigningKeySchema(Schema):
    """A public key that receipts were signed with."""

    key_id = fields.String(required=True)
    algorithm = fields.String(required=True)
    public_key = fields.String(required=True, metadata={"description": "The 32 bytes in base64"})
    pem = fields.String(required=True, metadata={"description": "The same as PEM, as OpenSSL reads it"})
    first_used_at = fields.AwareDateTime(required=True, allow_none=True)


class SigningKeysSchema(Schema):
    """All of them, the present one last."""

    items = fields.List(fields.Nested(SigningKeySchema), required=True)
