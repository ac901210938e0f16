"""Quality control: each decision names the record revision it was made on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF
from audit_api.extensions import Blueprint, declares
from audit_api.operations import reviews, visit_checks, visit_reading
from audit_api.schemas.visits import (
    ApprovalSchema,
    DecisionSchema,
    QueuePageSchema,
    QueueQuery,
    ReturnSchema,
    VisitChecksSchema,
    VisitSummarySchema,
    VoidSchema,
)

blp = Blueprint("reviews", __name__, url_prefix="/v1", description="Quality control of visits")
REFUSALS = (problems.STALE_REVISION, problems.TRANSITION_REFUSED)


@blp.route("/review-queue")
class ReviewQueue(MethodView):
    """The visits that wait for review."""

    @requires(*STAFF)
    @blp.arguments(QueueQuery, location="query")
    @blp.response(200, QueuePageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the visits that wait for review, those with most failed quality checks first."""
        return visit_reading.review_queue(actor(), **query)


@blp.route("/visits/<uuid:visit_id>/checks")
class Checks(MethodView):
    """The quality checks of one visit."""

    @requires(*STAFF)
    @blp.response(200, VisitChecksSchema)
    def get(self, visit_id: UUID) -> Any:
        """Read what the quality checks said at submission."""
        return visit_checks.list_checks(actor(), str(visit_id))


@blp.route("/visits/<uuid:visit_id>/review")
class Review(MethodView):
    """Quality control of one visit."""

    @requires(*STAFF)
    @declares(*REFUSALS)
    @blp.arguments(DecisionSchema)
    @blp.response(200, VisitSummarySchema)
    def post(self, body: dict[str, Any], visit_id: UUID) -> Any:
        """Take up a submitted visit for quality control."""
        return reviews.take_up_visit(str(visit_id), **body, actor=actor(), at=now())


@blp.route("/visits/<uuid:visit_id>/return")
class Return(MethodView):
    """The way back to the auditor."""

    @requires(*STAFF)
    @declares(*REFUSALS)
    @blp.arguments(ReturnSchema)
    @blp.response(200, VisitSummarySchema)
    def post(self, body: dict[str, Any], visit_id: UUID) -> Any:
        """Return a visit to its auditor with a reason."""
        return reviews.return_visit(str(visit_id), **body, actor=actor(), at=now())


@blp.route("/visits/<uuid:visit_id>/approval")
class Approval(MethodView):
    """The approval of one visit."""

    @requires(*STAFF)
    @declares(*REFUSALS, problems.CHECKS_OPEN)
    @blp.arguments(ApprovalSchema)
    @blp.response(200, VisitSummarySchema)
    def post(self, body: dict[str, Any], visit_id: UUID) -> Any:
        """Approve a visit; it is scored again and both scores are kept."""
        return reviews.approve_visit(str(visit_id), **body, actor=actor(), at=now())


@blp.route("/visits/<uuid:visit_id>/release")
class Release(MethodView):
    """The release of one result."""

    @requires(*STAFF)
    @declares(*REFUSALS, problems.RELEASE_HELD)
    @blp.arguments(DecisionSchema)
    @blp.response(200, VisitSummarySchema)
    def post(self, body: dict[str, Any], visit_id: UUID) -> Any:
        """Release a result to its dealer; a covert one not before its hold is over."""
        return reviews.release_visit(str(visit_id), **body, actor=actor(), at=now())


@blp.route("/visits/<uuid:visit_id>/void")
class Void(MethodView):
    """The end of a visit that does not count."""

    @requires(*STAFF)
    @declares(*REFUSALS)
    @blp.arguments(VoidSchema)
    @blp.response(200, VisitSummarySchema)
    def post(self, body: dict[str, Any], visit_id: UUID) -> Any:
        """Void a visit with a reason; its assignment can be visited again."""
        return reviews.void_visit(str(visit_id), **body, actor=actor(), at=now())
