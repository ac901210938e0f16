"""Screening runs and flags as they are kept: what a run found is written once and never changed."""

from __future__ import annotations

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from audit_api.domain.flags import FlagState


class ScreeningRun(Document):
    """One frozen screening; `run` holds version, parameters, seed, hash of the inputs and counts."""

    id = StringField(primary_key=True)  # <wave>-<questionnaire>-<hash over inputs, parameters, version>
    wave = StringField(required=True)
    programme = StringField(required=True)
    brand = StringField(required=True)
    questionnaire = StringField(required=True)
    action = BooleanField(required=True)
    started_at = DateTimeField(required=True)
    finished_at = DateTimeField(required=True)
    by = StringField(required=True)
    scope = DictField()
    run = DictField(required=True)
    code_sha256 = StringField()  # of the code that made the figures
    frozen = ListField(DictField())  # the inputs as Parquet blobs: table, sha256, bytes, rows
    meta = {
        "collection": "screening_runs",
        "auto_create_index": False,
        "indexes": [
            "brand",
            # A declared action run is one look at a wave's events: a second one would be a second draw.
            {
                "fields": ["wave", "questionnaire"],
                "unique": True,
                "partialFilterExpression": {"action": True},
            },
        ],
    }


class ScreenedDealer(Document):
    """One dealer of one run with all its indicators; `_id` is run:dealer."""

    id = StringField(primary_key=True)
    run = StringField(required=True)
    dealer = StringField(required=True)
    brand = StringField(required=True)
    outcome = DictField()
    indicators = ListField(DictField())
    meta = {"collection": "screened_dealers", "auto_create_index": False, "indexes": ["run"]}


class Flag(Document):
    """A question about a dealer's survey, with the evidence as it was frozen; `_id` is run:dealer."""

    id = StringField(primary_key=True)
    run = StringField(required=True)
    wave = StringField(required=True)
    questionnaire = StringField(required=True)
    dealer = StringField(required=True)
    brand = StringField(required=True)
    grade = StringField(required=True, choices=["watch", "flag"])
    state = StringField(required=True, choices=[s.value for s in FlagState])
    superseded_by = StringField(null=True)  # of an undecided watch: the later run on the same wave
    revision = IntField(required=True)
    score = FloatField()
    p = FloatField()
    q = FloatField()
    groups = ListField(StringField())
    summary = DictField()  # {zh, en}: the strongest evidence in one sentence
    dossier = DictField(required=True)
    decisions = ListField(DictField())
    created_at = DateTimeField(required=True)
    decided_at = DateTimeField(null=True)
    meta = {
        "collection": "flags",
        "auto_create_index": False,
        "indexes": [["brand", "_id"], ["dealer", "_id"], ["wave", "_id"]],
    }
