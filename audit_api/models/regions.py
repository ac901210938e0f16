"""Photos as they are shown: the display derivative, the regions to cover, and the derivative with them covered."""

from __future__ import annotations

from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, StringField

from audit_api.models.base import Row

WITHOUT_PICTURES = {"display": 0, "covered": 0, "covered_thumbnail": 0}


class PhotoView(Document):
    """What came of looking at a photo for faces and number plates.

    Regions and the pictures that cover them are one document and change together, so that no reader meets a
    picture made for other regions. `covered` is missing where there is nothing to cover.
    """

    id = StringField(primary_key=True)  # the SHA-256 of the original
    state = StringField(required=True, choices=["looked_at", "failed"])
    reason = StringField(null=True)  # why it failed
    revision = IntField(required=True)
    detector = StringField(required=True)  # name and version
    looked_at = DateTimeField(required=True)
    width = IntField()  # of the display derivative, pixels
    height = IntField()
    display = BinaryField()
    # {id, kind, source: detector|person, by, at, x, y, width, height}
    regions = ListField(DictField())
    covered = BinaryField()
    covered_thumbnail = BinaryField()
    meta = {"collection": "photo_views", "auto_create_index": False, "indexes": ["state"]}


def view_of(sha256: str, *, pictures: bool = False) -> Row | None:
    """Read what came of looking at a photo; None while it waits."""
    fields = None if pictures else WITHOUT_PICTURES
    row: Row | None = PhotoView._get_collection().find_one({"_id": sha256}, fields)
    return row
