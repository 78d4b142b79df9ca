from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.world import World, three_nodes
from tests.pvcapi.stand import Api, Stand


@pytest.fixture
def world() -> World:
    return three_nodes()


@pytest.fixture
def stand(world: World, tmp_path: Path) -> Stand:
    """An application of the test's own, for who changes tokens, limits or what the source says."""
    return Stand(world, tmp_path)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stand, Api]]:
    """One application for all who need no other: making one takes a quarter of a second."""
    made = Stand(three_nodes(), tmp_path_factory.mktemp("api"))
    with made.client() as client:
        yield made, client


@pytest.fixture
def api(request: pytest.FixtureRequest, world: World) -> Iterator[Api]:
    """The API as an operator's program calls it."""
    if "stand" in request.fixturenames:
        own: Stand = request.getfixturevalue("stand")
        with own.client() as client:
            yield client
        return
    common, client = request.getfixturevalue("shared")
    common.source.world = world
    yield client


@pytest.fixture
def viewer(stand: Stand) -> Iterator[Api]:
    """The API as who may only look calls it."""
    with stand.client("eye") as client:
        yield client
