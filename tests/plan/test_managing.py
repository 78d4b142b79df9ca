"""Everything the manager decides, put together."""

from __future__ import annotations

from pvccore.model.change import Kind
from pvccore.model.fence import BlocklistPhase, Fence, FencePhase
from pvccore.model.node import Readiness, ReadinessState
from pvccore.model.record import UNREADABLE
from pvccore.model.struct import replace
from pvccore.model.vm import VmState
from pvccore.plan.effects import AddBlocklist, Plan, Power, ReadPower
from pvccore.plan.managing import plan_manager
from tests.plan.clusters import (
    FLUSHING,
    GB,
    IPMI,
    NOW_S,
    READYING,
    a_cluster,
    a_node,
    a_vm,
    a_watch,
    at_rest,
    blocklisted,
    changes,
    effects,
    ended,
    fenced,
    gone,
    parked,
    placement_after,
    said,
    with_ceph,
)

DEAD = fenced(a_node("hv1"), FencePhase.RECOVERING)


def test_the_plan_for_a_settled_cluster_is_empty() -> None:
    nodes = (a_node("hv1"), a_node("hv2"), fenced(a_node("hv3", fence_agents=()), FencePhase.RECOVERED))
    vms = [a_vm("a"), a_vm("b", "hv2"), parked("c", "hv3", memory_mb=99 * GB), parked("d", "hv1")]
    assert plan_manager(a_cluster(*nodes, vms=vms), a_watch()) == Plan()


def test_an_absent_node_is_fenced() -> None:
    cluster = a_cluster(gone(a_node("hv1")), a_node("hv2"))
    assert said(plan_manager(cluster, a_watch(absent_s={"hv1": 5.0}))) == ["fence hv1: requested"]


def test_the_vms_of_a_dead_node_are_placed_before_anybody_elses_wishes() -> None:
    nodes = (
        fenced(a_node("hv1"), FencePhase.RECOVERING, recovering=(a_vm("a").uuid,)),
        a_node("hv2", memory_total_mb=GB),
        a_node("hv3", readiness=FLUSHING),
    )
    plan = plan_manager(a_cluster(*nodes, vms=[a_vm("a"), a_vm("b", "hv3")]), a_watch())
    assert placement_after(plan, "a").node == "hv2"
    assert placement_after(plan, "b").parked_on == "hv3"


def test_a_vm_that_was_placed_on_a_recovered_node_in_a_race_is_placed_again() -> None:
    nodes = (fenced(a_node("hv1"), FencePhase.RECOVERED, power_on_sent=True), a_node("hv2"))
    assert placement_after(plan_manager(a_cluster(*nodes, vms=[at_rest()]), a_watch())).node == "hv2"


def test_what_was_placed_and_not_claimed_is_looked_at_in_time() -> None:
    dead = fenced(a_node("hv1"), FencePhase.RECOVERING, recovering=(a_vm().uuid,))
    cluster = a_cluster(dead, a_node("hv2"), a_node("hv3"), vms=[at_rest(on="hv2", previous_node="hv1")])
    assert plan_manager(cluster, a_watch(unclaimed_s={a_vm().uuid: 5.0})).wake_at_s == NOW_S + 10.0
    assert said(plan_manager(cluster, a_watch(unclaimed_s={a_vm().uuid: 15.0}))) == ["web1 placed on hv3"]


def test_a_vm_parked_on_a_dead_node_starts_where_room_appears() -> None:
    nodes = (fenced(a_node("hv1"), FencePhase.RECOVERED, power_on_sent=True), a_node("hv2"))
    assert said(plan_manager(a_cluster(*nodes, vms=[parked()]), a_watch())) == ["web1 placed on hv2"]


def test_a_node_is_readied_and_another_flushed_in_the_same_rooms() -> None:
    nodes = (
        a_node("hv1", readiness=READYING, memory_total_mb=GB),
        a_node("hv2", readiness=FLUSHING),
    )
    plan = plan_manager(a_cluster(*nodes, vms=[parked("a", "hv1"), a_vm("b", "hv2")]), a_watch())
    assert placement_after(plan, "a").parked_on == ""
    assert placement_after(plan, "b").parked_on == "hv2"


def test_two_fences_go_on_at_the_same_time() -> None:
    nodes = [with_ceph(fenced(a_node(name), FencePhase.OFF_SENT, attempts=1)) for name in ("hv1", "hv2")]
    plan = plan_manager(a_cluster(*nodes, a_node("hv3")), a_watch(stage_s={"hv1": 1.0, "hv2": 2.0}))
    assert {type(effect) for effect in effects(plan)} == {ReadPower, AddBlocklist}
    assert len(effects(plan)) == 4
    assert plan.wake_at_s == NOW_S + 4.0


def test_a_record_is_written_once_in_a_plan() -> None:
    node = fenced(
        with_ceph(a_node("hv1")),
        FencePhase.OFF_SENT,
        attempts=1,
        sends=1,
        blocklist=blocklisted(BlocklistPhase.SENT),
    )
    reading = ReadPower(node="hv1", round=1, boot_id="hv1-boot1", agent=IPMI, attempt=1)
    add = AddBlocklist(node="hv1", round=1, address="192.0.2.101")
    outcomes = {reading: (ended(Power.OFF, ago_s=0.6), ended(Power.OFF)), add: (ended(),)}
    plan = plan_manager(a_cluster(node, a_node("hv2")), a_watch(outcomes))
    assert said(plan) == ["fence hv1: powered off"]


def test_what_can_not_be_read_is_not_written_over_and_over() -> None:
    blind = replace(a_node("hv1"), fence=Fence(version=UNREADABLE, phase=FencePhase.FAILED, error="can't be read"))
    assert plan_manager(a_cluster(blind, a_node("hv2")), a_watch()).steps == ()
    unclear = replace(DEAD, readiness=Readiness(version=UNREADABLE))
    assert placement_after(plan_manager(a_cluster(unclear, a_node("hv2"), vms=[a_vm()]), a_watch())).node == "hv2"
    lost = replace(DEAD, fence=replace(DEAD.fence, version=UNREADABLE))
    assert plan_manager(a_cluster(lost, a_node("hv2"), vms=[a_vm()]), a_watch()).steps == ()


def test_a_cold_cluster_starts_when_all_were_seen() -> None:
    cluster = a_cluster(a_node("hv1"), started=False)
    assert said(plan_manager(cluster, a_watch(seen=frozenset({"hv1"})))) == ["the cluster has started"]


def test_only_changing_nodes_are_written_to() -> None:
    cluster = a_cluster(a_node("hv1", readiness=FLUSHING), a_node("hv2"), vms=[a_vm(state=VmState.STARTING)])
    (change,) = changes(plan_manager(cluster, a_watch()))
    assert [(write.kind, write.key) for write in change.writes] == [(Kind.READINESS, "hv1")]
    assert FLUSHING.state is ReadinessState.FLUSHING
