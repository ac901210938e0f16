"""Questions: what a dealer is asked about its survey, its reply, its appeal."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import Role
from audit_api.extensions import Blueprint, declares
from audit_api.operations import flags_hearing
from audit_api.schemas.fields import PageQuery
from audit_api.schemas.questions import QuestionPageSchema, QuestionSchema, ReplySchema

blp = Blueprint("questions", __name__, url_prefix="/v1/questions", description="What dealers are asked, and reply")


@blp.route("")
class Questions(MethodView):
    """The questions to one's dealers."""

    @requires(Role.DEALER)
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, QuestionPageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the questions put to your dealers."""
        return flags_hearing.list_questions(actor(), **query)


@blp.route("/<string:question>")
class Question(MethodView):
    """One question."""

    @requires(Role.DEALER)
    @blp.response(200, QuestionSchema)
    def get(self, question: str) -> Any:
        """Read a question, what it rests on, and how it ended."""
        return flags_hearing.open_question(actor(), question)


@blp.route("/<string:question>/replies")
class Replies(MethodView):
    """The dealer's replies."""

    @requires(Role.DEALER)
    @declares(problems.PHOTOS_MISSING, problems.TRANSITION_REFUSED, problems.RECORDING_NOT_ALLOWED)
    @blp.arguments(ReplySchema)
    @blp.response(201, QuestionSchema)
    def post(self, body: dict[str, Any], question: str) -> Any:
        """Reply, with photos and attachments sent before; the same reply again changes nothing."""
        return flags_hearing.reply_to_question(question, **body, actor=actor(), at=now())


@blp.route("/<string:question>/appeals")
class Appeals(MethodView):
    """The dealer's appeal."""

    @requires(Role.DEALER)
    @declares(problems.PHOTOS_MISSING, problems.TRANSITION_REFUSED, problems.RECORDING_NOT_ALLOWED)
    @blp.arguments(ReplySchema)
    @blp.response(201, QuestionSchema)
    def post(self, body: dict[str, Any], question: str) -> Any:
        """Appeal a confirmed question, once and in time; somebody uninvolved decides."""
        return flags_hearing.appeal_decision(question, **body, actor=actor(), at=now())
