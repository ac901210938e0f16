"""Programmes, waves and assignments as they are kept."""

from __future__ import annotations

from mongoengine import BooleanField, DateTimeField, DictField, Document, IntField, StringField

from audit_api.domain.programmes import Wave as WaveRule
from audit_api.models.base import Row


class Programme(Document):
    """A maker's continuing measurement scheme for a market."""

    code = StringField(primary_key=True, max_length=40)
    name_zh = StringField(required=True, max_length=200)
    name_en = StringField(default="", max_length=200)
    brand = StringField(required=True, max_length=60)
    market = StringField(default="", max_length=60)
    recording_allowed = BooleanField(default=False)  # missing: False
    # Counts waves: writers of two waves meet here, so that neither overlooks the other.
    waves = IntField(default=0)
    created_at = DateTimeField(required=True)
    meta = {"collection": "programmes", "auto_create_index": False, "indexes": ["brand"]}


class Wave(Document):
    """A fieldwork period; local dates inclusive, `starts_at` and `ends_at` half-open in UTC."""

    code = StringField(primary_key=True, max_length=40)
    programme = StringField(required=True)
    brand = StringField(required=True)
    timezone = StringField(required=True, max_length=60)
    from_on = StringField(required=True, max_length=10)
    to_on = StringField(required=True, max_length=10)
    starts_at = DateTimeField(required=True)
    ends_at = DateTimeField(required=True)
    created_at = DateTimeField(required=True)
    meta = {
        "collection": "waves",
        "auto_create_index": False,
        "indexes": ["programme", {"fields": ["brand", "starts_at"]}],
    }


class Assignment(Document):
    """A task: dealer, checklist version, auditor, window."""

    code = StringField(primary_key=True, max_length=40)
    wave = StringField(required=True)
    programme = StringField(required=True)
    brand = StringField(required=True)
    dealer = StringField(required=True)
    checklist = DictField(required=True)
    mode = StringField(required=True)
    domain = StringField(required=True)
    auditor = StringField(required=True)
    window_from = DateTimeField(required=True)
    window_to = DateTimeField(required=True)
    scenario = StringField(default="", max_length=2000)
    briefing = StringField(default="", max_length=4000)
    selected_by = StringField(required=True)
    created_at = DateTimeField(required=True)
    imported = StringField()  # the batch of past visits that brought it: nobody is sent anywhere
    meta = {
        "collection": "assignments",
        "auto_create_index": False,
        # Lists walk by code within an auditor, a wave or a dealer.
        "indexes": [
            "brand",
            {"fields": ["auditor", "_id"]},
            {"fields": ["wave", "_id"]},
            {"fields": ["dealer", "_id"]},
        ],
    }


def wave_of_row(row: Row) -> WaveRule:
    """Turn a stored wave into the wave that the rules know."""
    return WaveRule(
        code=row["_id"],
        programme=row["programme"],
        brand=row["brand"],
        timezone=row["timezone"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
    )
