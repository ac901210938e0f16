"""Which keys receipts and seals were signed with, and since when; which are trusted, the settings say."""

from __future__ import annotations

from mongoengine import DateTimeField, Document, StringField


class SigningKey(Document):
    """A public key; `_id` is its name, made from itself."""

    id = StringField(primary_key=True)
    algorithm = StringField(required=True)
    public_key = StringField(required=True)  # base64 of the 32 bytes
    first_used_at = DateTimeField(required=True)
    meta = {"collection": "signing_keys", "auto_create_index": False}
