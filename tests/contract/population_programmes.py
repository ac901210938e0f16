"""A programme, a wave and an assignment for each of the three whose things there are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from audit_api.domain.directory import OPERATOR
from audit_api.domain.packaged import packaged_checklists
from audit_api.domain.programmes import AssignmentRequest
from audit_api.operations import assignments, checklists, programmes

if TYPE_CHECKING:
    from tests.contract.world import World

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
WAVES = {"Aurora": "AURORA-Q4", "Borealis": "BOREALIS-Q4"}
PROGRAMMES = {"Aurora": "AURORA-2026", "Borealis": "BOREALIS-2026"}
ASSIGNED = {
    "own": ("ASG-OWN", "auditor", "D0001", "Aurora"),
    "other_dealer": ("ASG-OTHER", "auditor of D0002", "D0002", "Aurora"),
    "other_brand": ("ASG-BRAND", "auditor of Borealis", "D0003", "Borealis"),
}


def plan(world: World) -> None:
    """Publish a checklist, and plan a visit to each dealer."""
    checklists.publish(next(c for c in packaged_checklists() if c.code == "SMS"), actor=OPERATOR, at=AT)
    for brand, code in PROGRAMMES.items():
        programmes.add_programme(code=code, name_zh=f"{brand} 项目", brand=brand, actor=OPERATOR, at=AT)
        programmes.add_wave(
            code=WAVES[brand], programme=code, timezone="Asia/Shanghai", from_on=date(2026, 10, 1),
            to_on=date(2026, 12, 31), actor=OPERATOR, at=AT,
        )  # fmt: skip
    for code, auditor, dealer, brand in ASSIGNED.values():
        request = AssignmentRequest(
            code=code, wave=WAVES[brand], dealer=dealer, checklist="SMS", version=1, auditor=world.actors[auditor].id,
            window_from="2026-11-01", window_to="2026-11-30",
        )  # fmt: skip
        assignments.assign(request, actor=OPERATOR, at=AT)
