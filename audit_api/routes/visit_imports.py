"""Past visits from files."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import Role
from audit_api.extensions import Blueprint, declares, services
from audit_api.operations.visit_import import FileOptions, import_visits
from audit_api.routes.bodies import TABLE_BODY, sent_table
from audit_api.schemas.visit_imports import VisitImportQuery, VisitImportSchema

blp = Blueprint("visit_imports", __name__, url_prefix="/v1/visits", description="Past visits from files")


@blp.route("/imports")
class VisitImports(MethodView):
    """Past visits from a file."""

    @requires(Role.PROGRAMME_MANAGER, Role.ADMIN)
    @declares(problems.IMPORT_REFUSED, problems.NOT_FOUND)
    @blp.doc(requestBody=TABLE_BODY)
    @blp.arguments(VisitImportQuery, location="query")
    @blp.response(200, VisitImportSchema)
    def post(self, query: dict[str, Any]) -> Any:
        """Import a file of past visits; good visits go in, the others are reported by row number."""
        options, settings = FileOptions(**query), services().settings
        with sent_table() as table:
            return import_visits(table, options, settings=settings, actor=actor(), at=now()).document()
