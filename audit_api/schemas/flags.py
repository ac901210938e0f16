"""Flags on the wire, for staff only; what a dealer sees of them is in schemas/questions.py."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.flag_hearing import LONGEST_QUESTION, SHORTEST_QUESTION
from audit_api.domain.flags import LONGEST_REASON, LOOK_ALIKES, SHORTEST_REASON, FlagState, Interest, Outcome
from audit_api.extensions import Schema
from audit_api.schemas.fields import LONGEST_ID, LongPageQuery, Text, page_of

STATES = [state.value for state in FlagState]
GRADES = ["watch", "flag"]


class FlagQuery(LongPageQuery):
    """Which flags."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    grade = fields.String(load_default=None, validate=validate.OneOf(GRADES))
    wave = Text(longest=40, load_default=None)
    run = Text(
        longest=LONGEST_ID, load_default=None,
        metadata={"description": "Of this run; watches that a later run has superseded are listed only so"},
    )  # fmt: skip


class FlagFiguresQuery(Schema):
    """Whether to show what grades a flag before the first step."""

    figures = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={
            "description": "true shows score, p and q of a blind flag at once; recorded, and you no longer decide it"
        },
    )


def interests_field() -> fields.List:
    """Make the field by which somebody declares an interest; an empty list declares none."""
    return fields.List(
        fields.String(validate=validate.OneOf([interest.value for interest in Interest])),
        load_default=list,
        validate=validate.Length(max=len(Interest)),
        metadata={"description": "Your interests in this dealer; with any, somebody else has to act. [] declares none"},
    )


class FlagQuestionSchema(Schema):
    """A question to the dealer, on the revision that was read."""

    revision = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=2**31))
    text_zh = Text(required=True, shortest=SHORTEST_QUESTION, longest=LONGEST_QUESTION)
    text_en = Text(required=True, shortest=SHORTEST_QUESTION, longest=LONGEST_QUESTION)
    indicators = fields.List(
        Text(shortest=1, longest=60),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={"description": "Evidence the dealer may see, in its own form: no respondent, threshold or auditor"},
    )
    interests = interests_field()


class FlagDecisionSchema(Schema):
    """A decision on the revision that was read."""

    interests = interests_field()
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
    blind = fields.Boolean(metadata={"description": "Taken without the figures that tell a control from a flag"})
    appeal = fields.Boolean(metadata={"description": "It decided an appeal"})


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
    blind = fields.Boolean(
        metadata={"description": "Shown without what grades it (score, p, q, groups): you may still decide"}
    )
    control = fields.Boolean(
        allow_none=True,
        metadata={"description": "Drawn at random from the unflagged; null until it is decided, for who may decide"},
    )
    reply_until = fields.AwareDateTime(allow_none=True, metadata={"description": "The dealer's time to reply"})
    superseded_by = fields.String(allow_none=True, metadata={"description": "The later run that watches instead"})
    created_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(allow_none=True)


FlagEntryPageSchema = page_of(FlagEntrySchema)


class FlagReplySchema(Schema):
    """What the dealer replied."""

    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    text = fields.String(required=True)
    photos = fields.List(fields.String(), required=True)
    attachments = fields.List(fields.String())


class FlagAppealSchema(FlagReplySchema):
    """The dealer's appeal."""

    outcome = fields.String(allow_none=True, metadata={"description": "null while it waits for somebody uninvolved"})
    decided_at = fields.AwareDateTime(allow_none=True)


class FlagHearingSchema(Schema):
    """A question that was put to the dealer, with its replies."""

    question = fields.String(required=True)
    text_zh = fields.String(required=True)
    text_en = fields.String(required=True)
    evidence = fields.List(fields.Dict(), required=True, metadata={"description": "As the dealer sees it"})
    asked_by = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)
    reply_until = fields.AwareDateTime(required=True)
    replies = fields.List(fields.Nested(FlagReplySchema), required=True)
    appeal_until = fields.AwareDateTime(allow_none=True)


class FlagSchema(FlagEntrySchema):
    """A flag with its frozen evidence, what the dealer was asked and said, and the decisions taken."""

    dossier = fields.Dict(
        required=True,
        metadata={"description": "As frozen by the run: evidence in words and figures, rows, honest explanations"},
    )
    decisions = fields.List(fields.Nested(FlagDecisionTakenSchema), required=True)
    questions = fields.List(fields.Nested(FlagHearingSchema), required=True)
    appeal = fields.Nested(FlagAppealSchema, allow_none=True)
    response = fields.Dict(
        allow_none=True, metadata={"description": "Proposed on confirmation, with the ladder; nothing is automatic"}
    )


class PrecisionQuery(Schema):
    """Of which decisions."""

    wave = Text(longest=40, load_default=None)


class PrecisionRowSchema(Schema):
    """Decisions counted: precision = confirmed / (confirmed + dismissed), with its 95 % interval."""

    name = fields.String(required=True)
    title = fields.Dict(
        allow_none=True, metadata={"description": "The indicator's or group's name in zh and en, where known"}
    )
    confirmed = fields.Integer(required=True)
    dismissed = fields.Integer(required=True)
    inconclusive = fields.Integer(required=True, metadata={"description": "Counts for nothing"})
    precision = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class PrecisionSchema(Schema):
    """How often what the detectors point at was confirmed; it changes nothing by itself."""

    flags = fields.Nested(PrecisionRowSchema, required=True)
    indicators = fields.List(fields.Nested(PrecisionRowSchema), required=True)
    groups = fields.List(fields.Nested(PrecisionRowSchema), required=True)
    controls = fields.Nested(
        PrecisionRowSchema,
        required=True,
        metadata={"description": "Unflagged dealers reviewed blind: the share confirmed is the share missed"},
    )
