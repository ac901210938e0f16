"""Is the process alive, is the database there, and what does the API look like."""

from __future__ import annotations

from typing import Any

from flask import current_app, jsonify
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from pymongo.errors import PyMongoError

from audit_api import problems
from audit_api.auth import public
from audit_api.extensions import Blueprint, declares, services
from audit_api.problems import Problem
from audit_api.schemas.health import HealthSchema

blp = Blueprint("health", __name__, description="Process, database and API description")


@blp.route("/healthz")
class Health(MethodView):
    """The process."""

    @public
    @blp.response(200, HealthSchema)
    def get(self) -> Any:
        """Tell that the process answers."""
        return {"status": "ok"}


@blp.route("/readyz")
class Ready(MethodView):
    """The process and its database."""

    @public
    @declares(problems.UNAVAILABLE)
    @blp.response(200, HealthSchema)
    def get(self) -> Any:
        """Tell whether the database takes durable writes."""
        try:
            primary = services().database.client.admin.command("hello").get("isWritablePrimary")
        except PyMongoError:
            primary = False
        if not primary:
            raise Problem(problems.UNAVAILABLE, headers={"Retry-After": "5"})
        return {"status": "ok"}


@blp.route("/openapi.json")
class OpenApi(MethodView):
    """The description of this API."""

    @public
    @blp.doc(
        responses={
            "200": {
                "description": "OpenAPI 3.1",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        }
    )
    def get(self) -> ResponseReturnValue:
        """Give the OpenAPI 3.1 description of this API."""
        return jsonify(current_app.extensions["openapi"])
