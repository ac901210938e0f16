"""Screening runs: started on the command line, in a process of their own; read here."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api.auth import actor, requires
from audit_api.domain.directory import STAFF
from audit_api.extensions import Blueprint
from audit_api.operations import screening
from audit_api.schemas.fields import PageQuery
from audit_api.schemas.screening import RunPageSchema, RunQuery, RunSchema, ScreenedDealerPageSchema

blp = Blueprint("screening", __name__, url_prefix="/v1", description="Screening runs, frozen")


@blp.route("/screening-runs")
class ScreeningRuns(MethodView):
    """The runs on one's brands."""

    @requires(*STAFF)
    @blp.arguments(RunQuery, location="query")
    @blp.response(200, RunPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the screening runs on your brands."""
        return screening.list_runs(actor(), **query)


@blp.route("/screening-runs/<string:code>")
class ScreeningRun(MethodView):
    """One run."""

    @requires(*STAFF)
    @blp.response(200, RunSchema)
    def get(self, code: str) -> Any:
        """Read a screening run as it was frozen."""
        return screening.open_run(actor(), code)


@blp.route("/screening-runs/<string:code>/dealers")
class ScreenedDealers(MethodView):
    """The dealers of a run."""

    @requires(*STAFF)
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, ScreenedDealerPageSchema)
    def get(self, query: dict[str, Any], code: str) -> Any:
        """List the dealers of a run with every indicator."""
        return screening.list_screened_dealers(actor(), code, **query)
