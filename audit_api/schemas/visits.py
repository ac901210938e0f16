"""Visits on the wire, after the phone's own body (visit_content.py)."""

from __future__ import annotations

from marshmallow import fields, validate

from audit_api.domain.visits import State
from audit_api.extensions import Schema
from audit_api.schemas.fields import Code, PageQuery, Text, page_of

CONFLICT_LIMIT = 20
STATES = [state.value for state in State if state is not State.ASSIGNED]


class VisitQuery(PageQuery):
    """Which visits."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    wave = Code(load_default=None)
    dealer = Code(load_default=None)


class ConflictQuery(PageQuery):
    """Which part of the conflicts; each holds a whole visit, so a page is short."""

    limit = fields.Integer(load_default=CONFLICT_LIMIT, validate=validate.Range(min=1, max=CONFLICT_LIMIT))
    after = Text(longest=200, load_default=None)


class AnsweredChecklistSchema(Schema):
    """A version of a checklist."""

    code = fields.String(required=True)
    version = fields.Integer(required=True)


class VisitReceivedSchema(Schema):
    """What the server holds after a PUT."""

    visit = fields.String(attribute="_id", required=True)
    revision = fields.Integer(required=True)
    content_hash = fields.String(required=True)
    state = fields.String(required=True)
    received_at = fields.AwareDateTime(attribute="updated_at", required=True)


class VisitSummarySchema(Schema):
    """A visit without its content."""

    visit = fields.String(required=True)
    revision = fields.Integer(required=True)
    record_revision = fields.Integer(required=True, metadata={"description": "Name it in a decision"})
    content_hash = fields.String(required=True)
    state = fields.String(required=True)
    assignment = fields.String(required=True)
    wave = fields.String(required=True)
    programme = fields.String(required=True)
    brand = fields.String(required=True)
    dealer = fields.String(required=True)
    mode = fields.String(required=True)
    domain = fields.String(required=True)
    auditor = fields.String(required=True)
    checklist = fields.Nested(AnsweredChecklistSchema, required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
    submitted_at = fields.AwareDateTime()
    skew_seconds = fields.Float(
        allow_none=True, metadata={"description": "Server time of receipt minus the phone's latest time"}
    )


class ReturnNoteSchema(Schema):
    """What to look at again in an item."""

    item = Text(longest=60, shortest=1, required=True)
    note = Text(longest=1000, shortest=1, required=True)


class ReturnedSchema(Schema):
    """Why a visit was returned."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    notes = fields.List(fields.Nested(ReturnNoteSchema))


class VoidedSchema(Schema):
    """Why a visit is void."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)


class FollowUpTimesSchema(Schema):
    """Until when a follow-up item is open after submission, and when its late answer was given and received."""

    open_until = fields.AwareDateTime(required=True)
    answered_at = fields.String(required=True, allow_none=True, metadata={"description": "As the phone sent it"})
    received_at = fields.AwareDateTime(required=True, allow_none=True)


class FollowUpSchema(FollowUpTimesSchema):
    """A follow-up item that was left open when the visit was submitted."""

    item = fields.String(required=True)


class AuditorVisitSchema(VisitSummarySchema):
    """A visit with its content, as its auditor sees it."""

    locale = fields.String()
    client = fields.Dict()
    observations = fields.List(fields.Dict())
    follow_ups = fields.List(fields.Nested(FollowUpSchema))
    returned = fields.Nested(ReturnedSchema)
    void = fields.Nested(VoidedSchema)


class ImportedSchema(Schema):
    """Where a past visit comes from; nobody sent it from a phone."""

    source = fields.String(required=True)
    visit_id = fields.String(required=True, metadata={"description": "The source's own id"})
    batch = fields.String(required=True)
    row = fields.Integer(required=True)
    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class StaffVisitSchema(AuditorVisitSchema):
    """A visit with its content, as quality control sees it; its scores are in its result."""

    selected_by = fields.String()
    imported = fields.Nested(ImportedSchema)
    reviewer = fields.String()
    unverified = fields.List(fields.String())
    earliest_release_at = fields.AwareDateTime()
    released_at = fields.AwareDateTime()


class ConflictSchema(Schema):
    """Content that was refused and kept."""

    conflict = fields.String(required=True)
    visit = fields.String(required=True)
    sent_as = fields.String(required=True, metadata={"description": "The visit's id it was sent under"})
    revision = fields.Integer(required=True)
    content_hash = fields.String(required=True)
    reason = fields.String(required=True)
    actor = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    content = fields.Dict(required=True, metadata={"description": "As in the PUT"})


class SubmissionSchema(Schema):
    """Which revision is submitted."""

    revision = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(min=1, max=1_000_000),
        metadata={"description": "The one the phone believes current; left out: whatever the server holds"},
    )


class DecisionSchema(Schema):
    """Which record was read before deciding."""

    record_revision = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=2**31))


class ReturnSchema(DecisionSchema):
    """Return a visit to its auditor."""

    reason = Text(longest=2000, shortest=1, required=True)
    notes = fields.List(fields.Nested(ReturnNoteSchema), load_default=list, validate=validate.Length(max=500))


class ClearedCheckSchema(Schema):
    """Why a blocking quality check does not stand in the way."""

    check = Text(longest=40, shortest=1, required=True)
    reason = Text(longest=2000, shortest=1, required=True)


class ApprovalSchema(DecisionSchema):
    """Approve a visit."""

    unverified = fields.List(
        Text(longest=60, shortest=1),
        load_default=list,
        validate=validate.Length(max=500),
        metadata={"description": "Items whose evidence was rejected: they do not count"},
    )
    cleared = fields.List(
        fields.Nested(ClearedCheckSchema),
        load_default=list,
        validate=validate.Length(max=50),
        metadata={"description": "A reason for each blocking quality check that did not pass"},
    )


class VoidSchema(DecisionSchema):
    """Void a visit."""

    reason = Text(longest=2000, shortest=1, required=True)


VisitPageSchema = page_of(VisitSummarySchema)
ConflictPageSchema = page_of(ConflictSchema)


class CheckCountsSchema(Schema):
    """How many quality checks did not pass."""

    blocking = fields.Integer(required=True)
    advisory = fields.Integer(required=True)


class VisitCheckSchema(Schema):
    """What one quality check said."""

    check = fields.String(required=True)
    title = fields.Dict(required=True, metadata={"description": "In zh and en"})
    blocking = fields.Boolean(required=True, metadata={"description": "To approve, a person gives a reason"})
    passed = fields.Boolean(required=True, allow_none=True, metadata={"description": "null: not assessable"})
    observed = fields.Float(required=True, allow_none=True)
    message = fields.Dict(required=True, allow_none=True)
    items = fields.List(fields.String(), required=True)


class ClearedSchema(ClearedCheckSchema):
    """A blocking check that somebody answered for."""

    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class VisitChecksSchema(Schema):
    """What the quality checks said of a submitted visit."""

    visit = fields.String(required=True)
    items = fields.List(fields.Nested(VisitCheckSchema), required=True)
    counts = fields.Nested(CheckCountsSchema, required=True)
    cleared = fields.List(fields.Nested(ClearedSchema), required=True)


class QueuedVisitSchema(VisitSummarySchema):
    """A visit that waits for review."""

    check_counts = fields.Nested(CheckCountsSchema)


class QueueQuery(Schema):
    """How much of the head of the queue."""

    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


QueuePageSchema = page_of(QueuedVisitSchema)
