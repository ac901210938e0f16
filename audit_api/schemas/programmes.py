"""Programmes and waves on the wire."""

from __future__ import annotations

from marshmallow import fields

from audit_api.extensions import Schema
from audit_api.schemas.fields import Code, Flag, PageQuery, Text, page_of


class ProgrammeBody(Schema):
    """A new programme: one brand, one market."""

    code = Code(required=True)
    name_zh = Text(required=True, shortest=1, longest=200)
    name_en = Text(longest=200, load_default="")
    brand = Text(required=True, shortest=1, longest=60)
    market = Text(longest=60, load_default="")
    recording_allowed = Flag(
        load_default=False,
        metadata={"description": "Whether sound may be recorded on its visits; needs legal approval"},
    )


class RecordingBody(Schema):
    """Whether sound may be recorded on a programme's visits."""

    allowed = Flag(required=True)
    reason = Text(required=True, shortest=1, longest=1000, metadata={"description": "Who approved it, on what grounds"})


class ProgrammeSchema(Schema):
    """A programme."""

    code = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    brand = fields.String(required=True)
    market = fields.String(required=True)
    recording_allowed = fields.Boolean(required=True)


class WaveQuery(PageQuery):
    """Which waves."""

    programme = Text(longest=40, load_default=None)


class WaveBody(Schema):
    """A new wave: local dates, both inclusive."""

    code = Code(required=True)
    programme = Code(required=True)
    timezone = Text(longest=60, load_default="Asia/Shanghai")
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True)


class WaveSchema(Schema):
    """A wave: local dates, both inclusive, and its half-open bounds in UTC."""

    code = fields.String(required=True)
    programme = fields.String(required=True)
    brand = fields.String(required=True)
    timezone = fields.String(required=True)
    from_on = fields.String(required=True)
    to_on = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)


ProgrammePageSchema = page_of(ProgrammeSchema)
WavePageSchema = page_of(WaveSchema)
