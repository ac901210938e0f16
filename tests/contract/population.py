"""Puts something of everything into the network, through the operations themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit_api.domain.directory import Role
from audit_api.models import directory
from tests.contract.population_photos import send_photos

if TYPE_CHECKING:
    from tests.contract.world import World

DEALERS = {"D0001": "Aurora", "D0002": "Aurora", "D0003": "Borealis"}


def populate(world: World) -> None:
    """Fill the network in the order of the data's way."""
    _dealers()
    _people(world)
    send_photos(world)


def _dealers() -> None:
    directory.Dealer._get_collection().insert_many(
        {
            "_id": code, "name_zh": f"经销商{code}", "name_en": f"Dealer {code}", "brand": brand, "region": "East",
            "city": "杭州", "city_tier": "1", "lat": 30.2741, "lon": 120.1551, "datum": "WGS-84", "fence_m": 300,
            "timezone": "Asia/Shanghai", "opened_on": "2015-01-01", "ownership": "group", "owner_group": "",
            "volume_band": "M",
        }
        for code, brand in DEALERS.items()
    )  # fmt: skip


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
    world.actors["auditor of D0002"] = world.people.add(
        Role.AUDITOR, name="auditor-d0002", brands=("Aurora",), dealers=("D0002",)
    )
