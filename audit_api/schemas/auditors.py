"""Screenings of auditors on the wire; for quality teams only."""

from __future__ import annotations

from marshmallow import fields

from audit_api.extensions import Schema
from audit_api.schemas.fields import PageQuery, Text, page_of


class AuditorRunQuery(PageQuery):
    """Which runs."""

    wave = Text(longest=40, load_default=None)


class AuditorRunSchema(Schema):
    """A frozen screening of auditors."""

    code = fields.String(required=True)
    wave = fields.String(required=True)
    programme = fields.String(required=True)
    brand = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    code_sha256 = fields.String(metadata={"description": "Hash of the code that made the figures"})
    scope = fields.Dict(metadata={"description": "From when to when visits counted"})
    run = fields.Dict(
        required=True,
        metadata={
            "description": "Version, parameters, seed, hash of the inputs, counts; `agreement`: Krippendorff's alpha "
            "per item over double visits"
        },
    )


AuditorRunPageSchema = page_of(AuditorRunSchema)


class ScreenedAuditorSchema(Schema):
    """What a run found about one auditor."""

    run = fields.String(required=True)
    auditor = fields.String(required=True)
    name = fields.String()
    grade = fields.String(required=True, metadata={"description": "flag, watch, none or not_assessable"})
    p = fields.Float(allow_none=True)
    family_p = fields.Float(
        allow_none=True, metadata={"description": "Chance that a screening of honest auditors names anybody at all"}
    )
    q = fields.Float(allow_none=True)
    visits = fields.Integer()
    reasons = fields.List(fields.String(), metadata={"description": "Indicators that stand out, the strongest first"})


ScreenedAuditorPageSchema = page_of(ScreenedAuditorSchema)


class AuditorDossierSchema(ScreenedAuditorSchema):
    """One auditor with the evidence as it was frozen."""

    dossier = fields.Dict(
        required=True, metadata={"description": "evidence with observed, expected, n, p, rows and honest causes"}
    )
