"""Flags: questions raised by a screening, for people to decide."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF
from audit_api.domain.flag_views import DECIDERS
from audit_api.extensions import Blueprint, declares, services
from audit_api.operations import flags, flags_hearing, flags_precision
from audit_api.schemas.flags import (
    FlagDecisionSchema,
    FlagEntryPageSchema,
    FlagFiguresQuery,
    FlagQuery,
    FlagQuestionSchema,
    FlagSchema,
    PrecisionQuery,
    PrecisionSchema,
)

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
    @blp.arguments(FlagFiguresQuery, location="query")
    @blp.response(200, FlagSchema)
    def get(self, query: dict[str, Any], flag: str) -> Any:
        """Read a flag with its frozen evidence and hearing; while read blind without what grades it."""
        return flags.open_flag(actor(), flag, **query, at=now())


@blp.route("/flags/<string:flag>/questions")
class FlagQuestions(MethodView):
    """The questions put to the dealer."""

    @requires(*DECIDERS)
    @declares(problems.STALE_REVISION, problems.TRANSITION_REFUSED)
    @blp.arguments(FlagQuestionSchema)
    @blp.response(201, FlagSchema)
    def post(self, body: dict[str, Any], flag: str) -> Any:
        """Ask the dealer; it may see the pieces of evidence you name, in a form of its own."""
        days = services().settings.hearing_working_days
        return flags_hearing.ask_dealer(flag, **body, reply_days=days, actor=actor(), at=now())


@blp.route("/flags/<string:flag>/decisions")
class Decisions(MethodView):
    """The decisions on a flag."""

    @requires(*DECIDERS)
    @declares(problems.STALE_REVISION, problems.TRANSITION_REFUSED)
    @blp.arguments(FlagDecisionSchema)
    @blp.response(201, FlagSchema)
    def post(self, body: dict[str, Any], flag: str) -> Any:
        """Decide a flag: it ends when two say the same, confirmed only once the dealer was heard."""
        days = services().settings.appeal_working_days
        return flags.decide_flag(flag, **body, appeal_days=days, actor=actor(), at=now())


@blp.route("/flags/<string:flag>/appeal-decisions")
class AppealDecisions(MethodView):
    """The decision on a dealer's appeal."""

    @requires(*DECIDERS)
    @declares(problems.STALE_REVISION, problems.TRANSITION_REFUSED)
    @blp.arguments(FlagDecisionSchema)
    @blp.response(201, FlagSchema)
    def post(self, body: dict[str, Any], flag: str) -> Any:
        """Decide an appeal, if you neither asked nor decided: confirmed upholds, others overturn."""
        return flags_hearing.decide_flag_appeal(flag, **body, actor=actor(), at=now())


@blp.route("/detector-precision")
class DetectorPrecision(MethodView):
    """How precise the detectors were."""

    @requires(*STAFF)
    @blp.arguments(PrecisionQuery, location="query")
    @blp.response(200, PrecisionSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """Count decisions by indicator and group, with intervals; this changes nothing by itself."""
        return flags_precision.measure_precision(actor(), **query)
