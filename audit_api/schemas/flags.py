"""Flags on the wire: for staff only, dealers never see them here."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.flags import LONGEST_REASON, LOOK_ALIKES, SHORTEST_REASON, FlagState, Outcome
from audit_api.extensions import Schema
from audit_api.schemas.fields import PageQuery, Text, page_of

LONGEST_ID = 200
STATES = [state.value for state in FlagState]
GRADES = ["watch", "flag"]


class FlagQuery(PageQuery):
    """Which flags."""

    after = Text(longest=LONGEST_ID, load_default=None, metadata={"description": "`next` of the page before"})
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    grade = fields.String(load_default=None, validate=validate.OneOf(GRADES))
    wave = Text(longest=40, load_default=None)
    run = Text(
        longest=LONGEST_ID, load_default=None,
        metadata={"description": "Of this run; watches that a later run has superseded are listed only so"},
    )  # fmt: skip


class FlagDecisionSchema(Schema):
    """A decision on the revision that was read."""

    revision = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=2**31))
    outcome = fields.String(required=True, validate=validate.OneOf([outcome.value for outcome in Outcome]))
    reason = Text(required=True, shortest=SHORTEST_REASON, longest=LONGEST_REASON)
    look_alike = fields.String(
        load_default="",
        validate=validate.OneOf(["", *LOOK_ALIKES]),
        metadata={"description": "For a dismissal: " + "; ".join(f"{code} {t.en}" for code, t in LOOK_ALIKES.items())},
    )


class FlagDecisionTakenSchema(Schema):
    """A decision as it was taken."""

    outcome = fields.String(required=True)
    reason = fields.String(required=True)
    look_alike = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "Id of the person"})
    at = fields.AwareDateTime(required=True)
    revision = fields.Integer(required=True, metadata={"description": "The revision that was read"})


class FlagEntrySchema(Schema):
    """A flag in a list: a question about a dealer's survey, never a verdict."""

    flag = fields.String(required=True)
    run = fields.String(required=True)
    wave = fields.String(required=True)
    questionnaire = fields.String(required=True)
    dealer = fields.String(required=True)
    brand = fields.String(required=True)
    grade = fields.String(required=True, validate=validate.OneOf(GRADES))
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    revision = fields.Integer(required=True)
    score = fields.Float(allow_none=True, metadata={"description": "Suspicion 0..100, higher is more unusual"})
    p = fields.Float(allow_none=True)
    q = fields.Float(allow_none=True)
    groups = fields.List(fields.String(), required=True)
    summary = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "zh and en"})
    superseded_by = fields.String(allow_none=True, metadata={"description": "The later run that watches instead"})
    created_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(allow_none=True)


FlagEntryPageSchema = page_of(FlagEntrySchema)


class FlagSchema(FlagEntrySchema):
    """A flag with its frozen evidence and the decisions taken."""

    dossier = fields.Dict(
        required=True,
        metadata={"description": "As frozen by the run: evidence in words and figures, rows, honest explanations"},
    )
    decisions = fields.List(fields.Nested(FlagDecisionTakenSchema), required=True)
