"""The ZooKeeper ensemble of the lab survives what an ensemble survives."""

from collections.abc import Iterator

import pytest
from kazoo.client import KazooClient
from kazoo.retry import KazooRetry

from lab.cluster import Lab

pytestmark = pytest.mark.lab


@pytest.fixture
def client(lab: Lab) -> Iterator[KazooClient]:
    reconnect = {"max_tries": -1, "delay": 0.2, "backoff": 1, "max_delay": 0.5}
    client = KazooClient(
        lab.zookeeper.hosts, timeout=4, connection_retry=reconnect, command_retry=KazooRetry(**reconnect)
    )
    client.start()
    yield client
    client.stop()
    client.close()


def test_the_ensemble_elects_another_when_its_leader_is_killed(lab: Lab, client: KazooClient) -> None:
    client.create("/before", b"1")
    session = client.client_id
    leader = lab.zookeeper.leader
    leader.kill()
    client.retry(client.create, "/after", b"2")
    assert lab.zookeeper.leader.name != leader.name
    assert client.get("/before")[0] == b"1"
    assert client.client_id == session
    client.delete("/before")
    client.delete("/after")


def test_a_killed_ensemble_keeps_what_it_stored(lab: Lab, client: KazooClient) -> None:
    client.create("/kept", b"1")
    lab.zookeeper.kill()
    lab.zookeeper.start()
    assert client.retry(client.get, "/kept")[0] == b"1"
    client.retry(client.delete, "/kept")
