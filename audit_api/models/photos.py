"""Photos as they are kept: facts once for each SHA-256, and who has sent which."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    StringField,
)
from pymongo.errors import DuplicateKeyError

from audit_api.models.base import Row

WITHOUT_PIXELS = {"thumbnail": 0}
MOST_REFUSALS = 200
"""Refused uploads remembered of one person; the latest."""


class Photo(Document):
    """What one look at a photo found; written after its blob, never changed but for what the background does to it."""

    sha256 = StringField(primary_key=True)
    byte_count = IntField(required=True)
    format = StringField(required=True)
    width = IntField(required=True)
    height = IntField(required=True)
    orientation = IntField(required=True)
    taken_at = DictField(null=True)  # local, offset, source: the camera's words, not a moment
    position = DictField(null=True)  # lat, lon, altitude_m, accuracy_m, fixed_at, datum, source
    make = StringField(null=True)
    model = StringField(null=True)
    software = StringField(null=True)
    thumbnail = BinaryField(required=True)
    perceptual_hash = StringField(required=True)
    perceptual_quality = IntField(required=True)
    remarks = ListField(StringField())
    facts = ListField(DictField())  # fact, source, number or text, limit: as measured when it arrived
    received_at = DateTimeField(required=True)
    copies_entry = IntField()  # number of its entry in photo_copies; missing while it waits
    looked_at = DateTimeField()  # when its view was written (regions.py); missing while it waits
    looking_until = DateTimeField()  # until then some process has it
    failed = BooleanField()  # its view says why
    meta = {
        "collection": "photos",
        "auto_create_index": False,
        "indexes": [
            ["copies_entry", "received_at"],
            ["looked_at", "received_at"],
            {"fields": ["failed"], "partialFilterExpression": {"failed": True}},
        ],
    }


class EvidenceUpload(Document):
    """That a person has sent a file: the last write of a receipt, so that it is whole when this is there."""

    id = StringField(primary_key=True)  # person:sha256
    sha256 = StringField(required=True)
    person = StringField(required=True)
    received_at = DateTimeField(required=True)
    meta = {"abstract": True, "auto_create_index": False, "indexes": ["sha256"]}


class PhotoUpload(EvidenceUpload):
    """That a person has sent a photo."""

    meta = {"collection": "photo_uploads"}


class PhotoRefusal(Document):
    """Why a person's upload under a hash was refused last; of no use once the photo has arrived."""

    id = StringField(primary_key=True)  # person:sha256
    sha256 = StringField(required=True)
    person = StringField(required=True)
    problem = StringField(required=True)  # slug of the problem type
    status = IntField(required=True)
    reason = StringField(required=True)
    message = DictField(required=True)  # {zh, en}
    refused_at = DateTimeField(required=True)
    times = IntField(required=True)
    meta = {"collection": "photo_refusals", "auto_create_index": False, "indexes": [["person", "-refused_at"]]}


class PhotoDamage(Document):
    """A photo whose bytes are missing or not those of its name; kept when it is whole again, with the time."""

    id = StringField(primary_key=True)  # the SHA-256
    state = StringField(required=True, choices=["damaged", "missing", "mended"])
    found_at = DateTimeField(required=True)
    seen_at = DateTimeField(required=True)  # when it was last looked at
    mended_at = DateTimeField(null=True)
    visits = ListField(StringField())  # that name it; the first few
    brand = ListField(StringField())  # of these visits: who may see this
    dealer = ListField(StringField())
    meta = {
        "collection": "photo_damages",
        "auto_create_index": False,
        "indexes": ["brand", "dealer", "state"],
    }


def insert_once(document: type[Document], row: Row) -> bool:
    """Insert a document; False if its id was there already (nothing is changed then)."""
    try:
        document._get_collection().insert_one(row)
    except DuplicateKeyError:
        return False
    return True


def upload_id(person: str, sha256: str) -> str:
    """Name the record of an upload."""
    return f"{person}:{sha256}"


def sent_by(person: str, hashes: Iterable[str], uploads: type[Document] = PhotoUpload) -> set[str]:
    """Give those of the hashes that a person has sent, whole."""
    ids = [upload_id(person, sha256) for sha256 in hashes]
    return {row["sha256"] for row in uploads._get_collection().find({"_id": {"$in": ids}}, {"sha256": 1})}


def arrivals(person: str, hashes: Iterable[str]) -> dict[str, datetime]:
    """Give when each of the hashes that a person has sent arrived, whole."""
    ids = [upload_id(person, sha256) for sha256 in hashes]
    rows = PhotoUpload._get_collection().find({"_id": {"$in": ids}}, {"sha256": 1, "received_at": 1})
    return {row["sha256"]: row["received_at"] for row in rows}


def remarks_of(hashes: Iterable[str]) -> dict[str, list[str]]:
    """Give the codes of the remarks on photos."""
    rows = Photo._get_collection().find({"_id": {"$in": list(hashes)}}, {"remarks": 1})
    return {row["_id"]: row.get("remarks") or [] for row in rows}


def senders_of(sha256: str, uploads: type[Document] = PhotoUpload) -> list[str]:
    """List the persons who have sent a photo, or what else `uploads` are of."""
    return [row["person"] for row in uploads._get_collection().find({"sha256": sha256}, {"person": 1})]
