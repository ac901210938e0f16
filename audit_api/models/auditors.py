"""Screenings of auditors as they are kept: what was found never changes; apart from everything about dealers."""

from __future__ import annotations

from mongoengine import DateTimeField, DictField, Document, FloatField, IntField, ListField, StringField

from audit_api.domain.auditor_cases import CaseState


class AuditorRun(Document):
    """One frozen screening of a wave's auditors; `run` holds version, parameters, seed, hash of the inputs, counts."""

    id = StringField(primary_key=True)  # <wave>-auditors-<hash over inputs, parameters, code>
    wave = StringField(required=True)
    programme = StringField(required=True)
    brand = StringField(required=True)
    started_at = DateTimeField(required=True)
    by = StringField(required=True)
    scope = DictField()
    run = DictField(required=True)
    code_sha256 = StringField()
    frozen = ListField(DictField())  # the inputs as Parquet blobs: table, sha256, bytes, rows
    meta = {"collection": "auditor_runs", "auto_create_index": False, "indexes": ["brand", "wave"]}


class AuditorDossier(Document):
    """What a run found about one auditor, as it was frozen, and what people decided; `_id` is run:auditor."""

    id = StringField(primary_key=True)
    run = StringField(required=True)
    wave = StringField(required=True)
    brand = StringField(required=True)
    auditor = StringField(required=True)
    name = StringField()
    grade = StringField(required=True)
    p = FloatField(null=True)
    family_p = FloatField(null=True)
    q = FloatField(null=True)
    visits = IntField()
    reasons = ListField(StringField())
    dossier = DictField(required=True)
    state = StringField(null=True, choices=[s.value for s in CaseState])  # null where no question was raised
    revision = IntField(required=True)
    decisions = ListField(DictField())  # outcome, reason, by, at, revision
    decided_at = DateTimeField(null=True)
    created_at = DateTimeField(required=True)
    meta = {"collection": "auditor_dossiers", "auto_create_index": False, "indexes": [["run", "_id"]]}
