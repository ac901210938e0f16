"""No route gives a dealer an original, nor a derivative in which something is not covered: the whole map is walked."""

from __future__ import annotations

import hashlib
import itertools
import re
from typing import Any

import pytest

from audit_api.models.base import collection
from tests.contract.examples import arguments, ids_of
from tests.contract.population_visits import result_photo_of
from tests.contract.route_map import Route, routes
from tests.contract.world import World

HTML = {"Accept": "text/html,application/xhtml+xml,image/*,*/*"}
PICTURE = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")


class Known:
    """What the dealer may have learnt of a released visit, and what it must not be given."""

    def __init__(self, world: World) -> None:
        visit = world.visits["own"]["result"]
        self.hashes = sorted(world.sent["own"])
        views = {row["_id"]: row for row in collection("photo_views").find({"_id": {"$in": self.hashes}})}
        thumbnails = {
            row["_id"]: bytes(row["thumbnail"]) for row in collection("photos").find({"_id": {"$in": self.hashes}})
        }
        assert len(views) == len(thumbnails) == len(self.hashes) > 5
        self.covered = {
            digest(bytes(view[name])) for view in views.values() for name in ("covered", "covered_thumbnail")
        }
        self.secret = (
            {*self.hashes}
            | {digest(data) for data in thumbnails.values()}
            | {digest(bytes(view["display"])) for view in views.values()}
        )
        assert not self.secret & self.covered
        name = result_photo_of(world, visit.id)
        self.ids = {
            "visit_id": [visit.id, *(made.id for what, made in world.visits["own"].items() if what != "result")],
            "sha256": [*self.hashes[:3], name],
            "name": [name, *self.hashes[:2]],
            "shown": ["dealer", "display", "original"],
        }

    def paths(self, world: World, route: Route) -> list[str]:
        """Give the paths of a route with everything known in the place of its ids."""
        own = ids_of(world, route).own if route.arguments else {}
        values = [self.ids.get(name, [own.get(name, "none")]) for name in route.arguments]
        return [route.path(dict(zip(route.arguments, chosen, strict=True))) for chosen in itertools.product(*values)]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def known(world: World) -> Known:
    return Known(world)


def looked_at(answer: Any) -> str | None:
    """Give the digest of a picture in an answer, None where it holds none."""
    data = answer.get_data()
    assert not any(sign in data[1:] for sign in PICTURE[:2]), "a picture inside of something else"
    named = answer.mimetype.startswith("image/") and answer.mimetype != "image/svg+xml"
    return digest(data) if named or data.startswith(PICTURE) else None


@pytest.mark.parametrize("route", routes(), ids=str)
def test_no_route_gives_a_dealer_what_is_not_covered(world: World, known: Known, route: Route) -> None:
    dealer = world.headers("dealer")
    for path in known.paths(world, route):
        for more in ({}, HTML) if route.method == "GET" else ({},):
            answer = world.client.open(path, method=route.method, headers={**dealer, **more}, **arguments(world, route))
            seen = looked_at(answer)
            assert seen not in known.secret, path
            if seen is not None:
                assert seen in known.covered, path
            if route.method == "GET":
                told = answer.get_data().decode("utf-8", "replace").replace(path, "")
                # What this walk has itself put into an address may be said back: a refused upload, for instance.
                named = set(re.findall(r"[0-9a-f]{64}", told)) & known.secret - set(known.ids["sha256"])
                assert not named, (path, named)


def test_the_walk_meets_pictures(world: World, known: Known) -> None:
    """The control: the dealer is given covered ones, and whoever may see the others is given those."""
    visit, name = known.ids["visit_id"][0], known.ids["name"][0]
    paths = (
        f"/v1/visits/{visit}/result/photos/{name}",
        f"/visits/{visit}/result/photos/{name}.jpg",
        f"/visits/{visit}/result/thumbnails/{name}.jpg",
    )
    for path in paths:
        assert looked_at(world.client.get(path, headers=world.headers("dealer"))) in known.covered, path
    sha256 = known.hashes[0]
    for path in (
        f"/v1/photos/{sha256}", f"/v1/photos/{sha256}/thumbnail", f"/v1/photos/{sha256}/display",
        f"/visits/{visit}/photos/{sha256}/display.jpg", f"/visits/{visit}/copies/{sha256}.jpg",
    ):  # fmt: skip
        assert looked_at(world.client.get(path, headers=world.headers("quality_reviewer"))) in known.secret, path
        assert world.client.get(path, headers=world.headers("dealer")).status_code == 403
