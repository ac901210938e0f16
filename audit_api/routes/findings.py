"""Findings."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api.auth import actor, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint
from audit_api.operations import findings
from audit_api.schemas.findings import FindingPageSchema, FindingQuery, FindingSchema

blp = Blueprint("findings", __name__, url_prefix="/v1", description="Findings raised by visits")


@blp.route("/findings")
class Findings(MethodView):
    """The findings in one's scope."""

    @requires(Role.DEALER, *STAFF)
    @blp.arguments(FindingQuery, location="query")
    @blp.response(200, FindingPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List findings; a dealer's are those of its own released results."""
        return findings.list_findings(actor(), **query)


@blp.route("/findings/<string:finding_id>")
class Finding(MethodView):
    """One finding."""

    @requires(Role.DEALER, *STAFF)
    @blp.response(200, FindingSchema)
    def get(self, finding_id: str) -> Any:
        """Read one finding."""
        return findings.open_finding(actor(), finding_id)
