"""Screenings of auditors: started on the command line; read here by quality teams, never by auditors or dealers."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF
from audit_api.domain.flag_views import DECIDERS
from audit_api.extensions import Blueprint, declares
from audit_api.operations import auditors, auditors_deciding
from audit_api.schemas.auditors import (
    AuditorDecisionSchema,
    AuditorDossierSchema,
    AuditorRunPageSchema,
    AuditorRunQuery,
    AuditorRunSchema,
    ScreenedAuditorPageSchema,
)
from audit_api.schemas.fields import PageQuery

blp = Blueprint("auditors", __name__, url_prefix="/v1", description="Screenings of auditors, frozen")


@blp.route("/auditor-runs")
class AuditorRuns(MethodView):
    """The screenings of auditors on one's brands."""

    @requires(*STAFF)
    @blp.arguments(AuditorRunQuery, location="query")
    @blp.response(200, AuditorRunPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the screenings of auditors on your brands."""
        return auditors.list_auditor_runs(actor(), **query)


@blp.route("/auditor-runs/<string:code>")
class AuditorRun(MethodView):
    """One run."""

    @requires(*STAFF)
    @blp.response(200, AuditorRunSchema)
    def get(self, code: str) -> Any:
        """Read a screening of auditors, with the agreement of double visits."""
        return auditors.open_auditor_run(actor(), code)


@blp.route("/auditor-runs/<string:code>/auditors")
class ScreenedAuditors(MethodView):
    """The auditors of a run."""

    @requires(*STAFF)
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, ScreenedAuditorPageSchema)
    def get(self, query: dict[str, Any], code: str) -> Any:
        """List the auditors of a run with their grades and reasons."""
        return auditors.list_screened_auditors(actor(), code, **query)


@blp.route("/auditor-runs/<string:code>/auditors/<string:auditor>")
class AuditorDossier(MethodView):
    """One auditor of a run."""

    @requires(*STAFF)
    @blp.response(200, AuditorDossierSchema)
    def get(self, code: str, auditor: str) -> Any:
        """Read the dossier of an auditor as it was frozen."""
        return auditors.open_auditor_dossier(actor(), code, auditor)


@blp.route("/auditor-runs/<string:code>/auditors/<string:auditor>/decisions")
class AuditorDecisions(MethodView):
    """The decisions on an auditor's case."""

    @requires(*DECIDERS)
    @declares(problems.STALE_REVISION, problems.TRANSITION_REFUSED)
    @blp.arguments(AuditorDecisionSchema)
    @blp.response(201, AuditorDossierSchema)
    def post(self, body: dict[str, Any], code: str, auditor: str) -> Any:
        """Decide an auditor's case: confirmed when two people say so, explained or coaching at once."""
        return auditors_deciding.decide_auditor_case(code, auditor, **body, actor=actor(), at=now())
