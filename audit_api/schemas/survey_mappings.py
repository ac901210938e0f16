"""Column mappings on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.source_text import MAX_CHARACTERS
from audit_api.domain.survey_mappings import KINDS
from audit_api.extensions import Schema
from audit_api.schemas.fields import Text, page_of


class MappingBody(Schema):
    """A column mapping as its author writes it."""

    source = Text(
        required=True,
        shortest=1,
        longest=MAX_CHARACTERS,
        metadata={"description": "YAML or JSON: kind, questionnaire or checklist, columns, ignore, values, dates, …"},
    )


class MappingQuery(Schema):
    """Which version."""

    version = fields.Integer(load_default=None, validate=validate.Range(min=1, max=999_999))


class MappingSchema(Schema):
    """One version of a column mapping."""

    name = fields.String(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    questionnaire = fields.String(required=True)
    source = fields.String(required=True)
    mapping = fields.Dict(keys=fields.String(), required=True, metadata={"description": "As it was understood"})
    saved_at = fields.AwareDateTime(required=True)
    unchanged = fields.Boolean(metadata={"description": "True where saving changed nothing"})


MappingPageSchema = page_of(MappingSchema)
