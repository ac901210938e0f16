"""Survey responses."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares, services
from audit_api.intake.contacts import ContactHasher
from audit_api.operations import surveys
from audit_api.schemas.surveys import (
    ResponseBatchSchema,
    ResponseKeptPageSchema,
    ResponseQuery,
    ResponsesReceivedSchema,
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
