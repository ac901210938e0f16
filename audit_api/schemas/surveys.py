"""Survey responses on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from audit_api.domain.questionnaires import LONGEST_TEXT
from audit_api.domain.survey_versions import DIRECTIONS
from audit_api.extensions import Schema
from audit_api.schemas.fields import PageQuery, Text, page_of
from audit_api.schemas.imports import ImportQuery, ImportReportSchema

MOST_RESPONSES = 1_000
MOST_ITEMS = 300


class AnswerField(fields.Field):
    """A level (whole number), a word, a text, or null; never a boolean or a fraction."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | str:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValidationError("must be a whole number or a text")
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise ValidationError(f"must have at most {LONGEST_TEXT} characters")
        return value.strip() if isinstance(value, str) else value


def _time(**kwargs: Any) -> Text:
    return Text(
        longest=40,
        metadata={"description": "ISO 8601; without an offset it is the dealer's wall clock"},
        **kwargs,
    )


class ResponseSchema(Schema):
    """One response as it is sent; contact, device and adviser are hashed at once and never kept."""

    response_id = Text(required=True, shortest=1, longest=100)
    dealer = Text(required=True, shortest=1, longest=40)
    event_id = Text(longest=200)
    event_at = _time(required=True)
    invited_at = _time()
    started_at = _time()
    submitted_at = _time(required=True)
    channel = Text(longest=60)
    contact = Text(longest=200)
    device = Text(longest=200)
    adviser = Text(longest=200)
    job_type = Text(longest=200)
    vehicle_class = Text(longest=200)
    comment = Text(longest=LONGEST_TEXT)
    answers = fields.Dict(
        keys=Text(longest=60, shortest=1),
        values=AnswerField(allow_none=True, metadata={"type": ["integer", "string"]}),
        required=True,
        validate=validate.Length(min=1, max=MOST_ITEMS),
        metadata={"description": "By item id; an item left out or null is not answered"},
    )


class ResponseBatchSchema(Schema):
    """Up to 1,000 responses to one version of a questionnaire (the newest when none is named)."""

    version = fields.Integer(strict=True, load_default=None, validate=validate.Range(min=1, max=999_999))
    responses = fields.List(
        fields.Nested(ResponseSchema), required=True, validate=validate.Length(min=1, max=MOST_RESPONSES)
    )


class ResponseResultSchema(Schema):
    """What became of one response: new, same, changed (kept as a later version: the first counts) or refused."""

    index = fields.Integer(required=True)
    response_id = fields.String(required=True)
    result = fields.String(required=True, validate=validate.OneOf(("new", "same", "changed", "refused")))


class ResponseErrorSchema(Schema):
    """Why one field of one response was refused."""

    index = fields.Integer(required=True)
    field = fields.String(required=True)
    value = fields.String(required=True)
    message = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "zh and en"})


class ResponseChangeSchema(Schema):
    """A later answer under a known id: kept beside the first, which counts."""

    row = fields.Integer(required=True, metadata={"description": "Row of the file, or index in the batch"})
    response_id = fields.String(required=True)
    direction = fields.String(
        required=True, metadata={"description": "up, down or level against the first answer; empty in a dry run"}
    )


class ResponsesReceivedSchema(Schema):
    """What an import of responses did."""

    batch = fields.String(required=True)
    questionnaire = fields.String(required=True)
    version = fields.Integer(required=True)
    read = fields.Integer(required=True)
    new = fields.Integer(required=True)
    same = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    waves = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "New by wave"})
    changes = fields.List(
        fields.Nested(ResponseChangeSchema), required=True, metadata={"description": "The first 1,000"}
    )
    results = fields.List(fields.Nested(ResponseResultSchema), required=True)
    errors = fields.List(fields.Nested(ResponseErrorSchema), required=True)


class SurveyImportQuery(ImportQuery):
    """How to import a file of responses."""

    version = fields.Integer(load_default=None, validate=validate.Range(min=1, max=999_999))
    mapping = Text(longest=40, load_default=None, metadata={"description": "Name of a saved column mapping"})
    programme = Text(longest=40, load_default=None, metadata={"description": "Take waves of this programme only"})


class SurveyImportSchema(ImportReportSchema):
    """What an import of a file of responses did, or would do."""

    batch = fields.String(required=True)
    questionnaire = fields.String(required=True)
    version = fields.Integer(required=True)
    waves = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "New by wave"})
    changes = fields.List(
        fields.Nested(ResponseChangeSchema), required=True, metadata={"description": "The first 1,000"}
    )
    preview = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "In a dry run the first rows as understood, contacts hidden"},
    )


class ResponseQuery(PageQuery):
    """Which responses."""

    wave = Text(longest=40, load_default=None)


class ResponseVersionSchema(Schema):
    """A later answer under the same id; it never enters a score."""

    version = fields.Integer(required=True)
    submitted_at = fields.AwareDateTime(required=True)
    received_at = fields.AwareDateTime(required=True)
    edited_at = fields.AwareDateTime(
        required=True, metadata={"description": "Its own later submission time, else when it was received"}
    )
    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    change = fields.Float(
        required=True, allow_none=True, metadata={"description": "Mean change of the marks, -1..1 of their scales"}
    )
    comment = fields.String()
    answers = fields.List(fields.Raw(allow_none=True, metadata={"type": ["integer", "string"]}), required=True)


class ResponseKeptSchema(Schema):
    """One response as staff see it: without any trace of the customer's contact, device or adviser."""

    response_id = fields.String(required=True)
    questionnaire = fields.String(required=True)
    version = fields.Integer(required=True)
    dealer = fields.String(required=True)
    wave = fields.String(required=True)
    event_id = fields.String()
    event_at = fields.AwareDateTime(required=True)
    invited_at = fields.AwareDateTime(allow_none=True)
    started_at = fields.AwareDateTime(allow_none=True)
    submitted_at = fields.AwareDateTime(required=True)
    channel = fields.String()
    contact_kind = fields.String(metadata={"description": "phone, mail, other, or empty where none was given"})
    job_type = fields.String()
    vehicle_class = fields.String()
    comment = fields.String()
    answers = fields.List(
        fields.Raw(allow_none=True, metadata={"type": ["integer", "string"]}),
        required=True,
        metadata={"description": "In the questionnaire's item order; null where not answered"},
    )
    versions = fields.List(fields.Nested(ResponseVersionSchema), metadata={"description": "Later answers, if any"})


ResponseKeptPageSchema = page_of(ResponseKeptSchema)
