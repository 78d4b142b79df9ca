"""`pvc node` as a shell sees it."""

from __future__ import annotations

import json

import pytest

from pvccore.model.bmc import BmcTest
from pvccore.model.change import Kind
from pvccore.model.fence import FencePhase
from pvccore.model.node import ReadinessState
from pvccore.model.vm import Definition, VmState
from tests.operations.world import World
from tests.pvccli.conftest import Pvc


def test_list_is_a_table(pvc: Pvc, world: World) -> None:
    world.add_vm("web1", "hv1")
    world.kill("hv3")
    said = pvc("node list")
    assert said.code == 0
    assert said.out.splitlines() == [
        "NAME  ALIVE  READINESS  ROLE         POWER    HEALTHY  MEMORY  VCPUS  LOAD  VMS",
        "hv1   yes    ready      coordinator  on       yes      8 G     8      0.5   1",
        "hv2   yes    ready      coordinator  on       yes      8 G     8      0.5   0",
        "hv3   no     ready      coordinator  unknown  yes      8 G     8      0.5   0",
    ]
    assert pvc("node list -f raw alive=no").out == "hv3\n"


def test_info_as_json_has_the_documented_fields(pvc: Pvc) -> None:
    assert json.loads(pvc("node info hv1 --format json-pretty").out) == {
        "name": "hv1",
        "alive": True,
        "readiness": "ready",
        "role": "coordinator",
        "power": "on",
        "healthy": True,
        "memory_mb": 8192,
        "vcpus": 8,
        "load": 0.5,
        "vms": 0,
    }


def test_info_shows_health_fence_and_vms(pvc: Pvc, world: World) -> None:
    world.add_vm("web1", "hv1")
    report = world.node("hv1").report
    world.set_node("hv1", Kind.REPORT, report, hypervisor_error="libvirtd does not answer")
    waiting = world.node("hv1").readiness
    world.set_node("hv1", Kind.READINESS, waiting, state=ReadinessState.FLUSHING, waits_for=("web1: migrating to hv2",))
    said = pvc("node info hv1").out
    assert "hypervisor    libvirtd does not answer" in said
    assert "fence agents  ipmi 127.0.0.1:6230" in said
    assert "waits for     web1: migrating to hv2" in said
    assert said.splitlines()[-1].split() == ["web1", "running", "1", "G"]


def test_info_shows_the_last_test_of_the_bmc(pvc: Pvc, world: World) -> None:
    assert "BMC           not tested yet" in pvc("node info hv1").out
    world.write(Kind.BMC, "hv1", None, BmcTest(at=990.0, by="hv2"))
    assert "BMC           answers (tested 19" in pvc("node info hv1").out
    world.write(Kind.BMC, "hv2", None, BmcTest(at=990.0, by="hv1", error="ipmi: no answer"))
    assert "BMC           fails: ipmi: no answer" in pvc("node info hv2").out


@pytest.mark.parametrize(
    "line, out",
    [
        ("node flush hv1 -y --reason fan", "hv1 is flushing"),
        ("node ready hv1", "hv1 is ready already"),
        ("node fence hv1 -y", "hv1 is being fenced"),
        ("node fence hv3 --confirmed-off -y", "hv3 counts as off; its VMs are recovered"),
        ("node remove hv3 -y", "hv3 is removed"),
    ],
)
def test_a_verb_says_what_it_asked_for(pvc: Pvc, world: World, line: str, out: str) -> None:
    world.kill("hv3")
    said = pvc(line)
    assert (said.code, said.out, said.err) == (0, out + "\n", "")


@pytest.mark.parametrize(
    "line, words",
    [
        ("node fence hv1 -y --confirmed-off", "hv1: its daemon is alive, so it can't be off"),
        ("node remove hv1 -y --force", "hv1: its daemon is alive; stop it first"),
        ("node flush hv9 -y", "no node 'hv9'"),
        ("node info hv9", "no node 'hv9'"),
    ],
)
def test_a_refusal_is_told_and_ends_with_1(pvc: Pvc, line: str, words: str) -> None:
    said = pvc(line)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"pvc: {words}")


def test_what_names_a_node_is_listed_and_rewritten_by_force(pvc: Pvc, world: World) -> None:
    world.add_vm("web1", "hv3", VmState.STOPPED)
    world.kill("hv3")
    assert "hv3: it is named by 1 VMs: web1 is placed on it; --force rewrites them" in pvc("node remove hv3 -y").err
    assert pvc("node remove hv3 -y --force").code == 0
    assert world.vm("web1").node in {"hv1", "hv2"}


@pytest.mark.parametrize(
    "line", ["node flush hv1", "node fence hv1", "node fence hv3 --confirmed-off", "node remove hv3"]
)
def test_a_disruptive_verb_asks(pvc: Pvc, world: World, line: str) -> None:
    world.kill("hv3")
    before = world.load().nodes
    assert "not confirmed" in pvc(line, answer="n\n").err
    assert world.load().nodes == before
    assert pvc(line, answer="y\n").code == 0
    assert world.load().nodes != before


def test_a_fence_under_way_shows_in_the_status(pvc: Pvc, world: World) -> None:
    pvc("node fence hv1 -y")
    assert world.node("hv1").fence.phase is FencePhase.REQUESTED
    assert "fence        hv1 requested (person)" in pvc("status").out
    (fence,) = json.loads(pvc("status -f json").out)["fences"]
    assert fence == {
        "node": "hv1",
        "phase": "requested",
        "cause": "person",
        "round": 1,
        "error": None,
        "by": "anna@ops1",
    }


def test_a_dry_run_tells_and_does_nothing(pvc: Pvc, world: World) -> None:
    world.add_vm("web1", "hv1")
    world.add_vm("db1", "hv1", definition=Definition(memory_mb=512, node_limit=("hv1",)))
    before = world.load()
    told = pvc("node flush hv1 --dry-run").out.splitlines()
    assert told[0].startswith("web1 → hv")
    assert told[1].startswith("db1 is parked: limit hv1")
    assert set(json.loads(pvc("--format json node fence hv1 --dry-run").out)["parked"]) == {"db1"}
    assert pvc("node ready hv2 --dry-run").out == "nothing would be moved\n"
    assert pvc("vm migrate web1 --to hv2 --dry-run").out == "would do: migrate web1 from hv1 to hv2\n"
    assert pvc("vm migrate web1 --to hv1 --dry-run").code == 1
    assert world.load() == before


def test_a_forecast_tells_what_a_nodes_death_would_do(pvc: Pvc, world: World) -> None:
    world.add_vm("web1", "hv1")
    world.add_vm("db1", "hv1", definition=Definition(memory_mb=512, node_limit=("hv1",)))
    lines = pvc("node forecast hv1").out.splitlines()
    assert lines[0] == "hv1: 1 VMs would be parked"
    assert lines[1].startswith("  web1 → hv")
    assert lines[2].startswith("  db1 is parked: limit hv1")
    record = json.loads(pvc("node forecast -f json").out)
    assert {name: one["survives"] for name, one in record.items()} == {"hv1": False, "hv2": True, "hv3": True}
