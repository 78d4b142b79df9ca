"""When a silent or sick node is fenced, and when not; the steps themselves are in `fence_steps`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pvccore.model.cluster import Cluster
from pvccore.model.fence import FenceCause, FencePhase
from pvccore.model.node import Node
from pvccore.model.struct import replace
from pvccore.model.vm import Vm
from pvccore.plan.effects import Plan, Power, ReadPower, Step, earliest
from pvccore.plan.fence_record import READING_PAUSE_S, begun, fence_change, proven_off, proves_off, read_again
from pvccore.plan.fence_steps import plan_steps
from pvccore.plan.recovery import vms_to_recover
from pvccore.plan.watch import Watch

GOODBYE_READING_S = 10.0
"""Between two looks at the power of a node that said goodbye."""
BEFORE_ANY_FENCE = -1
"""The retry of readings made outside a fence, so that they never count in one."""
STORM_NODES = 2
"""Fewer absent nodes than this are never a storm."""
IN_PARALLEL = frozenset({FencePhase.REQUESTED, FencePhase.OFF_SENT, FencePhase.POWERED_OFF})
"""Phases that count against fences_in_parallel: a fence that failed, or only places VMs, holds up no other."""


def plan_fencing(cluster: Cluster, watch: Watch) -> Plan:
    """The next step of every fence, and new fences as far as the rules allow."""
    under_way = [node for _, node in sorted(cluster.nodes.items()) if node.fence.under_way]
    plans = [plan_steps(cluster, node, watch) for node in under_way]
    plans += (_new_fences(cluster, watch), _quiet_times_over(cluster, watch))
    return Plan(
        steps=tuple(step for plan in plans for step in plan.steps),
        wake_at_s=earliest(*(plan.wake_at_s for plan in plans)),
    )


def fencing_objection(cluster: Cluster, node: Node, watch: Watch) -> str | None:
    """Why `node`, which would be fenced, is not fenced now; None when it may be."""
    reason = quiet_reason(cluster, watch)
    if reason is not None:
        return reason
    ago_s = watch.fenced_s_ago.get(node.name)
    if ago_s is not None and ago_s < cluster.settings.refence_after_s:
        return f"it was fenced {ago_s:.0f} s ago"
    return None


def quiet_reason(cluster: Cluster, watch: Watch) -> str | None:
    """Why no fence of any node begins now; None when they may."""
    if cluster.maintenance.on:
        return "maintenance is on"
    if watch.cold:
        return "the cluster is starting and not all nodes were seen"
    return watch.storm or None


def fence_cause(cluster: Cluster, node: Node, watch: Watch) -> tuple[FenceCause, str] | None:
    """Why `node` is due to be fenced, with the words; None when it is not due."""
    settings = cluster.settings
    absent_s = watch.absent_s.get(node.name)
    if node.is_silent and absent_s is not None and absent_s >= settings.fence_after_s:
        return FenceCause.ABSENT, f"absent for {absent_s:.1f} s"
    unhealthy_s = watch.unhealthy_s.get(node.name) if node.is_alive and not node.is_healthy else None
    if unhealthy_s is None or unhealthy_s < settings.unhealthy_after_s or not _others_are_healthy(cluster, node):
        return None
    illness = node.report.hypervisor_error or node.report.storage_error
    return FenceCause.UNHEALTHY, f"unhealthy for {unhealthy_s:.0f} s: {illness}"


def storm_alarm(cluster: Cluster, absent: Collection[str]) -> str:
    """The words of the alarm when too many nodes are absent at once to believe it; "" when they are not.

    absent: nodes without a goodbye that are not there; those past off_sent are not counted here either.
    """
    counted = [name for name in absent if name in cluster.nodes and not _past_off_sent(cluster.nodes[name])]
    share = len(counted) / max(len(cluster.nodes), 1)
    if len(counted) < STORM_NODES or share <= cluster.settings.storm_fraction:
        return ""
    return f"{len(counted)} of {len(cluster.nodes)} nodes are absent at once: a person must look"


def _past_off_sent(node: Node) -> bool:
    return node.fence.proven_off or node.fence.phase is FencePhase.OFF_SENT


def _others_are_healthy(cluster: Cluster, node: Node) -> bool:
    return any(other.is_alive and other.is_healthy for name, other in cluster.nodes.items() if name != node.name)


def _new_fences(cluster: Cluster, watch: Watch) -> Plan:
    places = cluster.settings.fences_in_parallel - sum(n.fence.phase in IN_PARALLEL for n in cluster.nodes.values())
    vms = cluster.vms_by_node() if any(node.said_goodbye for node in cluster.nodes.values()) else {}
    steps: list[Step] = []
    wakes: list[float | None] = []
    for _, node in sorted(cluster.nodes.items()):
        if node.fence.under_way:
            continue
        plan = _new_fence(cluster, node, watch, places) or _watch_goodbye(cluster, node, watch, vms)
        places -= sum(step.change is not None for step in plan.steps)
        steps += plan.steps
        wakes += (plan.wake_at_s, _due_at(cluster, node, watch))
    return Plan(steps=tuple(steps), wake_at_s=earliest(*wakes))


def _new_fence(cluster: Cluster, node: Node, watch: Watch, places: int) -> Plan | None:
    cause = fence_cause(cluster, node, watch)
    if cause is None:
        return None
    if places <= 0 or fencing_objection(cluster, node, watch) is not None:
        return Plan()
    after = begun(node, cause[0], watch.wall_s)
    change = fence_change(cluster, node, after, watch, "requested", cause[1], maintenance=True, presence=True)
    return Plan(steps=(Step(change=change),))


def _quiet_times_over(cluster: Cluster, watch: Watch) -> Plan:
    """Note of each node that its last fence was long enough ago, so that no later manager waits anew."""
    steps = []
    for _, node in sorted(cluster.nodes.items()):
        is_over = watch.fenced_s_ago.get(node.name, 0.0) >= cluster.settings.refence_after_s
        if node.fence.recent and is_over and fence_cause(cluster, node, watch) is None:
            change = fence_change(cluster, node, replace(node.fence, recent=False), watch, "long ago", "")
            steps.append(Step(change=replace(change, quiet=True)))
    return Plan(steps=tuple(steps))


def _due_at(cluster: Cluster, node: Node, watch: Watch) -> float | None:
    """When a rule of time may first say more about `node`."""
    settings = cluster.settings
    waits_s = (
        _wait_s(watch.absent_s, node, settings.fence_after_s),
        _wait_s(watch.unhealthy_s, node, settings.unhealthy_after_s),
        _wait_s(watch.fenced_s_ago, node, settings.refence_after_s),
    )
    return earliest(*(watch.now_s + wait_s for wait_s in waits_s if wait_s > 0))


def _wait_s(since_s: Mapping[str, float], node: Node, limit_s: float) -> float:
    return limit_s - since_s[node.name] if node.name in since_s else 0.0


def _watch_goodbye(cluster: Cluster, node: Node, watch: Watch, vms: Mapping[str, list[Vm]]) -> Plan:
    """Only read the power of a node that said goodbye and has VMs to run; off twice counts as powered off.

    Nothing is done to it, so that it may be read however shortly after a fence.
    """
    agent = next(iter(node.config.bmcs), None)
    if not node.said_goodbye or agent is None or quiet_reason(cluster, watch) is not None:
        return Plan()
    if not vms_to_recover(vms.get(node.name, ()), node.name):
        return Plan()
    reading = ReadPower(
        node=node.name,
        round=node.fence.round + 1,
        boot_id=node.presence.boot_id,
        agent=agent,
        retry=BEFORE_ANY_FENCE,
    )
    readings = watch.outcomes_of(reading)
    if proves_off(cluster, node, readings, watch):
        fenced = replace(node, fence=replace(begun(node, FenceCause.ABSENT, watch.wall_s), leave_off=True))
        return Plan(steps=(proven_off(cluster, fenced, watch, agent, "off after its goodbye", maintenance=True),))
    is_off = bool(readings) and readings[-1].value is Power.OFF
    return read_again(reading, readings, watch, READING_PAUSE_S if is_off else GOODBYE_READING_S)
