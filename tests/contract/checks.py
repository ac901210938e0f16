"""What the generated tests have in common: the form of a problem, and how to call a route."""

from __future__ import annotations

import json
from typing import Any

from audit_api import problems
from tests.contract.route_map import Route, routes
from tests.contract.world import World

# Who signs where a role alone is not enough.
SIGNERS = {"POST /v1/dealer-imports": "admin of all"}
TYPES = {kind.uri: kind for kind in problems.catalogue()}


def check_problem(answer: Any, status: int | None = None) -> dict[str, Any]:
    """Hold one answer against the form that every error has; gives the document."""
    assert status is None or answer.status_code == status, (answer.status_code, answer.get_data()[:500])
    assert answer.mimetype == "application/problem+json"
    document = json.loads(answer.get_data())
    kind = TYPES[document["type"]]
    language = answer.headers["Content-Language"]
    assert language in ("zh", "en")
    assert document["status"] == answer.status_code == kind.status
    assert document["title"] == kind.title(language)
    assert document["instance"] == answer.headers["X-Request-Id"]
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Traceback" not in answer.get_data(as_text=True)
    return document


def bodies() -> list[Route]:
    return [r for r in routes() if "application/json" in r.media_types]


def signed(world: World, route: Route) -> dict[str, str]:
    """Sign as somebody who may call the route."""
    return {} if route.public else world.headers(SIGNERS.get(str(route), sorted(route.policy)[0]))


def somewhere(route: Route) -> str:
    """Give a path of the route that names nothing."""
    return route.path(route.nowhere)
