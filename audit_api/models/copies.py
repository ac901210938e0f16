"""What photos are found by when they come again: one entry each, numbered without gaps."""

from __future__ import annotations

from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, StringField


class PhotoCopies(Document):
    """A photo's views, and the earlier photos they are like.

    Numbers are dense: an entry takes the number after the last one visible, and only one process can. Whoever has
    read up to n has read all there is up to n, and `found` of entry n is complete for the entries before it.
    """

    id = IntField(primary_key=True)
    sha256 = StringField(required=True)
    cuts = ListField(StringField())  # names of the views kept, empty where the picture is too plain
    hashes = BinaryField(required=True)  # 32 bytes for each of them
    tone = ListField()  # mean luma, blue and red difference
    found = ListField(DictField())  # {sha256, distance, cut, turn, earlier_cut}, nearest first
    found_count = IntField(required=True)  # how many there were; the nearest are kept
    entered_at = DateTimeField(required=True)
    meta = {
        "collection": "photo_copies",
        "auto_create_index": False,
        "indexes": [{"fields": ["sha256"], "unique": True}, "found.sha256"],
    }
