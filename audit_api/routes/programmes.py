"""Programmes and waves."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, now, requires
from audit_api.domain.directory import STAFF, Role
from audit_api.extensions import Blueprint, declares
from audit_api.operations import programmes
from audit_api.schemas.fields import PageQuery
from audit_api.schemas.programmes import (
    ProgrammeBody,
    ProgrammePageSchema,
    ProgrammeSchema,
    RecordingBody,
    WaveBody,
    WavePageSchema,
    WaveQuery,
    WaveSchema,
)

blp = Blueprint("programmes", __name__, url_prefix="/v1", description="Programmes and their waves")
PLANNERS = (Role.PROGRAMME_MANAGER, Role.ADMIN)


@blp.route("/programmes")
class Programmes(MethodView):
    """The programmes in one's scope."""

    @requires(*STAFF)
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, ProgrammePageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the programmes in your scope."""
        return programmes.list_programmes(actor(), **query)

    @requires(*PLANNERS)
    @declares(problems.ALREADY_EXISTS)
    @blp.arguments(ProgrammeBody)
    @blp.response(201, ProgrammeSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Add a programme; the same content again changes nothing."""
        return programmes.add_programme(**body, actor=actor(), at=now())


@blp.route("/programmes/<string:code>")
class Programme(MethodView):
    """One programme."""

    @requires(*STAFF)
    @blp.response(200, ProgrammeSchema)
    def get(self, code: str) -> Any:
        """Read one programme."""
        return programmes.open_programme(actor(), code)


@blp.route("/programmes/<string:code>/recording")
class Recording(MethodView):
    """Sound on the visits of one programme."""

    @requires(*PLANNERS)
    @blp.arguments(RecordingBody)
    @blp.response(200, ProgrammeSchema)
    def put(self, body: dict[str, Any], code: str) -> Any:
        """Allow sound recordings on a programme's visits from now on, or forbid them; the reason is kept."""
        return programmes.set_recording(code, **body, actor=actor(), at=now())


@blp.route("/waves")
class Waves(MethodView):
    """The waves in one's scope."""

    @requires(*STAFF)
    @blp.arguments(WaveQuery, location="query")
    @blp.response(200, WavePageSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the waves in your scope."""
        return programmes.list_waves(actor(), **query)

    @requires(*PLANNERS)
    @declares(problems.ALREADY_EXISTS)
    @blp.arguments(WaveBody)
    @blp.response(201, WaveSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Add a wave to a programme; the same content again changes nothing."""
        return programmes.add_wave(**body, actor=actor(), at=now())


@blp.route("/waves/<string:code>")
class Wave(MethodView):
    """One wave."""

    @requires(*STAFF)
    @blp.response(200, WaveSchema)
    def get(self, code: str) -> Any:
        """Read one wave."""
        return programmes.open_wave(actor(), code)
