"""Dealers."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import Role
from audit_api.extensions import Blueprint, declares
from audit_api.operations import directory
from audit_api.routes.bodies import TABLE_BODY, sent_table
from audit_api.schemas.directory import DealerPageSchema, DealerQuery, DealerSchema, SelfSchema
from audit_api.schemas.imports import ImportQuery, ImportReportSchema

blp = Blueprint("directory", __name__, url_prefix="/v1", description="Dealers and people")
EVERYBODY = tuple(Role)


@blp.route("/me")
class Me(MethodView):
    """Who is asking."""

    @requires(*EVERYBODY)
    @blp.response(200, SelfSchema)
    def get(self) -> Any:
        """Read who you are, with role and scope."""
        return directory.describe_self(actor())


@blp.route("/dealers")
class Dealers(MethodView):
    """The dealers in one's scope."""

    @requires(*EVERYBODY)
    @blp.arguments(DealerQuery, location="query")
    @blp.response(200, DealerPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the dealers in your scope."""
        return directory.list_dealers(actor(), **query)


@blp.route("/dealers/<string:code>")
class Dealer(MethodView):
    """One dealer."""

    @requires(*EVERYBODY)
    @blp.response(200, DealerSchema)
    def get(self, code: str) -> Any:
        """Read one dealer."""
        return directory.open_dealer(actor(), code)


@blp.route("/dealer-imports")
class DealerImports(MethodView):
    """Dealers from a file."""

    @requires(Role.PROGRAMME_MANAGER, Role.ADMIN)
    @declares(problems.IMPORT_REFUSED)
    @blp.doc(requestBody=TABLE_BODY)
    @blp.arguments(ImportQuery, location="query")
    @blp.response(200, ImportReportSchema)
    def post(self, query: dict[str, Any]) -> Any:
        """Import dealers from a CSV or XLSX file; good rows go in, the others are reported by row number."""
        with sent_table() as table:
            return directory.import_dealers(table, **query, actor=actor(), at=now()).document()
