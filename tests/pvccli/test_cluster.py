"""`pvc status`, `maintenance`, `journal`, `settings` and `init` as a shell sees them."""

from __future__ import annotations

import json

import pytest

from pvccli.seat import Seat
from pvccore.model.bmc import BmcTest
from pvccore.model.change import Kind
from pvccore.model.forecast import Forecast
from pvccore.model.vm import Placement, VmState, Wanted
from pvccore.operations.operator import Operator
from pvccore.operations.reading import load_cluster
from pvccore.state.memory import MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import Session
from tests.operations.world import World
from tests.pvccli.conftest import Pvc


def test_status_tells_what_is_wrong(pvc: Pvc, world: World) -> None:
    world.add_vm("web1", "hv3")
    world.add_vm("db1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING, placement=Placement(parked_on="hv1", why="full"))
    world.add_vm("app1", "hv1", VmState.FAILED, placement=Placement(failure="locked"))
    world.kill("hv3")
    assert pvc("status").out.splitlines() == [
        "cluster      pvc",
        "maintenance  off",
        "manager      nobody",
        "nodes        2 of 3 alive, 2 ready",
        "VMs          3, 1 failed, 1 parked, 1 unknown",
        "N-1          not worked out yet",
        "trouble      hv3 is silent",
        "trouble      app1 failed: locked",
        "trouble      db1 parked on hv1: full",
    ]
    record = json.loads(pvc("status --format json").out)
    assert record["nodes"] == {"total": 3, "alive": 2, "ready": 2}
    assert record["vms"] == {"total": 3, "failed": 1, "parked": 1, "unknown": 1}
    assert record["maintenance"] == {"on": False, "by": None, "reason": None, "since": None, "noout": False}
    assert {"node": "hv3", "text": "is silent"} in record["troubles"]


def test_status_tells_which_node_may_not_die_and_why(pvc: Pvc, world: World) -> None:
    worked_out = Forecast(at=5.0, nodes=3, parked={"hv1": 2}, reasons={"hv1": "db1: limit hv1"})
    world.write(Kind.FORECAST, "", None, worked_out)
    assert "N-1          no: hv1 (2 would be parked: db1: limit hv1)" in pvc("status").out.splitlines()
    record = json.loads(pvc("status --format json").out)
    nodes = {"hv1": {"parked": 2, "reason": "db1: limit hv1"}}
    assert record["forecast"] == {"survives": False, "at": 5.0, "nodes": nodes}


def test_status_tells_that_any_node_may_die(pvc: Pvc, world: World) -> None:
    world.write(Kind.FORECAST, "", None, Forecast(at=5.0, nodes=3))
    assert "N-1          yes: any single node may die" in pvc("status").out
    assert json.loads(pvc("status --format json").out)["forecast"]["survives"] is True


def test_maintenance_is_switched_and_shown(pvc: Pvc, world: World) -> None:
    assert pvc("maintenance").out == "off\n"
    assert pvc("maintenance on --reason 'switch upgrade'").out == "maintenance on now\n"
    assert pvc("maintenance on").out == "maintenance is on already, by anna@ops1\n"
    assert pvc("maintenance").out.endswith("by anna@ops1: switch upgrade; nobody is fenced\n")
    assert json.loads(pvc("maintenance -f json").out)["on"] is True
    assert json.loads(pvc("maintenance off --format json").out) == {"changed": True, "text": "maintenance off now"}
    assert not world.load().maintenance.on


def test_maintenance_off_asks_when_somebody_would_be_fenced(pvc: Pvc, world: World) -> None:
    world.kill("hv2")
    pvc("maintenance on")
    said = pvc("maintenance off", answer="n\n")
    assert said.code == 1
    assert "hv2 will be fenced unless back within 30 s." in said.err
    assert world.load().maintenance.on
    assert pvc("maintenance off -y").code == 0


def test_a_bmc_that_fails_is_a_trouble_and_is_told_before_maintenance_ends(pvc: Pvc, world: World) -> None:
    world.write(Kind.BMC, "hv2", None, BmcTest(at=990.0, by="hv1", error="ipmi: no answer"))
    trouble = {"node": "hv2", "text": "its BMC fails its test: ipmi: no answer"}
    assert trouble in json.loads(pvc("status -f json").out)["troubles"]
    pvc("maintenance on")
    said = pvc("maintenance off", answer="n\n")
    assert (said.code, world.load().maintenance.on) == (1, True)
    assert "The BMC of hv2 fails its test: ipmi: no answer." in said.err


def test_journal_shows_who_did_what_and_why(pvc: Pvc, world: World) -> None:
    world.add_vm("web1", "hv1")
    pvc("vm stop web1 -y")
    pvc("node flush hv1 -y --reason fan")
    assert [line.split("  ", 1)[1] for line in pvc("journal").out.splitlines()] == [
        "root@ops1             cluster created",
        "anna@ops1             stop web1",
        "anna@ops1             flush hv1  (fan)",
    ]
    (entry,) = json.loads(pvc("journal -n 1 --format json").out)
    assert entry.pop("at") > 1000
    assert entry == {"who": "anna@ops1", "what": "flush hv1", "why": "fan", "node": "hv1"}


@pytest.mark.parametrize(
    "condition, count", [("--vm web1", 1), ("--node hv1", 2), ("--who root@ops1", 1), ("--vm x", 0)]
)
def test_the_journal_can_be_narrowed(pvc: Pvc, world: World, condition: str, count: int) -> None:
    world.add_vm("web1", "hv1")
    pvc("vm stop web1 -y")
    pvc("node flush hv1 -y")
    assert len(json.loads(pvc(f"journal -f json {condition}").out)) == count


def test_settings_are_listed_and_set(pvc: Pvc) -> None:
    assert pvc("settings set fence_after_s 2").out == "fence_after_s is 2.0, it was 1.0\n"
    assert json.loads(pvc("settings list -f json").out)["fence_after_s"] == 2.0
    assert "fence_after_s            2.0" in pvc("settings list").out
    below = pvc("settings set fence_after_s -1")
    assert (below.code, "fence_after_s" in below.err, "option" in below.err) == (1, True, False)
    said = pvc("settings set fence_aft 2")
    assert said.code == 1
    assert said.err.startswith("pvc: setting 'fence_aft': is not a setting; known are cluster_name")


def test_init_makes_a_cluster_and_leaves_one_alone(pvc: Pvc) -> None:
    store, schema = MemoryTree(lambda: 0.0).connect(), Schema("/new")
    session = Session(store, schema, who="root@ops1", wall_clock=lambda: 5.0)
    operator = Operator(session=session, cluster=lambda: load_cluster(store, schema))
    assert pvc("init --name prod", seat=Seat(given=operator)).out == "the cluster is created\n"
    assert load_cluster(store, schema).settings.cluster_name == "prod"
    assert pvc("init --name other", seat=Seat(given=operator)).out == "there is a cluster already\n"
    assert load_cluster(store, schema).settings.cluster_name == "prod"
