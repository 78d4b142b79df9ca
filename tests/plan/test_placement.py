"""Which node may take a VM, why not, and which is best."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.cluster import Cluster
from pvccore.model.fence import FencePhase
from pvccore.model.node import DomainReport, GoodbyeReason, Node, ReadinessState, WantedReadiness
from pvccore.model.record import UNREADABLE
from pvccore.model.selectors import Selector
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, VmState, Wanted
from pvccore.plan.placement import Rooms, standing_objection
from tests.plan.clusters import (
    FLUSHED,
    FLUSHING,
    GB,
    READY,
    READYING,
    a_cluster,
    a_node,
    a_vm,
    at_rest,
    fenced,
    gone,
    migrating,
    parked,
    said_goodbye,
)


def objection(node: Node, vm: Any, *others: Any, **settings: Any) -> str | None:
    cluster = a_cluster(a_node("hv1"), node, vms=[vm, *others], **settings)
    return Rooms(cluster).objection(cluster.nodes["hv2"], vm)


def room_mb(cluster: Cluster, node: str = "hv1") -> int:
    return Rooms(cluster).rooms[node].room_mb


def test_a_healthy_ready_node_with_room_has_no_objection() -> None:
    assert objection(a_node("hv2"), a_vm()) is None


@pytest.mark.parametrize(
    "node, words",
    [
        (fenced(a_node("hv2"), FencePhase.OFF_SENT), "is being fenced (off sent)"),
        (said_goodbye(a_node("hv2"), GoodbyeReason.DAEMON_STOP), "has no daemon (it was stopped)"),
        (said_goodbye(a_node("hv2")), "is off (it said goodbye)"),
        (gone(a_node("hv2")), "is silent"),
        (a_node("hv2", hypervisor_error="hangs"), "has an unhealthy hypervisor: hangs"),
        (a_node("hv2", storage_error="slow"), "has unhealthy storage: slow"),
        (a_node("hv2", unfit="wrong address"), "takes no VM: wrong address"),
        (a_node("hv2", readiness=FLUSHED), "is flushed"),
        (a_node("hv2", readiness=FLUSHING), "is flushing"),
        (a_node("hv2", readiness=replace(READY, wanted=WantedReadiness.FLUSHED)), "is flushing"),
        (a_node("hv2", readiness=replace(READY, state=ReadinessState.FLUSHED)), "is flushed"),
    ],
)
def test_a_node_that_takes_nobody_says_why(node: Node, words: str) -> None:
    assert standing_objection(node) == words
    assert objection(node, a_vm()) == words


def test_a_node_that_is_getting_ready_takes_vms() -> None:
    assert standing_objection(a_node("hv2", readiness=READYING)) is None


def test_a_vm_is_not_placed_where_it_is() -> None:
    assert objection(a_node("hv2"), a_vm(on="hv2")) == "is where it is"


def test_a_vm_is_not_placed_outside_its_limit() -> None:
    assert objection(a_node("hv2"), a_vm(node_limit=("hv1", "hv3"))) == "is outside its node limit"
    assert objection(a_node("hv2"), a_vm(node_limit=("hv1", "hv2"))) is None


def test_a_vm_is_not_placed_where_there_is_no_room() -> None:
    assert objection(a_node("hv2", memory_total_mb=3 * GB), a_vm(memory_mb=4 * GB)) == "has 3 of the 4 GB it needs"
    assert objection(a_node("hv2", memory_total_mb=4 * GB), a_vm(memory_mb=4 * GB)) is None


def test_an_overfull_node_has_no_room_at_all() -> None:
    big = a_vm("big", "hv2", memory_mb=8 * GB)
    assert objection(a_node("hv2", memory_total_mb=4 * GB), a_vm(), big) == "has 0 of the 1 GB it needs"


def test_a_vm_whose_definition_can_not_be_read_is_placed_nowhere() -> None:
    assert objection(a_node("hv2"), replace(a_vm(), definition=Definition(version=UNREADABLE))) is not None


def test_a_vm_that_stays_needs_neither_room_nor_another_node() -> None:
    vm = a_vm(on="hv2", memory_mb=64 * GB)
    cluster = a_cluster(a_node("hv2"), vms=[vm])
    assert Rooms(cluster).objection(cluster.nodes["hv2"], vm, staying=True) is None


# Room


def test_room_is_memory_times_overcommit_less_the_reserve() -> None:
    assert room_mb(a_cluster(a_node("hv1"))) == 16 * GB
    assert room_mb(a_cluster(a_node("hv1"), memory_overcommit=1.5, memory_reserve_mb=GB)) == 23 * GB


@pytest.mark.parametrize(
    "vm, counts",
    [
        (a_vm(), True),
        (at_rest(), True),
        (a_vm(state=VmState.FAILED), True),
        (a_vm(wanted=Wanted.STOPPED, state=VmState.SHUTTING_DOWN), True),
        (a_vm(on="hv2", migration=migrating("hv2", "hv1")), True),
        (a_vm(parked_on="hv1"), True),
        (parked(), False),
        (at_rest(wanted=Wanted.STOPPED), False),
        (at_rest(wanted=Wanted.DISABLED), False),
        (a_vm(on="hv2"), False),
        (a_vm(on="retired"), False),
    ],
)
def test_memory_counts_where_a_vm_is_or_goes_unless_it_rests(vm: Any, counts: bool) -> None:
    expected_mb = 15 * GB if counts else 16 * GB
    assert room_mb(a_cluster(a_node("hv1"), a_node("hv2"), vms=[vm])) == expected_mb


def test_free_memory_is_what_was_reported_less_what_was_given_out_since() -> None:
    here = DomainReport(uuid=a_vm("old").uuid, state="running")
    node = a_node("hv1", memory_free_mb=10 * GB, domains=(here,))
    rooms = Rooms(a_cluster(node, vms=[a_vm("old"), a_vm("new", memory_mb=2 * GB)]))
    assert rooms.rooms["hv1"].free_mb == 8 * GB


# The best

TWO = (
    a_node("hv1", memory_total_mb=32 * GB, memory_free_mb=4 * GB, load=1.0),
    a_node("hv2", memory_total_mb=16 * GB, memory_free_mb=12 * GB, load=2.0),
)
ON_TWO = (
    a_vm("a", "hv1", vcpus=1),
    a_vm("b", "hv1", vcpus=1),
    a_vm("c", "hv2", vcpus=8),
)


@pytest.mark.parametrize(
    "selector, best",
    [
        (Selector.MEM, "hv2"),
        (Selector.MEMPROV, "hv1"),
        (Selector.LOAD, "hv1"),
        (Selector.VCPUS, "hv1"),
        (Selector.VMS, "hv2"),
    ],
)
def test_each_selector_has_its_own_best_node(selector: Selector, best: str) -> None:
    vm = at_rest("x", "", node_selector=selector)
    assert Rooms(a_cluster(*TWO, vms=ON_TWO)).choose_target(vm) == best
    default = at_rest("x", "", node_selector=Selector.DEFAULT)
    assert Rooms(a_cluster(*TWO, vms=ON_TWO, default_selector=selector)).choose_target(default) == best


def test_free_memory_beyond_the_room_does_not_count() -> None:
    nodes = (a_node("hv1", memory_total_mb=4 * GB, memory_free_mb=64 * GB), a_node("hv2", memory_free_mb=8 * GB))
    assert Rooms(a_cluster(*nodes)).choose_target(at_rest("x", "")) == "hv2"


def test_of_equals_the_one_with_fewer_vms_is_best_then_the_first_by_name() -> None:
    nodes = (a_node("hv3", load=1.0), a_node("hv1", load=1.0), a_node("hv2", load=1.0))
    vm = at_rest("x", "", node_selector=Selector.LOAD)
    assert Rooms(a_cluster(*nodes)).choose_target(vm) == "hv1"
    assert Rooms(a_cluster(*nodes, vms=[a_vm("a", "hv1")])).choose_target(vm) == "hv2"


def test_the_best_that_has_no_room_is_passed_over() -> None:
    nodes = (a_node("hv1", load=0.1, memory_total_mb=GB), a_node("hv2", load=9.0))
    vm = at_rest("x", "", memory_mb=2 * GB, node_selector=Selector.LOAD)
    assert Rooms(a_cluster(*nodes)).choose_target(vm) == "hv2"


def test_nodes_that_are_excluded_or_object_are_not_chosen() -> None:
    rooms = Rooms(a_cluster(a_node("hv1"), a_node("hv2"), gone(a_node("hv3"))))
    assert rooms.choose_target(at_rest("x", "hv1"), without=("hv2",)) is None
    assert rooms.choose_target(at_rest("x", "hv1", node_limit=("hv3",))) is None


# Reservations


def test_what_is_reserved_is_not_given_out_twice() -> None:
    rooms = Rooms(a_cluster(a_node("hv1", memory_total_mb=3 * GB), a_node("hv2", memory_total_mb=2 * GB)))
    vms = [at_rest(name, "", memory_mb=2 * GB, node_selector=Selector.MEMPROV) for name in ("a", "b", "c")]
    chosen = []
    for vm in vms:
        target = rooms.choose_target(vm)
        chosen.append(target)
        if target is not None:
            rooms.reserve(vm, target)
    assert chosen == ["hv1", "hv2", None]


def test_every_order_follows_a_reservation() -> None:
    rooms = Rooms(a_cluster(a_node("hv1"), a_node("hv2")))
    asked = {selector: at_rest(selector, "", node_selector=selector) for selector in (Selector.VMS, Selector.VCPUS)}
    assert {rooms.choose_target(vm) for vm in asked.values()} == {"hv1"}
    rooms.reserve(asked[Selector.VMS], "hv1")
    assert {rooms.choose_target(vm) for vm in asked.values()} == {"hv2"}


def test_a_reservation_on_a_node_that_takes_nobody_or_is_unknown_changes_no_order() -> None:
    rooms = Rooms(a_cluster(a_node("hv1"), gone(a_node("hv2"))))
    assert rooms.choose_target(at_rest("x", "")) == "hv1"
    rooms.reserve(at_rest("y", ""), "hv2")
    rooms.reserve(at_rest("y", ""), "retired")
    assert rooms.rooms["hv2"].vms == 1
    assert rooms.choose_target(at_rest("x", "")) == "hv1"


def test_a_copy_is_tried_out_without_touching_the_original() -> None:
    rooms = Rooms(a_cluster(a_node("hv1"), a_node("hv2")))
    vm = at_rest("x", "")
    assert rooms.choose_target(vm) == "hv1"
    tried = rooms.copy()
    tried.reserve(vm, "hv1")
    assert tried.choose_target(vm) == "hv2"
    assert rooms.choose_target(vm) == "hv1"


# Words


def test_every_node_is_asked_for_its_objection() -> None:
    rooms = Rooms(a_cluster(a_node("hv1"), gone(a_node("hv2")), a_node("hv3")))
    assert rooms.objections(a_vm()) == {"hv1": "is where it is", "hv2": "is silent", "hv3": None}


@pytest.mark.parametrize(
    "limit, without, words",
    [
        ((), (), "hv1 is where it is; hv2 is silent; hv3 is flushed"),
        ((), ("hv1",), "hv2 is silent; hv3 is flushed"),
        (("hv1", "hv2"), ("hv1",), "limit hv1,hv2; hv2 is silent"),
        (("hv1", "retired"), ("hv1",), "limit hv1,retired"),
        ((), ("hv1", "hv2", "hv3"), "there is no other node"),
    ],
)
def test_a_refusal_names_the_limit_and_each_allowed_node(
    limit: tuple[str, ...], without: tuple[str, ...], words: str
) -> None:
    rooms = Rooms(a_cluster(a_node("hv1"), gone(a_node("hv2")), a_node("hv3", readiness=FLUSHED)))
    assert rooms.refusal(a_vm(node_limit=limit), without=without) == words


def test_a_refusal_stays_short_and_says_so_of_a_node_that_could() -> None:
    rooms = Rooms(a_cluster(*(a_node(f"hv{number:02}") for number in range(20))))
    said = rooms.refusal(a_vm(on="other")).split("; ")
    assert len(said) == 8
    assert said[0] == "hv00 did not take it"
