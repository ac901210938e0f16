"""Phones that auditors have signed in with."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from audit_api import auth
from audit_api.domain.directory import OPERATOR
from audit_api.operations import devices

if TYPE_CHECKING:
    from tests.contract.world import World

AUDITORS = {"own": "auditor", "other_dealer": "auditor of D0002", "other_brand": "auditor of Borealis"}
DEVICES = {whose: str(uuid.UUID(int=number, version=4)) for number, whose in enumerate(AUDITORS, 1)}


def _code(world: World, name: str) -> str:
    """Make a code for an auditor, good now."""
    settings = world.app.extensions["audit"].settings
    at = datetime.now(UTC)  # the database removes old codes by its own clock
    code, _ = devices.make_code(person=world.actors[name].id, minutes=15, settings=settings, actor=OPERATOR, at=at)
    return code


def make_devices(world: World) -> None:
    """Sign one phone in for each auditor, and make a code for one more."""
    for whose, name in AUDITORS.items():
        devices.sign_in(
            code=_code(world, name), device=uuid.UUID(DEVICES[whose]), label="", origin="",
            settings=world.app.extensions["audit"].settings, at=datetime.now(UTC), hash_token=auth.hash_token,
        )  # fmt: skip
    world.device_code = _code(world, "auditor of D0001")
