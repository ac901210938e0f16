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
    controls = DictField()  # seed, share and codes of the random controls; never on the wire
    suppressed = ListField(DictField())  # patterns seen again that people have dismissed before
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
    control = BooleanField(default=False)  # drawn at random from the unflagged; not shown before it is decided
    blind = BooleanField(default=False)  # shown without the figures that would tell a control from a flag
    unblinded = ListField(StringField())  # persons who have asked for those figures: they do not decide it
    interests = ListField(DictField())  # persons who declared an interest, and which
    heard_revision = IntField(default=1)  # decisions on an earlier revision no longer count
    reply_until = DateTimeField(null=True)
    appeal = DictField(null=True)
    response = DictField(null=True)  # the rung proposed on confirmation
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
        "indexes": [
            ["brand", "_id"],
            ["dealer", "_id"],
            ["wave", "_id"],
            # What waits for a blind decision is looked up at every reading of flags and runs.
            {
                "fields": ["blind", "state", "wave", "questionnaire", "dealer"],
                "partialFilterExpression": {"blind": True},
            },
        ],
    }


class Question(Document):
    """What a dealer is asked about a flag, what it may see, what it replied; it knows nothing else of the flag."""

    id = StringField(primary_key=True)
    flag = StringField(required=True)
    dealer = StringField(required=True)
    brand = StringField(required=True)
    wave = StringField(required=True)
    text_zh = StringField(required=True)
    text_en = StringField(required=True)
    evidence = ListField(DictField())
    asked_by = StringField(required=True)
    asked_at = DateTimeField(required=True)
    reply_until = DateTimeField(required=True)
    replies = ListField(DictField())  # by, at, text, photos, attachments (SHA-256)
    outcome = StringField(null=True)
    decided_at = DateTimeField(null=True)
    appeal_until = DateTimeField(null=True)
    appeal = DictField(null=True)  # by, at, text, photos, attachments, outcome, decided_at
    meta = {
        "collection": "questions",
        "auto_create_index": False,
        "indexes": [
            "flag",
            ["dealer", "_id"],
            "replies.photos",
            "appeal.photos",
            "replies.attachments",
            "appeal.attachments",
        ],
    }


class Suppression(Document):
    """A pattern people have dismissed: not raised again for two waves unless another evidence group appears."""

    id = StringField(primary_key=True)  # the dismissed flag
    dealer = StringField(required=True)
    brand = StringField(required=True)
    programme = StringField(required=True)
    wave = StringField(required=True)
    questionnaire = StringField(required=True)
    groups = ListField(StringField())
    look_alike = StringField(required=True)
    created_at = DateTimeField(required=True)
    meta = {
        "collection": "flag_suppressions",
        "auto_create_index": False,
        "indexes": [["programme", "questionnaire"]],
    }


class DealerDossier(Document):
    """The frozen dossier of a dealer that was not flagged: a control, or a pattern that was dismissed before."""

    id = StringField(primary_key=True)  # run:dealer
    run = StringField(required=True)
    dealer = StringField(required=True)
    brand = StringField(required=True)
    dossier = DictField(required=True)
    meta = {"collection": "dealer_dossiers", "auto_create_index": False, "indexes": ["run"]}
