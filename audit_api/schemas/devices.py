"""Auditors' phones on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.devices import DEFAULT_MINUTES, LONGEST_TYPED, MOST_MINUTES
from audit_api.extensions import Schema
from audit_api.schemas.fields import Text


class DeviceCodeRequest(Schema):
    """For whom, and how long it works."""

    person = Text(required=True, shortest=1, longest=254, metadata={"description": "E-mail address or id"})
    minutes = fields.Integer(
        strict=True, load_default=DEFAULT_MINUTES, validate=validate.Range(min=1, max=MOST_MINUTES)
    )


class DeviceCodeSchema(Schema):
    """A code to show to the auditor now; it cannot be read again."""

    code = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)
    link = fields.String(required=True, metadata={"description": "Opens the field app and signs in", "format": "uri"})
    qr_svg = fields.String(required=True, metadata={"description": "The link as a QR code, an SVG document"})


class DeviceTokenRequest(Schema):
    """A code as typed or scanned, and the phone it is used on."""

    code = Text(required=True, shortest=1, longest=LONGEST_TYPED)
    device = fields.UUID(required=True, metadata={"description": "Minted by the phone, once for each auditor on it"})
    label = Text(load_default="", longest=100, metadata={"description": "What the auditor calls the phone"})


class DevicePersonSchema(Schema):
    """Who is signed in."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    locale = fields.String(required=True)
    role = fields.String(required=True)


class DeviceTokenSchema(Schema):
    """A token, shown this once, and the key that opens what is sealed on the phone when its PIN is forgotten."""

    token = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)
    person = fields.Nested(DevicePersonSchema, required=True)
    recovery_key = fields.String(required=True, metadata={"description": "32 bytes in base64"})


class RecoveryKeySchema(Schema):
    """The key that opens what one sealed on a phone."""

    device = fields.UUID(required=True)
    recovery_key = fields.String(required=True, metadata={"description": "32 bytes in base64"})
