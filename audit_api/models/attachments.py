"""Attachments as they are kept: facts once for each SHA-256, and who has sent which; bytes lie where photos' do."""

from __future__ import annotations

from mongoengine import BooleanField, DateTimeField, Document, FloatField, IntField, ListField, StringField

from audit_api.models.photos import EvidenceUpload


class Attachment(Document):
    """What one look at an attachment found; written after its blob, never changed."""

    sha256 = StringField(primary_key=True)
    kind = StringField(required=True, choices=["audio", "video", "document"])
    format = StringField(required=True)
    media_type = StringField(required=True)
    byte_count = IntField(required=True)
    has_audio = BooleanField(required=True)
    duration_seconds = FloatField(null=True)
    pages = IntField(null=True)
    remarks = ListField(StringField())
    received_at = DateTimeField(required=True)
    meta = {"collection": "attachments", "auto_create_index": False}


class AttachmentUpload(EvidenceUpload):
    """That a person has sent an attachment."""

    meta = {"collection": "attachment_uploads"}
