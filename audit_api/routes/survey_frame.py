"""The sample frame: events, and the contacts of dealers' staff."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF as STAFF_ROLES
from audit_api.domain.directory import Role
from audit_api.domain.survey_mappings import EVENTS, STAFF
from audit_api.extensions import Blueprint, declares, services
from audit_api.intake.contacts import ContactHasher
from audit_api.operations import survey_frame
from audit_api.routes.bodies import TABLE_BODY, sent_table
from audit_api.schemas.imports import ImportReportSchema
from audit_api.schemas.survey_frame import EventPageSchema, EventQuery, FrameImportQuery, StaffPageSchema, StaffQuery

blp = Blueprint("survey_frame", __name__, url_prefix="/v1", description="Whom a survey could have asked")
IMPORTERS = (Role.PROGRAMME_MANAGER, Role.ADMIN)


def _imported(kind: str, query: dict[str, Any]) -> Any:
    hasher = ContactHasher.of(services().settings)
    with sent_table() as table:
        return survey_frame.import_table(table, kind, **query, hasher=hasher, actor=actor(), at=now()).document()


@blp.route("/survey-events")
class Events(MethodView):
    """The sample frame."""

    @requires(*STAFF_ROLES)
    @blp.arguments(EventQuery, location="query")
    @blp.response(200, EventPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the events in your scope, without vehicles and contacts."""
        return survey_frame.list_events(actor(), **query)


@blp.route("/survey-event-imports")
class EventImports(MethodView):
    """Events from a file."""

    @requires(*IMPORTERS)
    @declares(problems.IMPORT_REFUSED, problems.NOT_FOUND)
    @blp.doc(requestBody=TABLE_BODY)
    @blp.arguments(FrameImportQuery, location="query")
    @blp.response(200, ImportReportSchema)
    def post(self, query: dict[str, Any]) -> Any:
        """Import deliveries and repair orders from a file; good rows go in, the others are reported."""
        return _imported(EVENTS, query)


@blp.route("/staff-contacts")
class StaffContacts(MethodView):
    """The contacts of dealers' staff."""

    @requires(*STAFF_ROLES)
    @blp.arguments(StaffQuery, location="query")
    @blp.response(200, StaffPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List for which dealers staff contacts are known, without the contacts."""
        return survey_frame.list_staff(actor(), **query)


@blp.route("/staff-contact-imports")
class StaffContactImports(MethodView):
    """Staff contacts from a file."""

    @requires(*IMPORTERS)
    @declares(problems.IMPORT_REFUSED, problems.NOT_FOUND)
    @blp.doc(requestBody=TABLE_BODY)
    @blp.arguments(FrameImportQuery, location="query")
    @blp.response(200, ImportReportSchema)
    def post(self, query: dict[str, Any]) -> Any:
        """Import contacts of dealers' staff from a file; they are hashed at once and never kept."""
        return _imported(STAFF, query)
