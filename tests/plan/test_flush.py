"""Flush: a node is emptied, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.change import Kind
from pvccore.model.fence import FencePhase
from pvccore.model.node import GoodbyeReason, Node, ReadinessState
from pvccore.model.struct import replace
from pvccore.model.vm import MigrationMethod, MigrationPhase, Request, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.effects import Plan
from pvccore.plan.flush import is_flushing, plan_flush
from pvccore.plan.leaving import stayed
from pvccore.plan.placement import Rooms
from tests.plan.clusters import (
    FLUSHED,
    FLUSHING,
    GB,
    NOW_S,
    READY,
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

EMPTYING = a_node("hv1", readiness=FLUSHING)
OTHERS = (a_node("hv2"), a_node("hv3"))


def flush(*vms: Vm, node: Node = EMPTYING, others: tuple[Node, ...] = OTHERS, **fields: Any) -> Plan:
    settings = {name: value for name, value in fields.items() if name == "migrations_per_node"}
    watch = a_watch(**{name: value for name, value in fields.items() if name not in settings})
    cluster = a_cluster(node, *others, vms=vms, **settings)
    return plan_flush(cluster, node, Rooms(cluster), watch)


def lines(plan: Plan) -> tuple[str, ...]:
    return readiness_after(plan).waits_for


@pytest.mark.parametrize(
    "node, flushing",
    [
        (EMPTYING, True),
        (a_node(readiness=FLUSHED), False),
        (a_node(readiness=READY), False),
        (fenced(EMPTYING, FencePhase.OFF_SENT), False),
    ],
)
def test_a_node_is_emptied_until_it_is_flushed_unless_a_fence_does_it(node: Node, flushing: bool) -> None:
    assert is_flushing(node) is flushing


def test_an_empty_node_is_flushed() -> None:
    plan = flush()
    assert said(plan) == ["hv1 flushed"]
    assert readiness_after(plan).state is ReadinessState.FLUSHED
    assert readiness_after(plan).waits_for == ()


def test_a_running_vm_migrates_and_remembers_where_it_belongs() -> None:
    plan = flush(a_vm())
    migration = placement_after(plan).migration
    assert migration is not None
    assert (migration.source, migration.target, migration.previous_node_after) == ("hv1", "hv2", "hv1")
    assert migration.phase is MigrationPhase.PREPARED
    assert changes(plan)[0].why == "hv1 is being flushed"


def test_each_step_stands_only_while_the_flush_does() -> None:
    assert checked(flush(a_vm())) == {Kind.READINESS}


def test_no_more_leave_at_a_time_than_allowed() -> None:
    plan = flush(a_vm("a"), a_vm("b"), a_vm("c"), migrations_per_node=2)
    assert said(plan) == ["a leaves hv1 for hv2", "b leaves hv1 for hv3"]
    assert lines(plan) == ("a: leaving", "b: leaving", "c: waits its turn")


def test_those_on_their_way_take_their_places() -> None:
    moving = a_vm("a", state=VmState.MIGRATING, migration=migrating("hv1", "hv2"))
    ending = a_vm("b", parked_on="hv1", why="limit hv1")
    plan = flush(moving, ending, a_vm("c"))
    assert said(plan) == []
    assert lines(plan) == ("a: migrating to hv2", "b: shutting down, limit hv1", "c: waits its turn")


def test_the_largest_leave_first() -> None:
    plan = flush(a_vm("a"), a_vm("b", memory_mb=2 * GB), migrations_per_node=1)
    assert said(plan) == ["b leaves hv1 for hv2"]


def test_a_vm_whose_best_node_is_its_previous_one_goes_home() -> None:
    migration = placement_after(flush(a_vm(previous_node="hv2"))).migration
    assert migration is not None
    assert (migration.target, migration.previous_node_after) == ("hv2", "")


def test_a_vm_that_fits_nowhere_is_marked_parked_and_left_to_its_agent_to_shut_down() -> None:
    plan = flush(a_vm(node_limit=("hv1",)))
    after = placement_after(plan)
    assert (after.parked_on, after.why, after.state, after.wanted) == (
        "hv1",
        "limit hv1",
        VmState.RUNNING,
        Wanted.RUNNING,
    )
    assert after.claim is not None
    assert changes(plan)[0].why == "hv1 is being flushed; limit hv1"


@pytest.mark.parametrize(
    "vm, line",
    [
        (a_vm(state=VmState.STARTING), "web1: starting"),
        (a_vm(state=VmState.SHUTTING_DOWN), "web1: shutting down"),
        (a_vm(request=Request(id="r", verb=RequestVerb.RESTART, by="ann")), "web1: restart asked by ann"),
        (a_vm(wanted=Wanted.STOPPED), "web1: shutting down"),
        (a_vm(on="hv2", migration=migrating("hv2", "hv1")), "web1: migrating here from hv2"),
        (
            a_vm(migration=migrating("hv2", "hv1", phase=MigrationPhase.ARRIVED)),
            "web1: migrating here from hv2",
        ),
    ],
)
def test_a_vm_in_transition_is_waited_for(vm: Vm, line: str) -> None:
    plan = flush(vm)
    assert said(plan) == []
    assert lines(plan) == (line,)


@pytest.mark.parametrize("vm", [a_vm(state=VmState.STARTING), a_vm(on="hv2", migration=migrating("hv2", "hv1"))])
def test_but_holds_up_nobody_else(vm: Vm) -> None:
    (words,) = said(flush(vm, a_vm("b"), migrations_per_node=1))
    assert words.startswith("b leaves hv1")


def test_a_paused_vm_leaves_too() -> None:
    assert placement_after(flush(a_vm(state=VmState.PAUSED))).migration is not None


@pytest.mark.parametrize(
    "vm", [at_rest(wanted=Wanted.STOPPED), at_rest(wanted=Wanted.DISABLED), parked(), a_vm(state=VmState.FAILED)]
)
def test_what_rests_stays_placed(vm: Vm) -> None:
    assert said(flush(vm)) == ["hv1 flushed"]


def test_a_vm_about_to_start_is_placed_elsewhere_at_once() -> None:
    after = placement_after(flush(at_rest()))
    assert (after.node, after.previous_node, after.migration) == ("hv2", "hv1", None)


def test_or_parked_at_once() -> None:
    after = placement_after(flush(at_rest(node_limit=("hv1",))))
    assert (after.parked_on, after.why) == ("hv1", "limit hv1")


def test_the_lines_are_written_quietly_and_only_when_they_change() -> None:
    plan = flush(a_vm(state=VmState.STARTING))
    assert said(plan) == []
    assert len(changes(plan)) == 1
    again = replace(EMPTYING, readiness=readiness_after(plan))
    assert flush(a_vm(state=VmState.STARTING), node=again) == Plan()


def test_many_lines_are_counted_rather_than_written() -> None:
    vms = [a_vm(f"vm{number:03}", state=VmState.STARTING) for number in range(70)]
    said_lines = lines(flush(*vms))
    assert len(said_lines) == 65
    assert said_lines[-1] == "and 6 more"


def test_a_node_without_its_daemon_waits_for_it() -> None:
    left = said_goodbye(EMPTYING, GoodbyeReason.DAEMON_STOP)
    assert lines(flush(a_vm(), node=left)) == ("web1: hv1 has no daemon (it was stopped)",)
    assert lines(flush(a_vm(), node=gone(EMPTYING))) == ("web1: hv1 is silent",)


# Only alive


STUBBORN = a_vm(migration_method=MigrationMethod.LIVE_ONLY, why="live migration failed: no route")


def test_a_vm_that_may_only_move_alive_and_could_not_is_tried_again_later() -> None:
    early = flush(STUBBORN, still_s={STUBBORN.uuid: 20.0})
    assert said(early) == []
    assert lines(early) == ("web1: stays, live migration failed: no route",)
    assert early.wake_at_s == NOW_S + 40.0
    late = flush(STUBBORN, still_s={STUBBORN.uuid: 60.0})
    assert placement_after(late).migration is not None
    assert placement_after(late).why == ""


def test_such_vms_are_timed() -> None:
    others = [a_vm("a"), parked("b"), a_vm("c", parked_on="hv1", why="no room")]
    assert stayed(a_cluster(EMPTYING, vms=[STUBBORN, *others])) == {STUBBORN.uuid: 4}


# The whole way


def test_a_flush_comes_to_its_end() -> None:
    vms = [a_vm("a"), a_vm("b"), a_vm("c", node_limit=("hv1",)), at_rest("d"), at_rest("e", wanted=Wanted.STOPPED)]
    cluster = a_cluster(EMPTYING, *OTHERS, vms=vms)
    for _ in range(9):
        node = cluster.nodes["hv1"]
        if not is_flushing(node):
            break
        cluster = committed(cluster, plan_flush(cluster, node, Rooms(cluster), a_watch()))
        vms_now = {uuid: carried_out(vm) for uuid, vm in cluster.vms.items()}
        cluster = replace(cluster, vms=vms_now)
    assert cluster.nodes["hv1"].readiness.state is ReadinessState.FLUSHED
    assert [vm.name for vm in cluster.vms_on("hv1")] == ["c", "e"]
    assert [vm.name for vm in cluster.vms.values() if vm.is_parked] == ["c"]


def carried_out(vm: Vm) -> Vm:
    """What the agents make of a VM by the next look."""
    placement = vm.placement
    if placement.migration is not None:
        home = placement.migration.previous_node_after
        arrived = replace(placement, node=placement.migration.target, migration=None, previous_node=home)
        return replace(vm, placement=arrived)
    if vm.is_parked:
        return replace(vm, placement=replace(placement, state=VmState.STOPPED, claim=None))
    return vm
