"""Dealers."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api.auth import actor, requires
from audit_api.domain.directory import Role
from audit_api.extensions import Blueprint
from audit_api.operations import directory
from audit_api.schemas.directory import DealerPageSchema, DealerQuery, DealerSchema

blp = Blueprint("directory", __name__, url_prefix="/v1", description="Dealers and people")
EVERYBODY = tuple(Role)


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
