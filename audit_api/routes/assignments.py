"""Assignments: one by one, and by file."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares
from audit_api.operations import assignments
from audit_api.routes.bodies import TABLE_BODY, sent_table
from audit_api.schemas.assignments import AssignmentBody, AssignmentPageSchema, AssignmentQuery, AssignmentSchema
from audit_api.schemas.imports import ImportQuery, ImportReportSchema

blp = Blueprint("assignments", __name__, url_prefix="/v1", description="Who visits which dealer, when, with what")
PLANNERS = (Role.PROGRAMME_MANAGER, Role.ADMIN)


@blp.route("/assignments")
class Assignments(MethodView):
    """An auditor's own assignments; for staff those in scope."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.arguments(AssignmentQuery, location="query")
    @blp.response(200, AssignmentPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List your assignments, or as staff those in your scope."""
        return assignments.list_assignments(actor(), **query)

    @requires(*PLANNERS)
    @declares(problems.ALREADY_EXISTS)
    @blp.arguments(AssignmentBody)
    @blp.response(201, AssignmentSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Send an auditor to a dealer with a checklist; the same content again changes nothing."""
        return assignments.assign(body["request"], actor=actor(), at=now())


@blp.route("/assignments/<string:code>")
class Assignment(MethodView):
    """One assignment."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.response(200, AssignmentSchema)
    def get(self, code: str) -> Any:
        """Read one assignment."""
        return assignments.open_assignment(actor(), code)


@blp.route("/assignment-imports")
class AssignmentImports(MethodView):
    """Assignments from a file."""

    @requires(*PLANNERS)
    @declares(problems.IMPORT_REFUSED)
    @blp.doc(requestBody=TABLE_BODY)
    @blp.arguments(ImportQuery, location="query")
    @blp.response(200, ImportReportSchema)
    def post(self, query: dict[str, Any]) -> Any:
        """Import assignments from a CSV or XLSX file; good rows go in, the others are reported by row number."""
        with sent_table() as table:
            return assignments.import_assignments(table, **query, actor=actor(), at=now()).document()
