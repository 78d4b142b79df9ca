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
    return Stand(world, tmp_path)


@pytest.fixture
def api(stand: Stand) -> Iterator[Api]:
    """The API as an operator's program calls it."""
    with stand.client() as client:
        yield client


@pytest.fixture
def viewer(stand: Stand) -> Iterator[Api]:
    """The API as who may only look calls it."""
    with stand.client("eye") as client:
        yield client
