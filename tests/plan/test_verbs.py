"""Every verb with every reason to refuse it."""

from __future__ import annotations

import pytest

from pvccore.model.cluster import Cluster
from pvccore.model.fence import FencePhase
from pvccore.model.node import Node, NodeConfig, Presence
from pvccore.model.struct import replace
from pvccore.model.vm import Placement, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.placement import Rooms
from pvccore.plan.verbs import (
    NODE_VERBS,
    VM_VERBS,
    naming,
    node_objections,
    objection_to_migrate,
    objection_to_move,
    shortened,
    vm_objections,
)
from tests.plan.asked import asked, cluster, flushed, limited, node, travel, vm

SILENT = node("hv1", alive=False)
FENCED = node("hv1", alive=False, phase=FencePhase.RECOVERING)
FULL = [node(name, memory_mb=1024) for name in ("hv1", "hv2", "hv3")]
RUNNING = vm("web1", "hv1")
STOPPED = vm("web1", "hv1", VmState.STOPPED)
WAITING = vm("web1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING)
FAILED = vm("web1", "hv1", VmState.FAILED, failure="locked")
PARKED = vm("web1", "hv1", VmState.STOPPED, wanted=Wanted.RUNNING, parked_on="hv1", why="no room")
DISABLED = vm("web1", "hv1", VmState.STOPPED, wanted=Wanted.DISABLED)
TRAVELLING = vm("web1", "hv1", VmState.MIGRATING, migration=travel("hv1", "hv2"))
AWAY = vm("web1", "hv1", previous_node="hv2")
SHUTTING = vm("web1", "hv1", VmState.SHUTTING_DOWN, wanted=Wanted.STOPPED, request=asked(RequestVerb.SHUTDOWN))
STOPPING = replace(SHUTTING, placement=replace(SHUTTING.placement, request=asked(RequestVerb.STOP)))
RESTARTING = vm("web1", "hv1", VmState.RESTARTING, request=asked(RequestVerb.RESTART))
BIG = vm("web1", "hv1", VmState.STOPPED, memory_mb=4096)
NO_OTHER = "no other node can take it either"
OFFER = "hv2 can take it (pvc vm move web1 --to hv2)"


def said(verb: str, one: Vm, *parts: Node | Vm) -> str | None:
    made = cluster(one, *parts)
    return VM_VERBS[verb](made, one, Rooms(made))


@pytest.mark.parametrize(
    "verb, one, parts, expected",
    [
        ("start", STOPPED, [], None),
        ("start", WAITING, [], None),
        ("start", FAILED, [], None),
        ("start", PARKED, [], None),
        ("start", DISABLED, [], None),
        ("start", SHUTTING, [], None),
        ("start", RUNNING, [], "it is running already"),
        ("start", RESTARTING, [], "it is restarting already"),
        ("start", TRAVELLING, [], "it is migrating already"),
        ("start", RUNNING, [SILENT], "its state is unknown: hv1 is silent"),
        ("start", vm("web1", "hv9"), [], "its state is unknown: hv9 is not a node of the cluster"),
        ("start", STOPPED, [SILENT], f"hv1 is silent; {OFFER}"),
        ("start", PARKED, [flushed(node("hv1"))], f"hv1 is flushed; {OFFER}"),
        ("start", WAITING, [flushed(node("hv1"))], f"hv1 is flushed; {OFFER}"),
        ("start", limited(STOPPED, "hv1"), [flushed(node("hv1"))], f"hv1 is flushed; {NO_OTHER}"),
        ("start", BIG, FULL, f"hv1 has 1 of the 4 GB it needs; {NO_OTHER}"),
        (
            "start",
            vm("web1", "", VmState.STOPPED),
            [],
            f"its node is not a node of the cluster; {OFFER.replace('2', '1')}",
        ),
        ("start", limited(STOPPED, "hv2"), [], f"hv1 is outside its node limit; {OFFER}"),
        ("shutdown", RUNNING, [], None),
        ("shutdown", PARKED, [], None),
        ("shutdown", RESTARTING, [], None),
        ("shutdown", RUNNING, [SILENT], None),
        ("shutdown", STOPPED, [], "it is stopped already"),
        ("shutdown", SHUTTING, [], "a shutdown is under way already, asked by ben@ops2"),
        ("shutdown", STOPPING, [], "a stop is under way already, asked by ben@ops2"),
        ("stop", SHUTTING, [], None),
        ("stop", FAILED, [], None),
        ("stop", DISABLED, [], "it is stopped already"),
        ("stop", STOPPING, [], "a stop is under way already, asked by ben@ops2"),
        ("restart", RUNNING, [], None),
        ("restart", SHUTTING, [], None),
        ("restart", STOPPED, [], "it is not running, it is stopped"),
        ("restart", PARKED, [], "it is not running, it is parked"),
        ("restart", RESTARTING, [], "a restart is under way already, asked by ben@ops2"),
        ("restart", RUNNING, [SILENT], "its state is unknown: hv1 is silent"),
        ("restart", TRAVELLING, [], "it is on its way from hv1 to hv2"),
        ("restart", RUNNING, [flushed(node("hv1"))], "hv1 is flushed; hv2 can take it"),
        ("disable", RUNNING, [], None),
        ("disable", STOPPED, [], None),
        ("disable", DISABLED, [], "it is disabled already"),
        ("rename", STOPPED, [], None),
        ("rename", RUNNING, [], "it is running; only a stopped VM can be renamed"),
        ("undefine", STOPPED, [], None),
        ("undefine", PARKED, [], None),
        ("undefine", RUNNING, [], "it is running; stop it first (--stop)"),
        ("undefine", RUNNING, [SILENT], "it is unknown; stop it first (--stop)"),
        (
            "undefine",
            vm("web1", "hv1", VmState.STOPPED, migration=travel("hv1", "hv2")),
            [],
            "it is on its way from hv1 to hv2",
        ),
        ("unmigrate", AWAY, [], None),
        ("unmigrate", RUNNING, [], "it has no previous node to return to"),
        ("unmigrate", AWAY, [flushed(node("hv2"))], "hv2 is flushed"),
        ("unmigrate", vm("web1", "hv1", previous_node="hv9"), [], "hv9 is not a node of the cluster"),
        ("unmigrate", AWAY, [SILENT], "its state is unknown: hv1 is silent"),
    ],
)
def test_a_verb_is_granted_or_refused_with_the_reason(
    verb: str, one: Vm, parts: list[Node | Vm], expected: str | None
) -> None:
    assert said(verb, one, *parts) == expected


@pytest.mark.parametrize(
    "one, parts, target, force, expected",
    [
        (RUNNING, [], "", False, None),
        (RUNNING, [], "hv3", False, None),
        (STOPPED, [SILENT], "hv2", False, None),
        (AWAY, [], "hv3", True, None),
        (AWAY, [], "hv2", True, None),
        (
            AWAY,
            [],
            "hv3",
            False,
            "it is migrated already; --force keeps hv2 as its previous node, unmigrate brings it back there",
        ),
        (RUNNING, [], "hv9", False, "hv9 is not a node of the cluster"),
        (RUNNING, [], "hv1", False, "hv1 is where it is"),
        (limited(RUNNING, "hv1", "hv2"), [], "hv3", False, "hv3 is outside its node limit"),
        (RUNNING, [flushed(node("hv3"))], "hv3", False, "hv3 is flushed"),
        (RUNNING, [node("hv3", memory_mb=512)], "hv3", False, "hv3 has 0.5 of the 1 GB it needs"),
        (limited(RUNNING, "hv1"), [], "", False, "no other node can take it: limit hv1"),
        (TRAVELLING, [], "hv3", False, "it is on its way from hv1 to hv2"),
        (SHUTTING, [], "hv3", False, "a shutdown is under way"),
        (
            vm("web1", "hv1", VmState.STARTING),
            [],
            "hv3",
            False,
            "it is starting; only a running or a stopped VM can leave its node",
        ),
        (RUNNING, [node("hv1", phase=FencePhase.REQUESTED)], "hv3", False, "its node hv1 is being fenced (requested)"),
    ],
)
def test_a_migration_is_granted_or_refused_with_the_reason(
    one: Vm, parts: list[Node | Vm], target: str, *, force: bool, expected: str | None
) -> None:
    made = cluster(one, *parts)
    assert objection_to_migrate(made, one, Rooms(made), target=target, force=force) == expected


@pytest.mark.parametrize(
    "one, parts, target, expected",
    [
        (RUNNING, [], "", None),
        (RUNNING, [], "hv2", None),
        (AWAY, [], "hv3", None),
        (AWAY, [], "hv1", None),
        (PARKED, [], "hv1", None),
        (PARKED, [flushed(node("hv1"))], "hv1", f"hv1 is flushed; {OFFER}"),
        (RUNNING, [], "hv1", "hv1 is where it is, and where it belongs"),
        (RUNNING, [flushed(node("hv2"))], "hv2", "hv2 is flushed"),
    ],
)
def test_a_move_is_granted_or_refused_with_the_reason(
    one: Vm, parts: list[Node | Vm], target: str, expected: str | None
) -> None:
    made = cluster(one, *parts)
    assert objection_to_move(made, one, Rooms(made), target=target) == expected


NEVER_STARTED = replace(node("hv1", alive=False), presence=Presence())
NO_AGENT = replace(node("hv1"), config=NodeConfig())


@pytest.mark.parametrize(
    "verb, one, expected",
    [
        ("flush", node("hv1"), None),
        ("flush", SILENT, None),
        ("flush", FENCED, "it is being fenced (recovering), which empties it"),
        ("ready", node("hv1"), None),
        ("ready", SILENT, "its daemon is not there; it can be made ready when it is back"),
        ("ready", FENCED, "it is being fenced (recovering)"),
        ("fence", node("hv1"), None),
        ("fence", SILENT, None),
        ("fence", FENCED, "it is being fenced already (recovering)"),
        (
            "fence",
            node("hv1", phase=FencePhase.FAILED),
            "it is being fenced already (failed): it is tried again by itself",
        ),
        ("fence", NEVER_STARTED, "its daemon has never started, there is nothing to fence"),
        ("fence", NO_AGENT, "it has no fence agent; when you have seen it off, say --confirmed-off"),
        ("confirmed-off", SILENT, None),
        ("confirmed-off", node("hv1", alive=False, phase=FencePhase.FAILED), None),
        ("confirmed-off", FENCED, "it is known to be off already"),
        ("confirmed-off", NEVER_STARTED, "its daemon has never started, there is nothing to recover"),
        (
            "confirmed-off",
            node("hv1"),
            "its daemon is alive, so it can't be off; if you cut its power just now, wait a few seconds",
        ),
        ("remove", SILENT, None),
        ("remove", node("hv1"), "its daemon is alive; stop it first"),
        ("remove", FENCED, "it is being fenced (recovering)"),
    ],
)
def test_a_verb_on_a_node_is_granted_or_refused_with_the_reason(verb: str, one: Node, expected: str | None) -> None:
    assert NODE_VERBS[verb](cluster(one), one) == expected


def test_nobody_is_fenced_in_maintenance_but_a_persons_word_is_taken() -> None:
    made: Cluster = cluster(SILENT, maintenance=True)
    said_by_verb = node_objections(made, SILENT)
    assert said_by_verb["fence"] == (
        "maintenance is on, nobody is fenced; if you have seen that it is off, say --confirmed-off"
    )
    assert said_by_verb["confirmed-off"] is None


def test_a_node_on_which_vms_may_run_is_not_retired() -> None:
    made = cluster(SILENT, RUNNING, vm("db1", "hv2", VmState.MIGRATING, migration=travel("hv2", "hv1")))
    assert node_objections(made, SILENT)["remove"] == "VMs may run on it: db1, web1"


def test_a_menu_gets_every_verb_with_its_reason() -> None:
    made = cluster(RUNNING)
    objections = vm_objections(made, RUNNING)
    assert set(objections) == set(VM_VERBS)
    assert objections["migrate"] is None
    assert objections["start"] == "it is running already"
    assert vm_objections(made, RUNNING, Rooms(made)) == objections


def test_every_way_to_name_a_node_is_told() -> None:
    one = limited(vm("web1", "hv1", previous_node="hv2", parked_on="hv1"), "hv1", "hv3")
    assert naming(one, "hv1") == ["is placed on it", "is parked on it", "has it in its node limit"]
    assert naming(one, "hv2") == ["belongs on it"]
    assert naming(replace(one, placement=Placement()), "hv4") == []


def test_a_long_list_of_names_is_cut() -> None:
    assert shortened(["a", "b", "c"], 2) == "a, b and 1 more"
    assert shortened(["a", "b"], 2) == "a, b"
