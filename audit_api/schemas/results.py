"""Results on the wire: one schema for staff, one for the dealer."""

from __future__ import annotations

from marshmallow import fields

from audit_api.extensions import Schema
from audit_api.schemas.checklists import BilingualSchema
from audit_api.schemas.fields import Code, PageQuery, page_of
from audit_api.schemas.findings import FindingSchema
from audit_api.schemas.visits import AnsweredChecklistSchema, ReturnedSchema


class HalfDaySchema(Schema):
    """A local date and half of it."""

    date = fields.String(required=True)
    half = fields.String(required=True, metadata={"enum": ["am", "pm"]})


class WhenSchema(HalfDaySchema):
    """When, on the dealer's clock: of a covert visit no more than the half-day."""

    at = fields.AwareDateTime(metadata={"description": "Left out of a covert result"})


class TitledChecklistSchema(AnsweredChecklistSchema):
    """A version of a checklist with its title."""

    title = fields.Nested(BilingualSchema, required=True)


class TotalScoreSchema(Schema):
    """The total, 0 to 100, unrounded; null when nothing counted."""

    raw = fields.Float(required=True, allow_none=True)
    capped = fields.Float(required=True, allow_none=True)
    triggered_by = fields.List(fields.String(), required=True, metadata={"description": "Critical items that capped"})
    coverage = fields.Float(required=True, allow_none=True)
    sufficient = fields.Boolean(required=True)
    pass_at = fields.Float(required=True)
    watch_at = fields.Float(required=True)


class SectionScoreSchema(Schema):
    """Score of a section."""

    code = fields.String(required=True)
    title = fields.Nested(BilingualSchema, required=True)
    weight = fields.Integer(required=True)
    score = fields.Float(required=True, allow_none=True)
    coverage = fields.Float(required=True, allow_none=True)
    insufficient = fields.Boolean(required=True)


class TouchpointScoreSchema(Schema):
    """Score of a touchpoint, before and after caps."""

    code = fields.String(required=True)
    name = fields.Nested(BilingualSchema, required=True)
    raw = fields.Float(required=True)
    capped = fields.Float(required=True)
    triggered_by = fields.List(fields.String(), required=True)


class CapSchema(Schema):
    """What failing a critical item limits."""

    cap = fields.String(required=True)
    max = fields.Float(required=True)


class ItemSchema(Schema):
    """One item and its answer."""

    item = fields.String(required=True)
    section = fields.String(required=True)
    touchpoint = fields.String(required=True)
    type = fields.String(required=True)
    text = fields.Nested(BilingualSchema, required=True)
    weight = fields.Integer(required=True)
    score = fields.Float(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it does not count"})
    value = fields.Raw(required=True, allow_none=True)
    answer = fields.List(fields.Nested(BilingualSchema), required=True)
    comment = fields.String(required=True, allow_none=True)
    cap = fields.Nested(CapSchema, required=True, allow_none=True)


class DealerPhotoSchema(Schema):
    """A photo as the dealer sees it, under a name that holds within this visit only."""

    name = fields.String(required=True)
    ready = fields.Boolean(
        required=True, metadata={"description": "False until faces and number plates were looked for"}
    )


class DealerItemSchema(ItemSchema):
    """One item and its answer, as the dealer reads it."""

    photos = fields.List(fields.Nested(DealerPhotoSchema), required=True)


class PhotoReferenceSchema(Schema):
    """A photo of an item, by the hash of its bytes; times as the phone wrote them."""

    slot = fields.String(required=True)
    sha256 = fields.String(required=True)
    taken_at = fields.String(required=True, allow_none=True)
    fix = fields.Dict(required=True, allow_none=True)


class StaffItemSchema(ItemSchema):
    """One item and its answer, whole."""

    photos = fields.List(fields.Nested(PhotoReferenceSchema), required=True)
    integrity_signal = fields.String(required=True, allow_none=True)
    adverse = fields.Boolean(required=True, allow_none=True)


class _ResultSchema(Schema):
    visit = fields.String(required=True)
    wave = fields.String(required=True)
    programme = fields.String(required=True)
    dealer = fields.String(required=True)
    mode = fields.String(required=True)
    domain = fields.String(required=True)
    state = fields.String(required=True)
    checklist = fields.Nested(TitledChecklistSchema, required=True)
    score = fields.Nested(TotalScoreSchema, required=True)
    sections = fields.List(fields.Nested(SectionScoreSchema), required=True)
    touchpoints = fields.List(fields.Nested(TouchpointScoreSchema), required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)


class DealerResultSchema(_ResultSchema):
    """A released result, as the dealer reads it."""

    visited = fields.Nested(WhenSchema, required=True)
    released = fields.Nested(WhenSchema, required=True)
    items = fields.List(fields.Nested(DealerItemSchema), required=True)


class KeptScoreSchema(Schema):
    """A score as it was computed at some point; none is ever overwritten."""

    at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True)
    revision = fields.Integer(required=True)
    raw = fields.Float(required=True, allow_none=True)
    capped = fields.Float(required=True, allow_none=True)
    coverage = fields.Float(required=True, allow_none=True)
    sufficient = fields.Boolean(required=True)


class StaffResultSchema(_ResultSchema):
    """A result, whole."""

    brand = fields.String(required=True)
    assignment = fields.String(required=True)
    selected_by = fields.String(required=True)
    auditor = fields.String(required=True)
    revision = fields.Integer(required=True)
    record_revision = fields.Integer(required=True)
    content_hash = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
    submitted_at = fields.AwareDateTime(required=True)
    earliest_release_at = fields.AwareDateTime(required=True)
    released_at = fields.AwareDateTime(required=True, allow_none=True)
    skew_seconds = fields.Float(required=True, allow_none=True)
    expected_duration_min = fields.Integer(required=True)
    client = fields.Dict(required=True)
    unverified = fields.List(fields.String(), required=True)
    returned = fields.Nested(ReturnedSchema, required=True, allow_none=True)
    items = fields.List(fields.Nested(StaffItemSchema), required=True)
    scores = fields.List(fields.Nested(KeptScoreSchema), required=True)


class ResultQuery(PageQuery):
    """Which results."""

    wave = Code(load_default=None)
    dealer = Code(load_default=None)


class ResultPhotoQuery(Schema):
    """How large a photo of a result."""

    thumbnail = fields.Boolean(load_default=False, metadata={"description": "At most 320 pixels instead of 2048"})


class ResultSummarySchema(Schema):
    """One line of a list of results."""

    visit = fields.String(required=True)
    wave = fields.String(required=True)
    programme = fields.String(required=True)
    dealer = fields.String(required=True)
    mode = fields.String(required=True)
    domain = fields.String(required=True)
    state = fields.String(required=True)
    checklist = fields.Nested(AnsweredChecklistSchema, required=True)
    visited = fields.Nested(HalfDaySchema, required=True)
    released = fields.Nested(HalfDaySchema, required=True, allow_none=True)
    raw = fields.Float(required=True, allow_none=True)
    capped = fields.Float(required=True, allow_none=True)
    triggered_by = fields.List(fields.String(), required=True)
    coverage = fields.Float(required=True, allow_none=True)
    sufficient = fields.Boolean(required=True)


ResultPageSchema = page_of(ResultSummarySchema)
