"""Flags: questions raised by a screening, for people to decide."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares
from audit_api.operations import flags
from audit_api.schemas.flags import FlagDecisionSchema, FlagEntryPageSchema, FlagQuery, FlagSchema

blp = Blueprint("flags", __name__, url_prefix="/v1", description="Questions raised by a screening")


@blp.route("/flags")
class Flags(MethodView):
    """The flags in one's scope."""

    @requires(*STAFF)
    @blp.arguments(FlagQuery, location="query")
    @blp.response(200, FlagEntryPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the flags in your scope, each with its strongest evidence in one sentence."""
        return flags.list_flags(actor(), **query)


@blp.route("/flags/<string:flag>")
class Flag(MethodView):
    """One flag."""

    @requires(*STAFF)
    @blp.response(200, FlagSchema)
    def get(self, flag: str) -> Any:
        """Read a flag with its frozen evidence."""
        return flags.open_flag(actor(), flag)


@blp.route("/flags/<string:flag>/decisions")
class Decisions(MethodView):
    """The decisions on a flag."""

    @requires(Role.QUALITY_REVIEWER, Role.ADMIN)
    @declares(problems.STALE_REVISION, problems.TRANSITION_REFUSED)
    @blp.arguments(FlagDecisionSchema)
    @blp.response(201, FlagSchema)
    def post(self, body: dict[str, Any], flag: str) -> Any:
        """Decide a flag; a confirmation waits for a second person."""
        return flags.decide_flag(flag, **body, actor=actor(), at=now())
