"""Phones, and the codes they sign in with, as they are kept."""

from __future__ import annotations

from mongoengine import BinaryField, DateTimeField, Document, IntField, StringField


class DeviceCode(Document):
    """A code that signs one phone in, once; `id` is its keyed hash, the code itself is kept nowhere."""

    id = StringField(primary_key=True)
    person = StringField(required=True)
    made_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    used_at = DateTimeField(null=True)
    device = StringField(null=True)  # that used it
    forget_at = DateTimeField(required=True)
    meta = {
        "collection": "device_codes",
        "auto_create_index": False,
        "indexes": ["person", {"fields": ["forget_at"], "expireAfterSeconds": 0}],
    }


class DeviceTries(Document):
    """How many codes were tried in one minute: by everybody, or from one address (a keyed hash)."""

    id = StringField(primary_key=True)
    count = IntField(required=True)
    forget_at = DateTimeField(required=True)
    meta = {
        "collection": "device_tries",
        "auto_create_index": False,
        "indexes": [{"fields": ["forget_at"], "expireAfterSeconds": 0}],
    }


class Device(Document):
    """One person's use of one phone: two people on one phone are two, neither can read the other's.

    `recovery_key` opens what is sealed on that phone when its PIN is forgotten; without the phone it opens nothing.
    """

    id = StringField(primary_key=True)  # person:device
    person = StringField(required=True)
    device = StringField(required=True)
    label = StringField(default="", max_length=100)
    token = StringField(required=True)  # hash of its one live token
    recovery_key = BinaryField(required=True)
    created_at = DateTimeField(required=True)
    signed_in_at = DateTimeField(required=True)
    meta = {"collection": "devices", "auto_create_index": False, "indexes": ["person", "-signed_in_at"]}
