"""Everything the manager decides, put together: one plan from one cluster value."""

from __future__ import annotations

from collections.abc import Iterable

from pvccore.model.change import Change, Kind
from pvccore.model.cluster import Cluster
from pvccore.model.fence import FencePhase
from pvccore.model.node import Node
from pvccore.model.record import UNREADABLE
from pvccore.plan.cold_start import plan_cold_start
from pvccore.plan.effects import Plan, Step, earliest
from pvccore.plan.fencing import plan_fencing
from pvccore.plan.flush import is_flushing, plan_flush
from pvccore.plan.placement import Rooms
from pvccore.plan.readying import is_readying, plan_ready
from pvccore.plan.recovery import (
    CLAIM_LIMIT_S,
    is_tried_elsewhere,
    plan_lost_targets,
    plan_parked,
    plan_recovery,
    plan_unclaimed,
)
from pvccore.plan.returning import plan_blocklist, plan_return
from pvccore.plan.tasks import plan_tasks
from pvccore.plan.watch import Watch


def plan_manager(cluster: Cluster, watch: Watch) -> Plan:
    """Fences, their recoveries and returns, flushes, and what is parked; empty for a settled cluster."""
    fenced = [node for _, node in sorted(cluster.nodes.items()) if node.fence.under_way]
    plans = [plan_cold_start(cluster, watch), plan_fencing(cluster, watch)]
    for node in fenced:
        plans += [plan_blocklist(cluster, node, watch), plan_return(cluster, node, watch)]
    plans.append(Plan(steps=tuple(plan_lost_targets(cluster, watch))))
    plans.append(_plan_placements(cluster, fenced, watch))
    plans.append(plan_tasks(cluster, watch))
    steps = _one_write_each(step for plan in plans for step in plan.steps)
    return Plan(steps=steps, wake_at_s=earliest(*(plan.wake_at_s for plan in plans)))


def _one_write_each(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps without those that could only conflict.

    Those would write a record again that an earlier one writes, or depend on one that can't be read.
    """
    written: set[tuple[Kind, str]] = set()
    kept = []
    for step in steps:
        records = {(write.kind, write.key) for write in step.change.writes} if step.change is not None else set()
        if written.isdisjoint(records) and not (step.change is not None and _is_blind(step.change)):
            written |= records
            kept.append(step)
    return tuple(kept)


def _is_blind(change: Change) -> bool:
    before = (write.before for write in change.writes if write.before is not None)
    return UNREADABLE in {record.version for record in before} | {check.version for check in change.checks}


def _plan_placements(cluster: Cluster, fenced: list[Node], watch: Watch) -> Plan:
    """What is placed, sent and parked, all reserved in the same rooms: the dead node's VMs first."""
    recovering = [node for node in fenced if node.fence.phase in (FencePhase.RECOVERING, FencePhase.RECOVERED)]
    changing = [node for _, node in sorted(cluster.nodes.items()) if is_flushing(node) or is_readying(node)]
    parked = any(is_tried_elsewhere(vm, cluster) for vm in cluster.vms.values())
    if not recovering and not changing and not parked:
        return Plan()
    rooms = Rooms(cluster)
    steps: list[Step] = []
    for node in recovering:
        steps += plan_recovery(cluster, node, rooms)
        steps += plan_unclaimed(cluster, node, rooms, watch)
    plans = [(plan_flush if is_flushing(node) else plan_ready)(cluster, node, rooms, watch) for node in changing]
    steps += [step for plan in plans for step in plan.steps]
    if parked:
        steps += plan_parked(cluster, rooms)
    return Plan(steps=tuple(steps), wake_at_s=earliest(_claims_due_at(watch), *(plan.wake_at_s for plan in plans)))


def _claims_due_at(watch: Watch) -> float | None:
    left_s = [CLAIM_LIMIT_S - waited_s for waited_s in watch.unclaimed_s.values() if waited_s < CLAIM_LIMIT_S]
    return watch.now_s + min(left_s) if left_s else None
