from collections.abc import Iterator

import pytest

from lab.zookeeper import ZooKeeperServer
from tests.state.clusters import Lab, make_lab
from tests.state.worlds import MemoryWorld, World, ZooKeeperWorld, start_server


@pytest.fixture(scope="session")
def zookeeper_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServer]:
    server = start_server(tmp_path_factory.mktemp("zookeeper"))
    yield server
    server.kill()


@pytest.fixture(params=["memory", pytest.param("zookeeper", marks=pytest.mark.zookeeper)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    in_memory = request.param == "memory"
    made: World = MemoryWorld() if in_memory else ZooKeeperWorld(request.getfixturevalue("zookeeper_server"))
    yield made
    made.close()


@pytest.fixture
def lab() -> Lab:
    return make_lab()
