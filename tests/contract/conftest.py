"""One populated world for each module of generated tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.world import World, a_world


@pytest.fixture(scope="module")
def world(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give the application on a database of this module's own, filled with something of everything."""
    with a_world(mongodb_uri, tmp_path_factory.mktemp("uploads")) as made:
        yield made
