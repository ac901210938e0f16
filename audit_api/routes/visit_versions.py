"""The versions of a visit: every one is kept and can be compared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView

from audit_api.auth import actor, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint
from audit_api.operations import visit_versions
from audit_api.schemas.visit_versions import CompareQuery, ComparisonSchema, VersionPageSchema, VersionQuery

blp = Blueprint("visit_versions", __name__, url_prefix="/v1/visits", description="The versions of a visit")


@blp.route("/<uuid:visit_id>/versions")
class VisitVersions(MethodView):
    """The versions of one visit."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.arguments(VersionQuery, location="query")
    @blp.response(200, VersionPageSchema)
    def get(self, query: dict[str, Any], visit_id: UUID) -> Any:
        """List the versions of a visit, the oldest first."""
        return visit_versions.list_versions(actor(), str(visit_id), **query)


@blp.route("/<uuid:visit_id>/differences")
class VisitDifferences(MethodView):
    """How two versions of one visit differ."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.arguments(CompareQuery, location="query")
    @blp.response(200, ComparisonSchema)
    def get(self, query: dict[str, Any], visit_id: UUID) -> Any:
        """Compare two versions of a visit, as data and in words."""
        return visit_versions.compare_versions(actor(), str(visit_id), **query)
