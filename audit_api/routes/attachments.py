"""Attachments: sound and video notes and PDF files, named by the SHA-256 of their bytes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares, services, uncapped_stream
from audit_api.operations import attachments, visit_attachments
from audit_api.operations.evidence_reading import open_original
from audit_api.routes import evidence
from audit_api.routes.downloads import AS_ATTACHMENT, download
from audit_api.schemas.attachments import AttachmentSchema, VisitAttachmentsSchema
from audit_api.schemas.photos import ChunkHeaders

blp = Blueprint(
    "attachments", __name__, url_prefix="/v1", description="Recordings, videos and PDF files, named by their SHA-256"
)

KINDS = (
    "application/octet-stream", "application/pdf", "audio/aac", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav",
    "audio/webm", "video/mp4", "video/quicktime", "video/webm",
)  # fmt: skip
REFUSALS = (*evidence.REFUSALS, problems.ATTACHMENT_REFUSED, problems.RECORDING_NOT_ALLOWED)


@blp.route("/attachments/<string:sha256>")
class Attachment(MethodView):
    """One attachment."""

    @requires(Role.AUDITOR, *STAFF)
    @declares(problems.TOO_MANY_REQUESTS)
    @blp.doc(**evidence.HOW_FAR)
    def head(self, sha256: str) -> ResponseReturnValue:
        """Tell how much of an attachment has arrived; 404 says nothing about what others have sent."""
        return evidence.how_far(attachments.ATTACHMENTS, sha256)

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(**AS_ATTACHMENT)
    def get(self, sha256: str) -> ResponseReturnValue:
        """Download an attachment; who did so is recorded."""
        return download(*open_original(attachments.ATTACHMENTS, services().store, sha256, actor=actor(), at=now()))

    @requires(Role.AUDITOR, Role.DEALER)
    @declares(problems.MALFORMED_REQUEST, problems.ATTACHMENT_EXISTS, *REFUSALS)
    @blp.doc(**evidence.whole(KINDS))
    @blp.response(201, AttachmentSchema)
    def put(self, sha256: str) -> Any:
        """Send an attachment; 412 means it is here already, which is a success for the sender."""
        stream, length = uncapped_stream(request), request.content_length
        settings = services().settings
        return attachments.receive_attachment(
            services().store, stream, sha256, announced_bytes=length, settings=settings, actor=actor(), at=now()
        )

    @requires(Role.AUDITOR, Role.DEALER)
    @declares(problems.ATTACHMENT_EXISTS, problems.UPLOAD_OFFSET, *REFUSALS)
    @blp.doc(**evidence.CHUNK)
    @blp.arguments(ChunkHeaders, location="headers")
    @blp.response(201, AttachmentSchema)
    def patch(self, sent: dict[str, int], sha256: str) -> Any:
        """Send a chunk of an attachment; 409 tells the true offset, 412 that it is here, a success."""
        return evidence.receive_chunk(attachments.ATTACHMENTS, sha256, sent)


@blp.route("/visits/<uuid:visit_id>/attachments")
class VisitAttachments(MethodView):
    """The attachments of one visit."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.response(200, VisitAttachmentsSchema)
    def get(self, visit_id: UUID) -> Any:
        """List the attachments of a visit, arrived or not."""
        return visit_attachments.list_visit_attachments(actor(), str(visit_id))
