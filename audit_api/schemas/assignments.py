"""Assignments on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from audit_api.domain.programmes import (
    LONGEST_BRIEFING,
    LONGEST_SCENARIO,
    AssignmentRequest,
    Field,
    Mode,
    SelectedBy,
)
from audit_api.extensions import Schema
from audit_api.schemas.fields import Code, Moment, PageQuery, Text, page_of


class AssignmentQuery(PageQuery):
    """Which assignments."""

    wave = Text(longest=40, load_default=None)
    dealer = Text(longest=40, load_default=None)


class ChecklistVersionSchema(Schema):
    """A version of a checklist."""

    code = Code(required=True)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=1_000_000))


class AssignmentBody(Schema):
    """A new assignment; `mode` and `domain` are taken from the checklist where not given."""

    code = Code(required=True)
    wave = Code(required=True)
    dealer = Code(required=True)
    checklist = fields.Nested(ChecklistVersionSchema, required=True)
    auditor = Text(required=True, shortest=1, longest=254, metadata={"description": "A person's id or e-mail address"})
    window_from = Moment(required=True)
    window_to = Moment(required=True, metadata={"description": "Not part of the window itself"})
    mode = fields.String(validate=validate.OneOf([*Mode]))
    domain = fields.String(validate=validate.OneOf([*Field]))
    scenario = Text(longest=LONGEST_SCENARIO, load_default="")
    briefing = Text(longest=LONGEST_BRIEFING, load_default="")
    selected_by = fields.String(
        load_default=SelectedBy.PLAN.value,
        validate=validate.OneOf([*SelectedBy]),
        metadata={"description": "Only planned visits enter the indicators"},
    )

    @post_load
    def _request(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        checklist = data.pop("checklist")
        return {"request": AssignmentRequest(checklist=checklist["code"], version=checklist["version"], **data)}


class AssignedDealerSchema(Schema):
    """Where to go."""

    code = fields.String(required=True)
    name_zh = fields.String()
    name_en = fields.String()
    city = fields.String()
    lat = fields.Float(allow_none=True)
    lon = fields.Float(allow_none=True)
    datum = fields.String()
    fence_m = fields.Integer()
    timezone = fields.String()


class AssignedVisitSchema(Schema):
    """The visit made for an assignment."""

    id = fields.String(required=True)
    state = fields.String(required=True)


class AssignmentSchema(Schema):
    """An assignment; `auditor` and `selected_by` are for planners, an auditor's own list does not hold them."""

    code = fields.String(required=True)
    wave = fields.String(required=True)
    programme = fields.String(required=True)
    dealer = fields.Nested(AssignedDealerSchema, required=True)
    checklist = fields.Nested(ChecklistVersionSchema, required=True)
    mode = fields.String(required=True)
    domain = fields.String(required=True)
    window_from = fields.AwareDateTime(required=True)
    window_to = fields.AwareDateTime(required=True)
    scenario = fields.String(required=True)
    briefing = fields.String(required=True)
    visit = fields.Nested(AssignedVisitSchema, required=True, allow_none=True)
    auditor = fields.String()
    selected_by = fields.String()


AssignmentPageSchema = page_of(AssignmentSchema)
