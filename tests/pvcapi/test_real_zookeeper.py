"""The program before a real ZooKeeper, which stops, hangs and comes back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.zookeeper import ZooKeeperServer
from pvccore.state.address import ZooKeeperAddress
from tests.operations.world import guest_xml
from tests.pvcapi.live import RealWorld, real_world, running, until

RecordProperty = Callable[[str, object], None]
pytestmark = pytest.mark.zookeeper


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServer]:
    with ZooKeeperServer(tmp_path_factory.mktemp("zookeeper")) as started:
        yield started


@pytest.fixture
def address(server: ZooKeeperServer, request: pytest.FixtureRequest) -> ZooKeeperAddress:
    return ZooKeeperAddress.parse(f"{server.hosts}/{request.node.name[:40].replace('_', '-')}")


@pytest.fixture
def world(address: ZooKeeperAddress) -> Iterator[RealWorld]:
    with real_world(address) as made:
        yield made


@pytest.fixture
def api(world: RealWorld, address: ZooKeeperAddress, tmp_path: Path) -> Iterator[httpx.Client]:
    with running(tmp_path, address) as client:
        until(lambda: client.get("/api/v1/status").status_code == 200)
        yield client


def test_what_was_written_is_seen_by_the_next_request(api: httpx.Client) -> None:
    for number in range(20):
        name = f"web{number}"
        assert api.post("/api/v1/vm", json={"xml": guest_xml(name, memory_mb=64), "start": True}).status_code == 201
        assert api.get(f"/api/v1/vm/{name}").json()["wanted"] == "running"
        refused = api.delete(f"/api/v1/vm/{name}")
        assert refused.status_code == 409 or refused.json()["changed"]


def test_a_stopped_zookeeper_is_503_within_a_second_and_comes_back_by_itself(
    api: httpx.Client, server: ZooKeeperServer, world: RealWorld, record_property: RecordProperty
) -> None:
    world.add_vm("web1", "hv1")
    until(lambda: len(api.get("/api/v1/vm").json()) == 1)
    server.stop()
    try:
        gone_s = until(lambda: api.get("/api/v1/vm").status_code == 503, within_s=5.0)
        answer = api.get("/api/v1/vm")
        refused = api.post("/api/v1/vm/web1/state", json={"state": "stop"})
        figures = api.get("/metrics")
    finally:
        server.start()
    assert gone_s <= 1.0
    assert answer.elapsed.total_seconds() <= 1.0
    assert "ZooKeeper" in answer.json()["message"]
    assert answer.headers["Retry-After"] == "1"
    assert (refused.status_code, refused.json()["error"]) == (503, "unavailable")
    assert refused.elapsed.total_seconds() <= 1.0
    assert (figures.status_code, figures.text.splitlines()[2]) == (200, "pvc_up 0")
    back_s = until(lambda: api.get("/api/v1/vm").status_code == 200)
    assert [vm["name"] for vm in api.get("/api/v1/vm").json()] == ["web1"]
    record_property("figure", f"503 after {gone_s:.2f} s, back {back_s:.2f} s after ZooKeeper served again")


def test_no_cluster_is_503_with_the_reason_until_there_is_one(
    server: ZooKeeperServer, address: ZooKeeperAddress, tmp_path: Path
) -> None:
    with running(tmp_path, address) as api:
        until(lambda: "run `pvc init`" in api.get("/api/v1/vm").json()["message"])
        assert api.get("/api/v1/vm").status_code == 503
        with real_world(address):
            until(lambda: api.get("/api/v1/vm").status_code == 200)
            assert api.get("/api/v1/vm").json() == []


def test_who_follows_hears_what_changes(api: httpx.Client, world: RealWorld) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    begun, ended = threading.Event(), threading.Event()

    def follow() -> None:
        with api.stream("GET", "/api/v1/events", timeout=90) as stream:
            name = ""
            for line in stream.iter_lines():
                name = line.removeprefix("event: ") if line.startswith("event: ") else name
                if not line.startswith("data: "):
                    continue
                heard.append((name, json.loads(line.removeprefix("data: "))))
                begun.set()
                # ZooKeeper tells of a VM's definition and of its placement one after the other.
                if '"node":"hv1"' in line:
                    ended.set()
                    return

    follower = threading.Thread(target=follow)
    follower.start()
    assert begun.wait(60)
    world.add_vm("web1", "hv1")
    assert ended.wait(60)
    follower.join(60)
    assert heard[0] == ("begin", {"available": True})
    (record,) = heard[-1][1]["vms"].values()
    assert (heard[-1][0], record["name"], record["node"]) == ("delta", "web1", "hv1")


def test_an_outcome_is_waited_for(api: httpx.Client) -> None:
    answer = api.post("/api/v1/status?wait_s=5", json={"maintenance": True}).json()
    assert answer["changed"]
    assert answer["outcome"]["text"].startswith("waiting for hv1")
    assert not answer["outcome"]["done"]
