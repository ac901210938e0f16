"""Puts something of everything into the network, through the operations themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit_api.domain.directory import OPERATOR, Role
from audit_api.models import directory
from audit_api.models.auditors import AuditorDossier
from audit_api.operations import auditors
from tests import worlds
from tests.contract.population_devices import make_devices
from tests.contract.population_surveys import AT, make_surveys
from tests.contract.population_visits import make_visits

if TYPE_CHECKING:
    from tests.contract.world import World


def populate(world: World) -> None:
    """Fill the network in the order of the data's way."""
    directory.Dealer._get_collection().insert_many([dict(row) for row in worlds.DEALERS.values()])
    _people(world)
    make_devices(world)
    make_visits(world)
    make_surveys(world)
    for wave in worlds.WAVES.values():
        auditors.screen_auditors(wave, actor=OPERATOR, at=AT)
    # Too few auditors to raise a question: as if it had been.
    AuditorDossier._get_collection().update_many({}, {"$set": {"grade": "flag", "state": "open"}})


def _people(world: World) -> None:
    """Add one person of each role who sees Aurora (a dealer's person: D0001), and others who see less or elsewhere."""
    for role in Role:
        if role is Role.DEALER:
            world.actors["dealer"] = world.people.add(role, name="dealer-one", dealers=("D0001",))
            world.actors["dealer of D0002"] = world.people.add(role, name="dealer-two", dealers=("D0002",))
            world.actors["dealer of D0003"] = world.people.add(role, name="dealer-three", dealers=("D0003",))
            continue
        world.actors[role.value] = world.people.add(role, name=f"{role.value}-aurora", brands=("Aurora",))
        world.actors[f"{role.value} of D0001"] = world.people.add(
            role, name=f"{role.value}-d0001", brands=("Aurora",), dealers=("D0001",)
        )
        world.actors[f"{role.value} of Borealis"] = world.people.add(
            role, name=f"{role.value}-borealis", brands=("Borealis",)
        )
    world.actors["admin of all"] = world.people.add(Role.ADMIN, name="admin-all")
    world.actors["auditor of D0002"] = world.people.add(
        Role.AUDITOR, name="auditor-d0002", brands=("Aurora",), dealers=("D0002",)
    )
