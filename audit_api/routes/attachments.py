"""Attachments: sound and video notes and PDF files, named by the SHA-256 of their bytes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares, services
from audit_api.operations import attachments, visit_attachments
from audit_api.routes.downloads import AS_ATTACHMENT, BYTES, download
from audit_api.schemas.attachments import AttachmentSchema, VisitAttachmentsSchema

blp = Blueprint(
    "attachments", __name__, url_prefix="/v1", description="Recordings, videos and PDF files, named by their SHA-256"
)

KINDS = (
    "application/octet-stream", "application/pdf", "audio/aac", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav",
    "audio/webm", "video/mp4", "video/quicktime", "video/webm",
)  # fmt: skip


@blp.route("/attachments/<string:sha256>")
class Attachment(MethodView):
    """One attachment."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(responses={"200": {"description": "It is here, whole"}})
    def head(self, sha256: str) -> ResponseReturnValue:
        """Tell whether an attachment has arrived whole; 404 says nothing about what others have sent."""
        attachments.find_attachment_state(sha256, actor())
        return Response(status=200)

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(**AS_ATTACHMENT)
    def get(self, sha256: str) -> ResponseReturnValue:
        """Download an attachment; who did so is recorded."""
        return download(*attachments.open_attachment(services().store, sha256, actor=actor(), at=now()))

    @requires(Role.AUDITOR, Role.DEALER)
    @declares(
        problems.MALFORMED_REQUEST,
        problems.ATTACHMENT_EXISTS,
        problems.TOO_LARGE,
        problems.UNSUPPORTED_MEDIA_TYPE,
        problems.HASH_MISMATCH,
        problems.ATTACHMENT_REFUSED,
        problems.RECORDING_NOT_ALLOWED,
    )
    @blp.doc(
        requestBody={
            "required": True,
            "description": "The original bytes; the content type is a hint, the bytes decide",
            "content": {kind: {"schema": BYTES} for kind in KINDS},
        },
        parameters=[
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "`*`, and understood so when left out: an attachment is never replaced",
                "schema": {"type": "string"},
            }
        ],
    )
    @blp.response(201, AttachmentSchema)
    def put(self, sha256: str) -> Any:
        """Send an attachment; 412 means it is here already, which is a success for the sender."""
        settings = services().settings
        request.max_content_length = settings.max_attachment_bytes
        return attachments.receive_attachment(
            services().store, request.stream, sha256, settings=settings, actor=actor(), at=now()
        )


@blp.route("/visits/<uuid:visit_id>/attachments")
class VisitAttachments(MethodView):
    """The attachments of one visit."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.response(200, VisitAttachmentsSchema)
    def get(self, visit_id: UUID) -> Any:
        """List the attachments of a visit, arrived or not."""
        return visit_attachments.list_visit_attachments(actor(), str(visit_id))
