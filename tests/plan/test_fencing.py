"""When a node is fenced, and when not."""

from __future__ import annotations

from typing import Any

import pytest

from pvccore.model.change import Kind
from pvccore.model.cluster import Cluster
from pvccore.model.fence import Fence, FenceCause, FencePhase
from pvccore.model.node import GoodbyeReason, Node, Presence
from pvccore.model.struct import replace
from pvccore.model.vm import VmState, Wanted
from pvccore.plan.effects import Plan, Power, ReadPower
from pvccore.plan.fencing import BEFORE_ANY_FENCE, fence_cause, fencing_objection, plan_fencing, storm_alarm
from pvccore.plan.watch import Watch
from tests.plan.clusters import (
    COMMAND,
    IPMI,
    NOW_S,
    WATCHDOG,
    a_cluster,
    a_node,
    a_vm,
    a_watch,
    checked,
    effects,
    ended,
    fence_after,
    fenced,
    gone,
    parked,
    said,
    said_goodbye,
)

ILL = a_node("hv1", hypervisor_error="libvirt does not answer")


def one_gone(**settings: Any) -> Cluster:
    return a_cluster(gone(a_node("hv1")), a_node("hv2"), a_node("hv3"), **settings)


def test_a_settled_cluster_needs_nothing() -> None:
    assert plan_fencing(a_cluster(a_node("hv1"), a_node("hv2"), vms=[a_vm()]), a_watch()) == Plan()


def test_a_node_absent_for_long_enough_is_fenced() -> None:
    plan = plan_fencing(one_gone(), a_watch(absent_s={"hv1": 1.0}))
    fence = fence_after(plan)
    assert said(plan) == ["fence hv1: requested"]
    assert (fence.cause, fence.round, fence.boot_id) == (FenceCause.ABSENT, 1, "hv1-boot1")
    assert fence.phase is FencePhase.REQUESTED


def test_a_fence_is_requested_only_while_maintenance_and_presence_are_as_they_were_seen() -> None:
    plan = plan_fencing(one_gone(), a_watch(absent_s={"hv1": 1.0}))
    assert checked(plan) == {Kind.MAINTENANCE, Kind.PRESENCE}


def test_a_node_not_absent_for_long_enough_is_looked_at_when_it_would_be() -> None:
    plan = plan_fencing(one_gone(fence_after_s=2.0), a_watch(absent_s={"hv1": 0.5}))
    assert plan == Plan(wake_at_s=NOW_S + 1.5)


def test_a_node_that_never_started_is_not_absent() -> None:
    never = replace(gone(a_node("hv1")), presence=Presence())
    assert plan_fencing(a_cluster(never, a_node("hv2")), a_watch(absent_s={"hv1": 99.0})) == Plan()


@pytest.mark.parametrize(
    "cluster, watch, objection",
    [
        (one_gone(maintenance=True), a_watch(), "maintenance is on"),
        (one_gone(), a_watch(cold=True), "the cluster is starting and not all nodes were seen"),
        (one_gone(), a_watch(storm="a storm"), "a storm"),
        (one_gone(), a_watch(fenced_s_ago={"hv1": 20.0}), "it was fenced 20 s ago"),
        (one_gone(), a_watch(fenced_s_ago={"hv1": 180.0}), None),
        (one_gone(), a_watch(), None),
    ],
)
def test_a_fence_waits_for_what_stands_against_it(cluster: Cluster, watch: Watch, objection: str | None) -> None:
    assert fencing_objection(cluster, cluster.nodes["hv1"], watch) == objection
    plan = plan_fencing(cluster, replace(watch, absent_s={"hv1": 60.0}))
    assert bool(plan.steps) is (objection is None)


def test_a_node_fenced_lately_is_looked_at_when_it_may_be_again() -> None:
    plan = plan_fencing(one_gone(), a_watch(absent_s={"hv1": 60.0}, fenced_s_ago={"hv1": 170.0}))
    assert plan.wake_at_s == NOW_S + 10.0


@pytest.mark.parametrize(
    "is_gone, is_recent, ago_s, noted",
    [
        (False, True, 180.0, True),
        (False, True, 179.0, False),
        (False, False, 180.0, False),
        (True, True, 180.0, False),  # it is fenced anew instead
    ],
)
def test_that_a_fence_was_long_ago_is_noted_once(is_gone: bool, is_recent: bool, ago_s: float, noted: bool) -> None:
    node = replace(a_node("hv1"), fence=Fence(version=7, round=1, recent=is_recent))
    watch = a_watch(absent_s={"hv1": 9.0}, fenced_s_ago={"hv1": ago_s})
    plan = plan_fencing(a_cluster(gone(node) if is_gone else node, a_node("hv2")), watch)
    noting = [step.change.writes[0].after for step in plan.steps if step.change is not None and step.change.quiet]
    assert noting == [replace(node.fence, recent=False)] * noted


def test_no_more_fences_run_at_a_time_than_allowed() -> None:
    nodes = [gone(a_node(f"hv{number}")) for number in range(1, 4)] + [a_node(f"hv{number}") for number in range(4, 9)]
    watch = a_watch(absent_s=dict.fromkeys(("hv1", "hv2", "hv3"), 9.0))
    assert said(plan_fencing(a_cluster(*nodes), watch)) == ["fence hv1: requested", "fence hv2: requested"]


@pytest.mark.parametrize(
    "phase, starts",
    [
        (FencePhase.REQUESTED, False),
        (FencePhase.OFF_SENT, False),
        (FencePhase.POWERED_OFF, False),
        (FencePhase.RECOVERING, True),
        (FencePhase.RECOVERED, True),
        (FencePhase.FAILED, True),
    ],
)
def test_a_fence_that_failed_or_only_places_vms_holds_up_no_other(phase: FencePhase, starts: bool) -> None:
    cluster = a_cluster(fenced(a_node("hv0"), phase), gone(a_node("hv1")), a_node("hv2"), fences_in_parallel=1)
    plan = plan_fencing(cluster, a_watch(absent_s={"hv1": 9.0}))
    assert ("fence hv1: requested" in said(plan)) is starts


# Unhealthy


def test_a_node_unhealthy_for_long_is_fenced_while_others_are_well() -> None:
    plan = plan_fencing(a_cluster(ILL, a_node("hv2")), a_watch(unhealthy_s={"hv1": 120.0}))
    assert fence_after(plan).cause is FenceCause.UNHEALTHY
    assert plan.steps[0].change is not None
    assert plan.steps[0].change.why == "unhealthy for 120 s: libvirt does not answer"


def test_an_unhealthy_node_gets_time_to_recover() -> None:
    plan = plan_fencing(a_cluster(ILL, a_node("hv2")), a_watch(unhealthy_s={"hv1": 100.0}))
    assert plan == Plan(wake_at_s=NOW_S + 20.0)


@pytest.mark.parametrize("other", [gone(a_node("hv2")), a_node("hv2", storage_error="no answer")])
def test_when_nobody_else_is_well_the_illness_is_not_the_nodes(other: Node) -> None:
    cluster = a_cluster(ILL, other, maintenance=False)
    assert fence_cause(cluster, ILL, a_watch(unhealthy_s={"hv1": 999.0})) is None


@pytest.mark.parametrize("node", [gone(ILL), a_node("hv1")])
def test_only_a_node_that_says_so_now_is_fenced_as_unhealthy(node: Node) -> None:
    assert fence_cause(a_cluster(node, a_node("hv2")), node, a_watch(unhealthy_s={"hv1": 999.0})) is None


# Storms


@pytest.mark.parametrize(
    "absent, alarm",
    [
        ((), ""),
        (("hv1",), ""),
        (("hv1", "hv2"), ""),
        (("hv1", "hv2", "hv3"), "3 of 4 nodes are absent at once: a person must look"),
        (("hv1", "hv2", "retired"), ""),
    ],
)
def test_too_many_absent_at_once_are_a_storm(absent: tuple[str, ...], alarm: str) -> None:
    cluster = a_cluster(*(a_node(f"hv{number}") for number in range(1, 5)))
    assert storm_alarm(cluster, absent) == alarm


def test_one_of_one_is_no_storm() -> None:
    assert storm_alarm(a_cluster(gone(a_node("hv1"))), ["hv1"]) == ""


@pytest.mark.parametrize(
    "phase, counts", [(FencePhase.REQUESTED, True), (FencePhase.OFF_SENT, False), (FencePhase.POWERED_OFF, False)]
)
def test_a_node_past_its_power_off_does_not_count_as_absent(phase: FencePhase, counts: bool) -> None:
    cluster = a_cluster(fenced(a_node("hv1"), phase), gone(a_node("hv2")), a_node("hv3"))
    assert bool(storm_alarm(cluster, ["hv1", "hv2"])) is counts


# Goodbyes

LEFT = said_goodbye(a_node("hv1"))
LOOK = ReadPower(node="hv1", round=1, boot_id="hv1-boot1", agent=IPMI, retry=BEFORE_ANY_FENCE)


def test_the_power_of_a_node_that_said_goodbye_is_only_read() -> None:
    plan = plan_fencing(a_cluster(LEFT, a_node("hv2"), vms=[a_vm(state=VmState.STOPPED)]), a_watch())
    assert effects(plan) == [LOOK]
    assert said(plan) == []


@pytest.mark.parametrize("reason", GoodbyeReason)
def test_a_node_that_reads_off_twice_after_its_goodbye_is_recovered_and_left_off(reason: GoodbyeReason) -> None:
    node = said_goodbye(a_node("hv1"), reason)
    readings = {LOOK: (ended(Power.OFF, ago_s=0.6), ended(Power.OFF))}
    plan = plan_fencing(a_cluster(node, a_node("hv2"), vms=[a_vm()]), a_watch(readings))
    fence = fence_after(plan)
    assert (fence.phase, fence.round, fence.leave_off) == (FencePhase.POWERED_OFF, 1, True)
    assert fence.proof is not None
    assert checked(plan) == {Kind.MAINTENANCE, Kind.PRESENCE, Kind.REPORT}


@pytest.mark.parametrize(
    "readings, wakes_in_s",
    [((ended(Power.ON, ago_s=3.0),), 7.0), ((ended(error="no answer", ago_s=3.0),), 7.0), ((ended(Power.OFF),), 0.4)],
)
def test_it_is_read_every_ten_seconds_and_at_once_after_it_read_off(readings: Any, wakes_in_s: float) -> None:
    plan = plan_fencing(a_cluster(LEFT, vms=[a_vm()]), a_watch({LOOK: readings}))
    assert plan.wake_at_s == pytest.approx(NOW_S + wakes_in_s)


@pytest.mark.parametrize(
    "vms", [[], [a_vm(wanted=Wanted.STOPPED, state=VmState.STOPPED)], [parked()], [a_vm(state=VmState.FAILED)]]
)
def test_a_node_without_vms_to_run_is_not_even_read(vms: list[Any]) -> None:
    assert plan_fencing(a_cluster(LEFT, vms=vms), a_watch()) == Plan()


@pytest.mark.parametrize("watch", [a_watch(cold=True), a_watch(storm="a storm")])
def test_a_goodbye_is_not_followed_up_in_a_cold_start_or_a_storm(watch: Watch) -> None:
    assert plan_fencing(a_cluster(LEFT, vms=[a_vm()]), watch) == Plan()


def test_a_goodbye_is_not_followed_up_in_maintenance() -> None:
    assert plan_fencing(a_cluster(LEFT, vms=[a_vm()], maintenance=True), a_watch()) == Plan()


def test_a_goodbye_is_followed_up_however_shortly_after_a_fence() -> None:
    assert effects(plan_fencing(a_cluster(LEFT, vms=[a_vm()]), a_watch(fenced_s_ago={"hv1": 1.0}))) == [LOOK]


def test_a_node_without_ipmi_is_not_read() -> None:
    node = replace(LEFT, config=replace(LEFT.config, fence_agents=(WATCHDOG, COMMAND)))
    assert plan_fencing(a_cluster(node, vms=[a_vm()]), a_watch()) == Plan()


def test_the_first_agent_that_can_read_reads() -> None:
    node = replace(LEFT, config=replace(LEFT.config, fence_agents=(COMMAND, IPMI)))
    assert effects(plan_fencing(a_cluster(node, vms=[a_vm()]), a_watch())) == [LOOK]
