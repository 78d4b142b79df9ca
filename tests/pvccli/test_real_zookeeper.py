"""The program as people run it, before a real ZooKeeper."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.zookeeper import ZooKeeperServer
from pvccore.model.vm import VmState
from pvccore.operations.backup import backup
from pvccore.operations.connecting import seat, wait_for
from pvccore.operations.vms import start
from pvccore.plan.outcome import Aim, Goal
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.session import Session
from pvccore.state.zookeeper import ZooKeeperStore
from tests.operations.world import World, guest_xml

pytestmark = pytest.mark.zookeeper
SESSION_S = 40.0
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServer]:
    with ZooKeeperServer(tmp_path_factory.mktemp("zookeeper")) as started:
        yield started


@pytest.fixture
def address(server: ZooKeeperServer, request: pytest.FixtureRequest) -> ZooKeeperAddress:
    return ZooKeeperAddress.parse(f"{server.hosts}/{request.node.name[:40].replace('_', '-')}")


@pytest.fixture
def pvc(address: ZooKeeperAddress) -> Run:
    environment = {**os.environ, "PVC_ZOOKEEPER": address.where, "SUDO_USER": "anna"}

    def call(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pvccli", *arguments],
            env=environment | more,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call


class RealWorld(World):
    """The small cluster of the other tests, in a real ZooKeeper."""

    def __init__(self, store: ZooKeeperStore) -> None:
        super().__init__()
        self.store = store  # type: ignore[assignment]
        self.schema = store.address.schema
        self.setup = Session(store, self.schema, who="setup", wall_clock=time.time)
        self.operator = seat(store, "ben@ops2")


@pytest.fixture
def world(address: ZooKeeperAddress, pvc: Run) -> Iterator[RealWorld]:
    assert pvc("init").returncode == 0
    # Its nodes live as long as its session, which a busy machine must not end.
    store = ZooKeeperStore(address, clock=time.monotonic, session_s=SESSION_S)
    store.connect(SESSION_S)
    made = RealWorld(store)
    made.add_node("hv1")
    made.add_node("hv2")
    yield made
    store.close()


def test_an_empty_tree_is_said_and_init_makes_a_cluster(pvc: Run, address: ZooKeeperAddress) -> None:
    empty = pvc("vm", "list")
    assert (empty.returncode, empty.stdout) == (3, "")
    assert empty.stderr == f"pvc: no cluster at {address.where}; run `pvc init`\n"
    assert pvc("init", "--name", "lab").stdout == "the cluster is created\n"
    assert pvc("init").stdout == "there is a cluster already\n"
    assert json.loads(pvc("status", "--format", "json").stdout)["cluster"] == "lab"
    assert json.loads(pvc("vm", "list", "--format", "json").stdout) == []


def test_a_vm_is_defined_started_changed_and_undefined(pvc: Run, world: RealWorld) -> None:
    assert pvc("vm", "define", "-", "-t", "hv1", stdin=guest_xml("web1")).returncode == 0
    assert pvc("vm", "start", "web1").stdout == "web1 is to run on hv1\n"
    assert pvc("vm", "meta", "web1", "-l", "hv1,hv2", "-s", "load", "-A").returncode == 0
    (record,) = json.loads(pvc("vm", "list", "-f", "json").stdout)
    assert (record["wanted"], record["node_limit"], record["autorestart"]) == ("running", ["hv1", "hv2"], False)
    world.place("web1", state=VmState.RUNNING)
    refused = pvc("vm", "undefine", "web1", "-y")
    assert (refused.returncode, refused.stderr) == (1, "pvc: web1: it is running; stop it first (--stop)\n")
    assert pvc("vm", "stop", "web1", "-y").returncode == 0
    world.place("web1", state=VmState.STOPPED, request=None)
    assert pvc("vm", "undefine", "web1", "-y").stdout == "web1 is undefined\n"
    said = json.loads(pvc("journal", "-f", "json").stdout)
    assert [entry["what"].partition(":")[0] for entry in said[1:]] == [
        "define web1 on hv1",
        "start web1",
        "meta web1",
        "stop web1",
        "undefine web1",
    ]
    assert {entry["who"].partition("@")[0] for entry in said} == {"anna"}


def test_maintenance_is_switched_in_zookeeper(pvc: Run, world: RealWorld) -> None:
    assert pvc("maintenance", "on").returncode == 0
    assert world.operator.cluster().maintenance.on
    assert pvc("maintenance", "off", "-y").returncode == 0
    assert not world.operator.cluster().maintenance.on


def test_an_unreachable_zookeeper_ends_with_3(pvc: Run) -> None:
    ended = pvc("status", PVC_ZOOKEEPER="127.0.0.1:1/pvc")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == "pvc: no ZooKeeper answers at 127.0.0.1:1/pvc: Connection refused\n"


def test_names_are_completed(pvc: Run, world: RealWorld) -> None:
    world.add_vm("web1", "hv1")
    world.add_vm("db1", "hv1")
    completion = {"_PVC_COMPLETE": "bash_complete", "COMP_CWORD": "3"}
    assert pvc(COMP_WORDS="pvc vm start w", **completion).stdout.split() == ["plain,web1"]
    assert pvc(COMP_WORDS="pvc node flush hv", **completion).stdout.split() == ["plain,hv1", "plain,hv2"]


def test_who_waits_sees_the_outcome_as_it_comes(world: RealWorld) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    goal = start(world.operator, "web1").goal
    assert goal is not None
    told: list[str] = []

    def tell(text: str) -> None:
        """The agent goes one step on whenever progress is told."""
        told.append(text)
        state = world.vm("web1").placement.state
        world.place("web1", state=VmState.STARTING if state is VmState.STOPPED else VmState.RUNNING)

    ended = wait_for(world.store, world.schema, goal, 30.0, show=tell)
    assert ended.done
    assert told == ["web1 stopped on hv1", "web1 starting on hv1", "web1 runs on hv1"]


def test_nobody_waits_longer_than_he_said(world: RealWorld) -> None:
    world.add_vm("web1", "hv1")
    goal = Goal(aim=Aim.FLUSHED, node="hv9")
    assert wait_for(world.store, world.schema, goal, 30.0).failed
    stuck = Goal(aim=Aim.ELSEWHERE, vm=world.vm("web1").uuid, node="hv1", id="x")
    world.place("web1", state=VmState.STARTING)
    ended = wait_for(world.store, world.schema, stuck, 0.2)
    assert not ended.ended


def test_the_journal_is_followed(pvc: Run, world: RealWorld, tmp_path: Path, address: ZooKeeperAddress) -> None:
    log = tmp_path / "log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-u", "-m", "pvccli", "-c", address.where, "journal", "--follow", "-f", "json"], stdout=out
        ) as follower,
    ):
        try:
            _until(lambda: "cluster created" in log.read_text())
            start_of = pvc("maintenance", "on")
            assert start_of.returncode == 0
            _until(lambda: "maintenance on" in log.read_text())
        finally:
            follower.terminate()


def _until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    ends_at_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends_at_s
        time.sleep(0.05)


def test_what_if_begins_with_the_living_cluster_and_touches_nothing(pvc: Run, world: RealWorld, tmp_path: Path) -> None:
    assert pvc("vm", "define", "-", "-t", "hv1", stdin=guest_xml("web1")).returncode == 0
    assert pvc("vm", "start", "web1").returncode == 0
    world.place("web1", state=VmState.RUNNING)
    before = list(backup(world.store, world.schema, at=0.0))
    saved = tmp_path / "what-if.toml"
    told = pvc("simulate", "--from-cluster", "--step", "5: power-cut hv1", "--save", str(saved), "--json")
    assert told.returncode == 0, told.stderr
    outcome = json.loads(told.stdout)
    assert outcome["final"]["vms"]["web1"]["node"] == "hv2"
    assert any(entry["what"].startswith("fence hv1") for entry in outcome["journal"])
    assert list(backup(world.store, world.schema, at=0.0)) == before
    assert json.loads(pvc("simulate", str(saved), "--json").stdout) == outcome
