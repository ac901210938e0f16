"""Visits: what phones send, and what auditors and reviewers read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import jsonify, request
from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, body_bytes, declares, services
from audit_api.operations import receipts, submissions, visit_conflicts, visit_reading, visits
from audit_api.schemas.receipts import ReceiptSchema
from audit_api.schemas.visit_content import read_content
from audit_api.schemas.visits import (
    AuditorVisitSchema,
    ConflictPageSchema,
    ConflictQuery,
    StaffVisitSchema,
    SubmissionSchema,
    VisitPageSchema,
    VisitQuery,
    VisitReceivedSchema,
)

blp = Blueprint("visits", __name__, url_prefix="/v1", description="Visits, from the phone to the receipt")
VIEWS = {Role.AUDITOR: AuditorVisitSchema()}
STAFF_VIEW = StaffVisitSchema()
CONTENT = {
    "required": True,
    "description": "The whole visit as the phone holds it; not more than max_body_bytes",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/VisitContent"}}},
}
VIEW = {
    "description": "The visit",
    "content": {"application/json": {"schema": {"anyOf": [StaffVisitSchema, AuditorVisitSchema]}}},
}


@blp.route("/visits")
class Visits(MethodView):
    """The visits in one's sight."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.arguments(VisitQuery, location="query")
    @blp.response(200, VisitPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List visits: an auditor's own, or those in a reviewer's scope."""
        return visit_reading.list_visits(actor(), **query)


@blp.route("/visits/<uuid:visit_id>")
class Visit(MethodView):
    """One visit."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(responses={"200": VIEW})
    def get(self, visit_id: UUID) -> Any:
        """Read a visit with its content; an auditor's own never shows a score."""
        row = visit_reading.open_visit(actor(), str(visit_id))
        return jsonify(VIEWS.get(actor().role, STAFF_VIEW).dump(row))

    @requires(Role.AUDITOR)
    @declares(
        problems.REVISION_CONFLICT, problems.VISIT_LOCKED, problems.TOO_MANY_REQUESTS, problems.RECORDING_NOT_ALLOWED
    )
    @blp.doc(requestBody=CONTENT)
    @blp.response(201, VisitReceivedSchema, description="New, or the next revision")
    @blp.alt_response(200, schema=VisitReceivedSchema, description="The same revision with the same content")
    def put(self, visit_id: UUID) -> Any:
        """Send a visit, or its next revision; safe to repeat."""
        content = read_content(body_bytes(request), request.mimetype)
        row, written = visits.receive_visit(str(visit_id), content, actor=actor(), at=now())
        return row, 201 if written else 200


@blp.route("/visits/<uuid:visit_id>/conflicts")
class VisitConflicts(MethodView):
    """Refused contents of one visit."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.arguments(ConflictQuery, location="query")
    @blp.response(200, ConflictPageSchema)
    def get(self, query: dict[str, Any], visit_id: UUID) -> Any:
        """List the contents that were refused and kept for a person to decide."""
        return visit_conflicts.list_conflicts(actor(), str(visit_id), **query)


@blp.route("/visits/<uuid:visit_id>/submission")
class Submission(MethodView):
    """The submission of one visit."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.response(200, ReceiptSchema)
    def get(self, visit_id: UUID) -> Any:
        """Give the signed receipt of the latest submission."""
        return receipts.open_receipt(actor(), str(visit_id))

    @requires(Role.AUDITOR)
    @declares(
        problems.REVISION_CONFLICT,
        problems.VISIT_LOCKED,
        problems.PHOTOS_MISSING,
        problems.EVIDENCE_MISSING,
        problems.RECORDING_NOT_ALLOWED,
    )
    @blp.arguments(SubmissionSchema, required=False)
    @blp.response(200, ReceiptSchema)
    def post(self, body: dict[str, Any], visit_id: UUID) -> Any:
        """Submit a visit whose photos and attachments have arrived; the same receipt again when repeated."""
        return submissions.submit_visit(str(visit_id), **body, settings=services().settings, actor=actor(), at=now())
