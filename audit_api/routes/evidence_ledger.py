"""Evidence expected against received."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView

from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, services
from audit_api.operations import evidence_ledger, flags_reply_photos
from audit_api.schemas.evidence_ledger import AnswerEvidenceSchema, EvidenceLedgerSchema

blp = Blueprint("evidence_ledger", __name__, url_prefix="/v1", description="Evidence expected against received")


@blp.route("/visits/<uuid:visit_id>/evidence")
class VisitEvidence(MethodView):
    """The evidence of one visit."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.response(200, EvidenceLedgerSchema)
    def get(self, visit_id: UUID) -> Any:
        """Read what evidence a visit needs, what has arrived, is missing or was refused, and why."""
        return evidence_ledger.open_ledger(actor(), str(visit_id), settings=services().settings, at=now())


@blp.route("/questions/<string:question>/evidence")
class AnswerEvidence(MethodView):
    """The photographs of a dealer's answers."""

    @requires(Role.DEALER)
    @blp.response(200, AnswerEvidenceSchema)
    def get(self, question: str) -> Any:
        """Read which photographs your answers name, which have arrived, and which were refused and why."""
        return flags_reply_photos.open_reply_photos(actor(), question)
