"""Ready: a node takes VMs again and gets its own back."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.change import Kind
from pvccore.model.fence import FencePhase
from pvccore.model.node import Node, ReadinessState
from pvccore.model.struct import replace
from pvccore.model.vm import MigrationMethod, Request, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.effects import Plan
from pvccore.plan.placement import Rooms
from pvccore.plan.readying import is_readying, plan_ready
from tests.plan.clusters import (
    FLUSHED,
    FLUSHING,
    GB,
    READY,
    READYING,
    a_cluster,
    a_node,
    a_vm,
    a_watch,
    at_rest,
    changes,
    checked,
    committed,
    fenced,
    gone,
    migrating,
    parked,
    placement_after,
    readiness_after,
    said,
    said_goodbye,
)

RETURNING = a_node("hv1", readiness=READYING)


def ready(*vms: Vm, node: Node = RETURNING, other: Node | None = None, **fields: Any) -> Plan:
    settings = {name: value for name, value in fields.items() if name == "migrations_per_node"}
    watch = a_watch(**{name: value for name, value in fields.items() if name not in settings})
    cluster = a_cluster(node, other or a_node("hv2"), vms=vms, **settings)
    return plan_ready(cluster, node, Rooms(cluster), watch)


def lines(plan: Plan) -> tuple[str, ...]:
    return readiness_after(plan).waits_for


def away(name: str = "web1", **changes: Any) -> Vm:
    """A VM that runs on hv2 and belongs on hv1."""
    return a_vm(name, "hv2", previous_node="hv1", **changes)


@pytest.mark.parametrize(
    "node, readying",
    [
        (RETURNING, True),
        (a_node(readiness=replace(READY, state=ReadinessState.FLUSHED)), True),
        (a_node(readiness=READY), False),
        (a_node(readiness=FLUSHING), False),
        (fenced(RETURNING, FencePhase.RECOVERED), False),
    ],
)
def test_a_node_is_readied_until_it_is_ready_but_not_while_it_is_fenced(node: Node, readying: bool) -> None:
    assert is_readying(node) is readying


def test_a_node_with_nothing_to_bring_back_is_ready() -> None:
    plan = ready(a_vm("other", "hv2"), a_vm("mine", "hv1"))
    assert said(plan) == ["hv1 ready"]
    assert readiness_after(plan).state is ReadinessState.READY


@pytest.mark.parametrize(
    "node, line",
    [
        (gone(RETURNING), "hv1 is silent"),
        (said_goodbye(RETURNING), "hv1 is off (it said goodbye)"),
        (a_node("hv1", readiness=READYING, storage_error="slow"), "hv1 has unhealthy storage: slow"),
    ],
)
def test_a_node_that_can_take_nothing_waits_until_it_can(node: Node, line: str) -> None:
    plan = ready(parked(), node=node)
    assert said(plan) == []
    assert lines(plan) == (line,)


# Parked


def test_a_vm_parked_there_is_started() -> None:
    plan = ready(parked(crashes=2))
    after = placement_after(plan)
    assert (after.node, after.parked_on, after.why, after.state, after.crashes) == ("hv1", "", "", VmState.STOPPED, 0)
    assert said(plan) == ["web1 unparked on hv1", "hv1 ready"]
    assert checked(plan) == {Kind.READINESS}


@pytest.mark.parametrize(
    "vm",
    [
        parked(autorestart=False),
        parked(wanted=Wanted.STOPPED),
        parked(state=VmState.FAILED),
        parked(node_limit=("hv2",)),
        parked(memory_mb=99 * GB),
    ],
)
def test_what_shall_not_or_can_not_start_there_stays_parked_and_holds_up_nothing(vm: Vm) -> None:
    assert said(ready(vm)) == ["hv1 ready"]


def test_only_as_many_are_started_as_fit() -> None:
    node = a_node("hv1", readiness=READYING, memory_total_mb=2 * GB)
    plan = ready(parked("a", memory_mb=2 * GB), parked("b"), node=node)
    assert said(plan) == ["a unparked on hv1", "hv1 ready"]


def test_a_vm_that_was_only_marked_goes_on_as_if_nothing_had_been() -> None:
    vm = a_vm(parked_on="hv1", why="limit hv1", autorestart=False)
    plan = ready(vm)
    after = placement_after(plan)
    assert (after.parked_on, after.why, after.state) == ("", "", VmState.RUNNING)
    assert after.claim == vm.placement.claim


def test_one_that_is_being_shut_down_already_is_waited_for() -> None:
    plan = ready(a_vm(parked_on="hv1", state=VmState.SHUTTING_DOWN))
    assert lines(plan) == ("web1: shutting down on hv1 before it is started again",)


def test_one_that_belongs_there_and_is_parked_elsewhere_is_started_at_home() -> None:
    after = placement_after(ready(parked(on="hv2", previous_node="hv1")))
    assert (after.node, after.previous_node, after.parked_on) == ("hv1", "", "")


def test_once_it_is_down_where_it_was() -> None:
    plan = ready(away(parked_on="hv2", why="limit"))
    assert lines(plan) == ("web1: shutting down on hv2 before it is started again",)


def test_a_parked_vm_that_belongs_elsewhere_keeps_that() -> None:
    assert placement_after(ready(parked(previous_node="hv2"))).previous_node == "hv2"


# Away from home


def test_a_vm_that_belongs_there_comes_back_alive() -> None:
    plan = ready(away())
    migration = placement_after(plan).migration
    assert migration is not None
    assert (migration.source, migration.target, migration.previous_node_after) == ("hv2", "hv1", "")
    assert changes(plan)[0].what == "web1 comes back to hv1"
    assert lines(plan) == ("web1: coming back",)


def test_no_more_come_at_a_time_than_allowed() -> None:
    plan = ready(away("a"), away("b"), away("c"), migrations_per_node=2)
    assert said(plan) == ["a comes back to hv1", "b comes back to hv1"]
    assert lines(plan)[2] == "c: waits its turn"


def test_those_on_their_way_take_their_places() -> None:
    moving = away("a", state=VmState.MIGRATING, migration=migrating("hv2", "hv1"))
    plan = ready(moving, away("b"), migrations_per_node=1)
    assert said(plan) == []
    assert lines(plan) == ("a: migrating here from hv2", "b: waits its turn")


def test_one_that_a_flush_has_just_sent_away_is_waited_for() -> None:
    leaving = a_vm("a", "hv1", state=VmState.MIGRATING, migration=migrating("hv1", "hv2"))
    assert said(ready(leaving)) == []
    assert [line.partition(":")[0] for line in lines(ready(leaving))] == ["a"]


@pytest.mark.parametrize(
    "other",
    [
        a_node("hv2", readiness=FLUSHING),
        fenced(a_node("hv2"), FencePhase.OFF_SENT),
        said_goodbye(a_node("hv2")),
        a_node("hv3"),
    ],
)
def test_nothing_is_taken_from_a_node_that_is_flushed_fenced_or_gone(other: Node) -> None:
    assert said(ready(away(), other=other)) == ["hv1 ready"]


def test_a_node_that_fell_silent_is_waited_for_until_it_is_back_or_fenced() -> None:
    plan = ready(away(), other=gone(a_node("hv2")))
    assert said(plan) == []
    assert lines(plan) == ("web1: on hv2, which is silent",)


@pytest.mark.parametrize("fields", [{"storm": "2 of 3 nodes are absent"}, {"fenced_s_ago": {"hv2": 1.0}}])
def test_a_silence_that_is_left_alone_holds_up_nothing(fields: dict[str, Any]) -> None:
    assert said(ready(away(), other=gone(a_node("hv2")), **fields)) == ["hv1 ready"]


def test_a_stopped_vm_of_a_silent_node_holds_up_nothing() -> None:
    stopped = away(state=VmState.STOPPED, wanted=Wanted.STOPPED)
    assert said(ready(stopped, other=gone(a_node("hv2")))) == ["hv1 ready"]


def test_a_node_that_has_been_flushed_gives_back_what_is_left_there() -> None:
    assert said(ready(away(), other=a_node("hv2", readiness=FLUSHED))) == ["web1 comes back to hv1"]


@pytest.mark.parametrize(
    "vm, line",
    [
        (away(state=VmState.STARTING), "web1: starting"),
        (at_rest(on="hv2", previous_node="hv1"), "web1: waits to start on hv2"),
        (away(migration=migrating("hv2", "hv3")), "web1: migrating to hv3"),
        (away(request=Request(id="r", verb=RequestVerb.RESTART, by="ann")), "web1: restart asked by ann"),
    ],
)
def test_a_vm_in_transition_is_waited_for(vm: Vm, line: str) -> None:
    plan = ready(vm)
    assert said(plan) == []
    assert lines(plan) == (line,)


def test_a_vm_at_rest_is_placed_home_at_once() -> None:
    after = placement_after(ready(at_rest(on="hv2", previous_node="hv1", wanted=Wanted.STOPPED)))
    assert (after.node, after.previous_node, after.migration) == ("hv1", "", None)


@pytest.mark.parametrize(
    "vm",
    [
        away(state=VmState.FAILED),
        away(memory_mb=99 * GB),
        away(node_limit=("hv2",)),
        away(wanted=Wanted.STOPPED),
        at_rest(on="hv2", previous_node="hv1", wanted=Wanted.STOPPED, node_limit=("hv2",)),
    ],
)
def test_what_can_not_come_stays_and_holds_up_nothing(vm: Vm) -> None:
    assert said(ready(vm)) == ["hv1 ready"]


def test_what_could_not_come_alive_a_moment_ago_stays_too() -> None:
    vm = away(migration_method=MigrationMethod.LIVE_ONLY, why="live migration failed: no route")
    assert said(ready(vm, still_s={vm.uuid: 5.0})) == ["hv1 ready"]
    assert said(ready(vm, still_s={vm.uuid: 60.0})) == ["web1 comes back to hv1"]


def test_as_many_come_as_fit() -> None:
    node = a_node("hv1", readiness=READYING, memory_total_mb=2 * GB)
    plan = ready(away("a"), away("b"), away("c"), node=node, migrations_per_node=9)
    assert said(plan) == ["a comes back to hv1", "b comes back to hv1"]


def test_ready_reverses_a_flush_at_any_moment() -> None:
    vms = [a_vm("a", parked_on="hv1", why="limit hv1"), parked("b"), away("c")]
    cluster = a_cluster(a_node("hv1", readiness=READYING), a_node("hv2"), vms=vms)
    for _ in range(9):
        node = cluster.nodes["hv1"]
        if not is_readying(node):
            break
        cluster = committed(cluster, plan_ready(cluster, node, Rooms(cluster), a_watch()))
        cluster = replace(cluster, vms={uuid: arrived(vm) for uuid, vm in cluster.vms.items()})
    assert cluster.nodes["hv1"].readiness.state is ReadinessState.READY
    assert [vm.name for vm in cluster.vms_on("hv1")] == ["a", "b", "c"]
    assert not any(vm.is_parked or vm.placement.previous_node for vm in cluster.vms.values())


def arrived(vm: Vm) -> Vm:
    migration = vm.placement.migration
    if migration is None:
        return vm
    home = replace(vm.placement, node=migration.target, previous_node=migration.previous_node_after, migration=None)
    return replace(vm, placement=home)
