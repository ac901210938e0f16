"""Screenings of auditors on the wire; for quality teams only."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.auditor_cases import CaseOutcome, CaseState
from audit_api.domain.flags import LONGEST_REASON, SHORTEST_REASON
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
    state = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([state.value for state in CaseState]),
        metadata={"description": "Of the case; null where no question was raised"},
    )
    revision = fields.Integer(required=True)
    decided_at = fields.AwareDateTime(allow_none=True)


ScreenedAuditorPageSchema = page_of(ScreenedAuditorSchema)


class AuditorDecisionSchema(Schema):
    """A decision on the revision that was read."""

    revision = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=2**31))
    outcome = fields.String(
        required=True,
        validate=validate.OneOf([outcome.value for outcome in CaseOutcome]),
        metadata={
            "description": "confirmed: visits were not done as reported, needs two people; explained: an honest "
            "cause; coaching: the auditor needs guidance"
        },
    )
    reason = Text(required=True, shortest=SHORTEST_REASON, longest=LONGEST_REASON)


class AuditorDecisionTakenSchema(Schema):
    """A decision as it was taken."""

    outcome = fields.String(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "Id of the person"})
    at = fields.AwareDateTime(required=True)
    revision = fields.Integer(required=True, metadata={"description": "The revision that was read"})


class AuditorDossierSchema(ScreenedAuditorSchema):
    """One auditor with the evidence as it was frozen, and the decisions taken."""

    dossier = fields.Dict(
        required=True, metadata={"description": "evidence with observed, expected, n, p, rows and honest causes"}
    )
    decisions = fields.List(fields.Nested(AuditorDecisionTakenSchema), required=True)
