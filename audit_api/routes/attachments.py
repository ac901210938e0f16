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
from audit_api.operations import attachments, photo_chunks, visit_attachments
from audit_api.routes.bodies import BYTES, CHUNK, HOW_FAR, IF_NONE_MATCH, ChunkStream, so_far
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


REFUSALS = (
    problems.TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
    problems.HASH_MISMATCH,
    problems.ATTACHMENT_REFUSED,
    problems.RECORDING_NOT_ALLOWED,
    problems.TOO_MANY_REQUESTS,
)


@blp.route("/attachments/<string:sha256>")
class Attachment(MethodView):
    """One attachment."""

    @requires(Role.AUDITOR, *STAFF)
    @declares(problems.TOO_MANY_REQUESTS)
    @blp.doc(**HOW_FAR)
    def head(self, sha256: str) -> ResponseReturnValue:
        """Tell how much of an attachment has arrived; 404 says nothing about what others have sent."""
        found = photo_chunks.find_offset(
            sha256, kind=attachments.ATTACHMENTS, settings=services().settings, actor=actor()
        )
        return so_far(found)

    @requires(Role.AUDITOR, *STAFF)
    @blp.doc(**AS_ATTACHMENT)
    def get(self, sha256: str) -> ResponseReturnValue:
        """Download an attachment; who did so is recorded."""
        return download(*attachments.open_attachment(services().store, sha256, actor=actor(), at=now()))

    @requires(Role.AUDITOR, Role.DEALER)
    @declares(problems.MALFORMED_REQUEST, problems.ATTACHMENT_EXISTS, *REFUSALS)
    @blp.doc(
        requestBody={
            "required": True,
            "description": "The original bytes; the content type is a hint, the bytes decide",
            "content": {kind: {"schema": BYTES} for kind in KINDS},
        },
        parameters=[IF_NONE_MATCH],
    )
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
    @blp.doc(**CHUNK)
    @blp.arguments(ChunkHeaders, location="headers")
    @blp.response(201, AttachmentSchema)
    def patch(self, sent: dict[str, int], sha256: str) -> Any:
        """Send a chunk of an attachment; 409 tells the true offset, 412 that it is here, a success."""
        settings = services().settings
        request.max_content_length = settings.upload_chunk_bytes + 1
        received = photo_chunks.receive_chunk(
            services().store,
            ChunkStream(),
            sha256,
            offset=sent["offset"],
            length=sent["length"],
            kind=attachments.ATTACHMENTS,
            settings=settings,
            actor=actor(),
            at=now(),
        )
        return received.facts or so_far(received.offset)


@blp.route("/visits/<uuid:visit_id>/attachments")
class VisitAttachments(MethodView):
    """The attachments of one visit."""

    @requires(Role.AUDITOR, *STAFF)
    @blp.response(200, VisitAttachmentsSchema)
    def get(self, visit_id: UUID) -> Any:
        """List the attachments of a visit, arrived or not."""
        return visit_attachments.list_visit_attachments(actor(), str(visit_id))
