"""Survey responses."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares, services
from audit_api.intake.contacts import ContactHasher
from audit_api.operations import survey_mappings, surveys
from audit_api.routes.bodies import TABLE_BODY, sent_table
from audit_api.schemas.fields import PageQuery
from audit_api.schemas.survey_mappings import MappingBody, MappingPageSchema, MappingQuery, MappingSchema
from audit_api.schemas.surveys import (
    ResponseBatchSchema,
    ResponseKeptPageSchema,
    ResponseQuery,
    ResponsesReceivedSchema,
    SurveyImportQuery,
    SurveyImportSchema,
)

blp = Blueprint("surveys", __name__, url_prefix="/v1", description="Customers' answers")


@blp.route("/surveys/<string:questionnaire>/responses")
class Responses(MethodView):
    """The responses to a questionnaire."""

    @requires(*STAFF)
    @blp.arguments(ResponseQuery, location="query")
    @blp.response(200, ResponseKeptPageSchema)
    def get(self, query: dict[str, Any], questionnaire: str) -> Any:
        """List the responses in your scope, without contacts."""
        return surveys.list_responses(actor(), questionnaire, **query)

    @requires(Role.PROGRAMME_MANAGER, Role.ADMIN)
    @declares(problems.IMPORT_REFUSED)
    @blp.arguments(ResponseBatchSchema)
    @blp.response(201, ResponsesReceivedSchema)
    @blp.alt_response(200, schema=ResponsesReceivedSchema, description="Nothing new: all were there already")
    def post(self, body: dict[str, Any], questionnaire: str) -> Any:
        """Send responses; each is taken in once by its id, bad ones are listed and the good go in."""
        hasher = ContactHasher.of(services().settings)
        done = surveys.receive_responses(questionnaire, **body, hasher=hasher, actor=actor(), at=now())
        return done, 201 if done["new"] else 200


@blp.route("/surveys/<string:questionnaire>/imports")
class ResponseImports(MethodView):
    """Responses from a file."""

    @requires(Role.PROGRAMME_MANAGER, Role.ADMIN)
    @declares(problems.IMPORT_REFUSED)
    @blp.doc(requestBody=TABLE_BODY)
    @blp.arguments(SurveyImportQuery, location="query")
    @blp.response(200, SurveyImportSchema)
    def post(self, query: dict[str, Any], questionnaire: str) -> Any:
        """Import a file of responses; good rows go in, the others are reported by row number."""
        hasher = ContactHasher.of(services().settings)
        with sent_table() as table:
            given = {"questionnaire": questionnaire, **query, "hasher": hasher, "actor": actor(), "at": now()}
            return surveys.import_table(table, **given).document()


@blp.route("/survey-mappings")
class Mappings(MethodView):
    """How sources write their files."""

    @requires(*STAFF)
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, MappingPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the column mappings, each in its newest version."""
        return survey_mappings.list_mappings(**query)


@blp.route("/survey-mappings/<string:name>")
class Mapping(MethodView):
    """How one source writes its files."""

    @requires(*STAFF)
    @blp.arguments(MappingQuery, location="query")
    @blp.response(200, MappingSchema)
    def get(self, query: dict[str, Any], name: str) -> Any:
        """Read a column mapping, the newest version unless one is named."""
        return survey_mappings.open_mapping(name, **query)

    @requires(Role.PROGRAMME_MANAGER, Role.ADMIN)
    @declares(problems.STALE_REVISION)
    @blp.arguments(MappingBody)
    @blp.response(200, MappingSchema)
    def put(self, body: dict[str, Any], name: str) -> Any:
        """Save a column mapping as the next version; the same content again makes none."""
        return survey_mappings.save_mapping(name, body["source"], actor=actor(), at=now())
