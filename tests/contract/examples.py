"""What the generated tests put into paths and bodies. A new route enters here, or its tests fail.

`IDS` knows, for each rule with arguments, an object of one's own, of another dealer of the same brand, of
another brand, and one that does not exist. `BODIES` knows an acceptable body for each method of a rule that takes one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.contract.population_photos import SENT, hash_of, photo
from tests.contract.route_map import Route
from tests.contract.world import World

Values = dict[str, str]


@dataclass(frozen=True)
class Ids:
    """Path values by whose they are, as seen by somebody whose own is dealer D0001 of brand Aurora."""

    own: Values
    missing: Values
    other_dealer: Values | None = None
    other_brand: Values | None = None
    own_for: dict[str, Values] = field(default_factory=dict)
    # Why nobody owns the object (a checklist is every auditor's); then only `missing` is tried.
    unowned: str = ""
    # Auditors see what is assigned to them, not all of their brand.
    assigned: bool = False
    # Why a missing object is no 404 here (PUT makes it).
    missing_is_made: str = ""

    def of(self, role: str) -> Values:
        """Give the path values of an own object of somebody in a role."""
        return self.own_for.get(role, self.own)


def _dealer(world: World) -> Ids:
    return Ids(
        own={"code": "D0001"}, other_dealer={"code": "D0002"}, other_brand={"code": "D0003"}, missing={"code": "D9999"}
    )


def _photo(world: World) -> Ids:
    names = {whose: {"sha256": hash_of(whose)} for whose in SENT}
    return Ids(**names, missing={"sha256": "0" * 64}, assigned=True)


def _photo_sent(world: World) -> Ids:
    return Ids(
        own={"sha256": hash_of("own")},
        missing={"sha256": "0" * 64},
        unowned="whoever has the bytes may send them, and learns nothing of who else did",
        missing_is_made="what is missing is stored, or refused for the bytes it came with",
    )


def _public(own: Values) -> Callable[[World], Ids]:
    return lambda _: Ids(own=own, missing=dict.fromkeys(own, "none"), unowned="a page for everybody")


IDS: dict[str, Callable[[World], Ids]] = {
    "/docs/assets/<string:name>": _public({"name": "swagger-ui.css"}),
    "/problems/<string:slug>": _public({"slug": "not-found"}),
    "/static/<path:name>": _public({"name": "site.css"}),
    "/v1/dealers/<string:code>": _dealer,
    "/v1/photos/<string:sha256>": _photo,
    "/v1/photos/<string:sha256>/thumbnail": _photo,
    "PUT /v1/photos/<string:sha256>": _photo_sent,
}

BODIES: dict[tuple[str, str], Callable[[World], Any]] = {
    ("PUT", "/v1/photos/<string:sha256>"): lambda _: photo("own"),
}

# Paths into a body where values of any kind are lawful: what the hostile table puts there may be taken.
OPEN_VALUES: dict[tuple[str, str], frozenset[str]] = {}


def ids_of(world: World, route: Route) -> Ids:
    """Give the examples of a route with arguments; fails where nobody has written them."""
    assert route.rule in IDS, f"{route} has no examples: add its rule to IDS in tests/contract/examples.py"
    # A method whose objects are others than those of the rule's other methods has an entry of its own.
    return IDS.get(str(route), IDS[route.rule])(world)


def body_of(world: World, route: Route) -> Any:
    """Give an acceptable body; fails where nobody has written one."""
    key = (route.method, route.rule)
    assert key in BODIES, f"{route} has no example body: add it to BODIES in tests/contract/examples.py"
    return BODIES[key](world)


def arguments(world: World, route: Route) -> dict[str, Any]:
    """Give what the test client needs to send an acceptable body, if the route takes one."""
    if not route.media_types:
        return {}
    body = body_of(world, route)
    if isinstance(body, bytes):
        return {"data": body, "content_type": route.media_types[0]}
    return {"json": body}
