"""Findings as they are kept."""

from __future__ import annotations

from mongoengine import BooleanField, DateTimeField, Document, FloatField, StringField


class Finding(Document):
    """An item that scored below the limit; `_id` is visit:item, so that raising it twice makes one."""

    id = StringField(primary_key=True)
    visit = StringField(required=True)
    item = StringField(required=True)
    touchpoint = StringField(required=True)
    score = FloatField(required=True)
    dealer = StringField(required=True)
    brand = StringField(required=True)
    wave = StringField(required=True)
    mode = StringField(required=True)
    checklist = StringField(required=True)  # code:version, where the item's text stands
    critical = BooleanField(required=True)
    state = StringField(required=True, choices=["open", "withdrawn"])
    released = BooleanField(required=True)  # the dealer sees it
    created_at = DateTimeField(required=True)
    updated_at = DateTimeField(required=True)
    meta = {
        "collection": "findings",
        "auto_create_index": False,
        "indexes": ["visit", ["dealer", "released"], ["wave", "state"]],
    }
