"""The VMs of a dead node are placed again or parked; none is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.change import Kind
from pvccore.model.fence import FencePhase
from pvccore.model.node import GoodbyeReason, Node
from pvccore.model.selectors import Selector
from pvccore.model.struct import replace
from pvccore.model.vm import MigrationMethod, MigrationPhase, Request, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.effects import Step
from pvccore.plan.placement import Rooms
from pvccore.plan.recovery import (
    plan_lost_targets,
    plan_parked,
    plan_recovery,
    plan_unclaimed,
    previous_node_after,
    unsettled,
)
from tests.plan.clusters import (
    FLUSHED,
    GB,
    a_cluster,
    a_node,
    a_vm,
    a_watch,
    at_rest,
    changes,
    fenced,
    gone,
    migrating,
    parked,
    placement_after,
    said,
    said_goodbye,
)

DEAD = fenced(a_node("hv1"), FencePhase.RECOVERING)


def recovery(*vms: Vm, others: tuple[Node, ...] = (a_node("hv2"), a_node("hv3")), dead: Node = DEAD) -> list[Step]:
    cluster = a_cluster(dead, *others, vms=vms)
    return plan_recovery(cluster, dead, Rooms(cluster))


def test_a_running_vm_is_placed_on_another_node_at_rest_and_unclaimed() -> None:
    vm = a_vm(clients=("192.0.2.1:0/1",), request=Request(id="r", verb=RequestVerb.RESTART), crashes=3)
    after = placement_after(recovery(vm))
    assert (after.node, after.state, after.wanted) == ("hv2", VmState.STOPPED, Wanted.RUNNING)
    assert (after.claim, after.clients, after.request, after.crashes) == (None, (), None, 0)


def test_where_it_was_is_remembered() -> None:
    assert placement_after(recovery(a_vm())).previous_node == "hv1"


def test_a_previous_node_stays_as_it_is() -> None:
    assert placement_after(recovery(a_vm(previous_node="hv3", node_limit=("hv1", "hv2")))).previous_node == "hv3"


def test_arriving_at_its_previous_node_clears_it() -> None:
    after = placement_after(recovery(a_vm(previous_node="hv2", node_limit=("hv1", "hv2"))))
    assert (after.node, after.previous_node) == ("hv2", "")


@pytest.mark.parametrize(
    "previous, node, target, after",
    [("", "hv1", "hv2", "hv1"), ("hv3", "hv1", "hv2", "hv3"), ("hv2", "hv1", "hv2", ""), ("", "", "hv2", "")],
)
def test_the_previous_node_after_a_move(previous: str, node: str, target: str, after: str) -> None:
    assert previous_node_after(a_vm(on=node, previous_node=previous), target) == after


def test_each_vm_has_a_multi_of_its_own_that_stands_or_falls_with_the_fence() -> None:
    steps = recovery(a_vm("web1"), a_vm("web2"))
    assert [[write.kind for write in change.writes] for change in changes(steps)] == [[Kind.PLACEMENT]] * 2
    assert {(check.kind, check.key, check.version) for change in changes(steps) for check in change.checks} == {
        (Kind.FENCE, "hv1", 7)
    }


@pytest.mark.parametrize("selector, words", [(Selector.DEFAULT, "mem"), (Selector.VMS, "vms")])
def test_the_reason_names_the_selector(selector: Selector, words: str) -> None:
    steps = recovery(a_vm(node_selector=selector))
    assert changes(steps)[0].what == "web1 placed on hv2"
    assert changes(steps)[0].why == f"hv1 is off; best by {words}"


def test_the_largest_come_first_so_that_most_fit() -> None:
    small, big = a_node("hv2", memory_total_mb=3 * GB), a_node("hv3", memory_total_mb=8 * GB)
    steps = recovery(a_vm("a", memory_mb=2 * GB), a_vm("b", memory_mb=8 * GB), others=(small, big))
    assert said(steps) == ["b placed on hv3", "a placed on hv2"]


def test_what_fits_nowhere_is_parked_on_the_dead_node_with_the_reason() -> None:
    after = placement_after(recovery(a_vm(memory_mb=99 * GB)))
    assert (after.node, after.parked_on, after.state, after.wanted) == ("hv1", "hv1", VmState.STOPPED, Wanted.RUNNING)
    assert after.why == "hv2 has 16 of the 99 GB it needs; hv3 has 16 of the 99 GB it needs"


def test_parking_keeps_the_previous_node() -> None:
    assert placement_after(recovery(a_vm(memory_mb=99 * GB, previous_node="hv3"))).previous_node == "hv3"


def test_a_node_is_never_overfilled_by_its_recovery() -> None:
    tiny = a_node("hv2", memory_total_mb=2 * GB)
    steps = recovery(a_vm("a"), a_vm("b"), a_vm("c"), others=(tiny,))
    assert said(steps) == ["a placed on hv2", "b placed on hv2", "c parked on hv1"]


def test_a_limit_is_never_broken() -> None:
    assert placement_after(recovery(a_vm(node_limit=("hv1", "hv3")))).node == "hv3"
    assert placement_after(recovery(a_vm(node_limit=("hv1",)))).parked_on == "hv1"


@pytest.mark.parametrize(
    "vm",
    [
        at_rest(wanted=Wanted.STOPPED),
        at_rest(wanted=Wanted.DISABLED),
        a_vm(state=VmState.FAILED),
        parked(),
        a_vm(on="hv2"),
        a_vm(on="hv2", migration=migrating("hv2", "hv3")),
    ],
)
def test_what_rests_or_is_elsewhere_is_left_alone(vm: Vm) -> None:
    assert recovery(vm) == []


@pytest.mark.parametrize("state", [state for state in VmState if state is not VmState.FAILED])
def test_whatever_was_wanted_running_there_is_placed_in_any_state(state: VmState) -> None:
    assert placement_after(recovery(a_vm(state=state))).node == "hv2"


@pytest.mark.parametrize("wanted", [Wanted.STOPPED, Wanted.DISABLED])
def test_a_vm_that_was_being_stopped_is_written_off(wanted: Wanted) -> None:
    after = placement_after(recovery(a_vm(wanted=wanted, state=VmState.SHUTTING_DOWN)))
    assert (after.node, after.state, after.claim, after.wanted) == ("hv1", VmState.STOPPED, None, wanted)


def test_a_vm_that_was_being_shut_down_to_be_parked_is_placed_after_all() -> None:
    after = placement_after(recovery(a_vm(parked_on="hv1", state=VmState.SHUTTING_DOWN)))
    assert (after.node, after.parked_on) == ("hv2", "")


# Migrations


def moving(phase: MigrationPhase, source: str, target: str, on: str = "") -> Vm:
    return a_vm(on=on or source, state=VmState.MIGRATING, migration=migrating(source, target, phase=phase))


@pytest.mark.parametrize("phase", [MigrationPhase.PREPARED, MigrationPhase.HANDED_OVER])
def test_a_vm_on_its_way_to_the_dead_node_is_given_back_to_its_source(phase: MigrationPhase) -> None:
    after = placement_after(recovery(moving(phase, "hv2", "hv1")))
    assert after.node == "hv2"
    assert after.migration is not None
    assert after.migration.phase is MigrationPhase.NOT_THERE


def test_what_was_given_back_already_is_left_to_its_source() -> None:
    assert recovery(moving(MigrationPhase.NOT_THERE, "hv2", "hv1")) == []


def test_a_vm_that_had_arrived_on_the_dead_node_is_placed_again() -> None:
    vm = moving(MigrationPhase.ARRIVED, "hv2", "hv1", on="hv1")
    after = placement_after(recovery(vm))
    assert after.migration is None
    assert after.node in {"hv2", "hv3"}


def test_a_vm_that_had_not_left_the_dead_node_is_placed_again() -> None:
    after = placement_after(recovery(moving(MigrationPhase.PREPARED, "hv1", "hv2")))
    assert (after.node, after.migration) == ("hv3", None)


def test_a_vm_handed_over_by_the_dead_node_belongs_to_its_target() -> None:
    assert recovery(moving(MigrationPhase.HANDED_OVER, "hv1", "hv2")) == []


@pytest.mark.parametrize("others", [(a_node("hv3"),), (fenced(a_node("hv2"), FencePhase.OFF_SENT), a_node("hv3"))])
def test_unless_that_is_gone_or_fenced_too(others: tuple[Node, ...]) -> None:
    assert placement_after(recovery(moving(MigrationPhase.HANDED_OVER, "hv1", "hv2"), others=others)).node == "hv3"


# Settled


def is_settled(vm: Vm, *others: Node) -> bool:
    dead = fenced(a_node("hv1"), FencePhase.RECOVERING, recovering=(vm.uuid,))
    return unsettled(a_cluster(dead, *(others or (a_node("hv2"),)), vms=[vm]), dead) == []


@pytest.mark.parametrize(
    "vm, settled",
    [
        (a_vm(on="hv1"), False),
        (at_rest(on="hv2"), False),
        (a_vm(on="hv2", state=VmState.STARTING), False),
        (a_vm(on="hv2", state=VmState.MIGRATING), False),
        (moving(MigrationPhase.HANDED_OVER, "hv1", "hv2"), False),
        (moving(MigrationPhase.ARRIVED, "hv1", "hv2", on="hv2"), False),
        (a_vm(on="hv2"), True),
        (a_vm(on="hv2", state=VmState.PAUSED), True),
        (a_vm(on="hv2", state=VmState.FAILED), True),
        (a_vm(on="hv2", state=VmState.SHUTTING_DOWN), True),
        (a_vm(on="hv2", state=VmState.RESTARTING), True),
        (parked(), True),
        (at_rest(wanted=Wanted.STOPPED), True),
        (at_rest(on="retired"), True),
    ],
)
def test_a_vm_is_settled_when_its_recovery_has_nothing_left_to_do(vm: Vm, settled: bool) -> None:
    assert is_settled(vm) is settled


def test_a_vm_on_a_node_with_a_fence_of_its_own_is_that_fences_business() -> None:
    assert is_settled(at_rest(on="hv2"), fenced(a_node("hv2"), FencePhase.REQUESTED))
    assert not is_settled(at_rest(on="hv2"), fenced(a_node("hv2"), FencePhase.RECOVERED))


def test_a_vm_left_to_an_unsupervised_node_waits_for_that_alone() -> None:
    left = said_goodbye(a_node("hv2"), GoodbyeReason.DAEMON_STOP)
    assert is_settled(a_vm(on="hv2", state=VmState.MIGRATING), left)
    assert not is_settled(at_rest(on="hv2"), left)


def test_a_vm_that_was_undefined_meanwhile_is_settled() -> None:
    dead = fenced(a_node("hv1"), FencePhase.RECOVERING, recovering=("undefined",))
    assert unsettled(a_cluster(dead), dead) == []


def test_a_vm_that_was_placed_there_after_the_list_was_made_is_not_forgotten() -> None:
    late = at_rest("late")
    assert unsettled(a_cluster(DEAD, a_node("hv2"), vms=[late]), DEAD) == [late]
    assert placement_after(recovery(late), "late").node == "hv2"


# Unclaimed


def unclaimed(vm: Vm, *others: Vm, waited_s: float = 15.0, **node: Any) -> list[Step]:
    dead = fenced(a_node("hv1"), FencePhase.RECOVERING, recovering=(vm.uuid,))
    cluster = a_cluster(dead, a_node("hv2"), a_node("hv3", **node), vms=[vm, *others])
    return plan_unclaimed(cluster, dead, Rooms(cluster), a_watch(unclaimed_s={vm.uuid: waited_s}))


PLACED = at_rest(on="hv2", previous_node="hv1")


def test_a_vm_that_no_agent_claims_is_placed_elsewhere() -> None:
    steps = unclaimed(PLACED)
    after = placement_after(steps)
    assert (after.node, after.previous_node) == ("hv3", "hv1")
    assert changes(steps)[0].why == "hv2 did not claim it in 15 s; best by mem"


def test_it_gets_time_to_be_claimed() -> None:
    assert unclaimed(PLACED, waited_s=14.0) == []


@pytest.mark.parametrize(
    "vm",
    [
        a_vm(on="hv2", state=VmState.STARTING),
        at_rest(on="hv2", wanted=Wanted.STOPPED),
        parked(on="hv2"),
        at_rest(on="hv1"),
        at_rest(on="hv2", crashes=1),
    ],
)
def test_what_was_touched_or_need_not_start_is_left_where_it_is(vm: Vm) -> None:
    assert unclaimed(vm) == []


def test_a_vm_waits_its_turn_while_its_agent_starts_others() -> None:
    assert unclaimed(PLACED, a_vm("web2", "hv2", state=VmState.STARTING)) == []
    assert unclaimed(PLACED, a_vm("web2", "hv3", state=VmState.STARTING)) != []


def test_when_nobody_else_can_take_it_it_is_parked_where_it_came_from() -> None:
    after = placement_after(unclaimed(PLACED, memory_total_mb=0))
    assert (after.node, after.parked_on, after.previous_node) == ("hv1", "hv1", "")


def test_it_is_counted_how_many_in_a_row_did_not_claim_it_and_a_node_that_is_off_is_none_of_them() -> None:
    assert placement_after(unclaimed(at_rest(on="hv2", unclaimed=3))).unclaimed == 4
    assert placement_after(recovery(at_rest(unclaimed=3))).unclaimed == 3


def test_what_five_nodes_in_a_row_did_not_claim_is_parked_with_the_reason() -> None:
    after = placement_after(unclaimed(at_rest(on="hv2", previous_node="hv1", unclaimed=4)))
    assert (after.node, after.parked_on, after.unclaimed) == ("hv1", "hv1", 5)
    assert after.why == "5 nodes in a row did not claim it, hv2 the last"


# Parked on a lost node


def tried_elsewhere(vm: Vm, *nodes: Node) -> list[Step]:
    cluster = a_cluster(*nodes, vms=[vm])
    return plan_parked(cluster, Rooms(cluster))


LOST = fenced(a_node("hv1"), FencePhase.RECOVERED)
BACK = a_node("hv1", readiness=replace(FLUSHED, by="manager"))


def test_a_vm_parked_on_a_fenced_node_starts_elsewhere_once_there_is_room() -> None:
    steps = tried_elsewhere(parked(), LOST, a_node("hv2"))
    after = placement_after(steps)
    assert (after.node, after.parked_on, after.previous_node, after.why) == ("hv2", "", "hv1", "")
    assert changes(steps)[0].why == "there is room; hv1 is off; best by mem"
    assert [check.key for check in changes(steps)[0].checks] == ["hv1"]


def test_it_waits_while_there_is_none() -> None:
    assert tried_elsewhere(parked(), LOST, gone(a_node("hv2"))) == []


def test_a_vm_parked_on_a_retired_node_starts_elsewhere_and_forgets_it() -> None:
    steps = tried_elsewhere(parked(), a_node("hv2"))
    after = placement_after(steps)
    assert (after.node, after.previous_node) == ("hv2", "")
    assert changes(steps)[0].why == "there is room; hv1 is retired; best by mem"
    assert changes(steps)[0].checks == ()


def test_a_vm_parked_on_a_node_that_came_back_flushed_from_its_fence_starts_elsewhere() -> None:
    steps = tried_elsewhere(parked(), BACK, a_node("hv2"))
    assert placement_after(steps).node == "hv2"
    assert changes(steps)[0].why == "there is room; hv1 was fenced, and is flushed; best by mem"
    assert [check.key for check in changes(steps)[0].checks] == ["hv1"]


@pytest.mark.parametrize(
    "vm, node",
    [
        (parked(), a_node("hv1")),
        (parked(), a_node("hv1", readiness=FLUSHED)),
        (parked(), fenced(a_node("hv1"), FencePhase.OFF_SENT)),
        (parked(autorestart=False), LOST),
        (parked(wanted=Wanted.STOPPED), LOST),
        (parked(state=VmState.SHUTTING_DOWN), LOST),
        (parked(unclaimed=5), LOST),
        (at_rest(), LOST),
    ],
)
def test_nothing_else_is_started_by_itself(vm: Vm, node: Node) -> None:
    assert tried_elsewhere(vm, node, a_node("hv2")) == []


def test_the_largest_parked_one_comes_first() -> None:
    vms = [parked("a"), parked("b", memory_mb=2 * GB)]
    cluster = a_cluster(LOST, a_node("hv2", memory_total_mb=2 * GB), vms=vms)
    assert said(plan_parked(cluster, Rooms(cluster))) == ["b placed on hv2"]


def test_recovery_does_not_depend_on_the_order_of_records() -> None:
    vms = [a_vm(f"web{number}", memory_mb=GB * (number % 3 + 1)) for number in range(9)]
    assert said(recovery(*vms)) == said(recovery(*reversed(vms)))


@pytest.mark.parametrize("previous", ["", "hv2", "hv3"])
def test_a_vm_that_is_placed_is_never_on_its_previous_node(previous: str) -> None:
    after = placement_after(recovery(a_vm(previous_node=previous)))
    assert after.previous_node != after.node


# Targets that are gone


def lost_targets(vm: Vm, *targets: Node, **absent_s: float) -> list[Step]:
    return plan_lost_targets(a_cluster(a_node("hv1"), *targets, vms=[vm]), a_watch(absent_s=absent_s))


def a_mover(phase: MigrationPhase = MigrationPhase.PREPARED, **fields: Any) -> Vm:
    method = fields.pop("method", MigrationMethod.LIVE)
    migration = migrating("hv1", "hv2", phase=phase, method=method)
    return a_vm(on="hv1", **{"state": VmState.MIGRATING, "migration": migration, **fields})


@pytest.mark.parametrize(
    "targets",
    [(), (fenced(a_node("hv2"), FencePhase.REQUESTED),), (gone(a_node("hv2")),)],
    ids=["retired", "fenced", "gone"],
)
def test_a_migration_whose_target_is_gone_is_given_up_before_anything_is_proven(targets: tuple[Node, ...]) -> None:
    migration = placement_after(lost_targets(a_mover(), *targets, hv2=1.0)).migration
    assert migration is not None
    assert (migration.phase, migration.error) == (MigrationPhase.NOT_THERE, "its target hv2 is not there any more")


def test_a_target_that_lives_or_has_only_just_gone_is_waited_for() -> None:
    assert lost_targets(a_mover(), a_node("hv2")) == []
    assert lost_targets(a_mover(), gone(a_node("hv2"))) == []
    assert lost_targets(a_mover(), gone(a_node("hv2")), hv2=0.5) == []
    assert lost_targets(a_vm()) == []


def test_what_was_handed_over_is_the_fences_affair() -> None:
    assert lost_targets(a_mover(MigrationPhase.HANDED_OVER), hv2=9.0) == []


def test_a_guest_that_is_shutting_down_to_move_goes_to_the_end_of_that() -> None:
    begun = a_mover(method=MigrationMethod.SHUTDOWN)
    assert lost_targets(begun) == []
    assert len(lost_targets(a_mover(method=MigrationMethod.SHUTDOWN, state=VmState.RUNNING))) == 1
