"""Auditors' phones: a code is made for one, the phone turns it into a token."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.views import MethodView

from audit_api import problems
from audit_api.auth import actor, hash_token, now, public, requires
from audit_api.domain.devices import origin_of
from audit_api.domain.directory import Role
from audit_api.extensions import Blueprint, declares, services
from audit_api.operations import devices
from audit_api.schemas.devices import (
    DeviceCodeRequest,
    DeviceCodeSchema,
    DeviceTokenRequest,
    DeviceTokenSchema,
    RecoveryKeySchema,
)
from audit_api.web import sign_in_links

blp = Blueprint("devices", __name__, url_prefix="/v1", description="Auditors' phones")
UNKEPT = {"Cache-Control": "no-store"}


@blp.route("/device-codes")
class DeviceCodes(MethodView):
    """Codes that sign phones in."""

    @requires(Role.PROGRAMME_MANAGER, Role.ADMIN)
    @declares(problems.NOT_FOUND)
    @blp.arguments(DeviceCodeRequest)
    @blp.response(201, DeviceCodeSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Make a short-lived code with which an auditor signs a phone in, once."""
        settings = services().settings
        code, expires_at = devices.make_code(**body, settings=settings, actor=actor(), at=now())
        link = sign_in_links.link(settings.public_url or request.host_url, code)
        return {"code": code, "expires_at": expires_at, "link": link, "qr_svg": sign_in_links.as_svg(link)}, 201, UNKEPT


@blp.route("/device-tokens")
class DeviceTokens(MethodView):
    """Phones signing in."""

    @public
    @declares(problems.DEVICE_CODE_REFUSED, problems.TOO_MANY_REQUESTS)
    @blp.arguments(DeviceTokenRequest)
    @blp.response(201, DeviceTokenSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Turn a code into a token; the same phone may ask again when the answer was lost."""
        origin, settings = origin_of(request.remote_addr), services().settings
        made = devices.sign_in(**body, origin=origin, settings=settings, at=now(), hash_token=hash_token)
        return made, 201, UNKEPT


@blp.route("/devices/<uuid:device>/recovery-key")
class RecoveryKey(MethodView):
    """The key for a forgotten PIN."""

    @requires(Role.AUDITOR)
    @blp.response(200, RecoveryKeySchema)
    def get(self, device: UUID) -> Any:
        """Read the key that opens what you sealed on this phone."""
        return devices.read_recovery_key(device, actor=actor())
