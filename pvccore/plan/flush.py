"""Flush: a node is emptied; its VMs go elsewhere, or are shut down and parked with the reason (DESIGN §6)."""

from __future__ import annotations

from collections.abc import Sequence

from pvccore.model.cluster import Cluster
from pvccore.model.node import Node, ReadinessState, WantedReadiness
from pvccore.model.struct import Struct, replace
from pvccore.model.vm import Vm, VmState, Wanted
from pvccore.plan.effects import Plan, Step, earliest
from pvccore.plan.leaving import STAYS_S, sent, set_readiness, shortened, step_of, transition, waits_to_start
from pvccore.plan.placement import Rooms, standing_objection
from pvccore.plan.recovery import at_rest
from pvccore.plan.watch import Watch


class _Leaving(Struct, frozen=True, kw_only=True):
    """What becomes of one VM of the node: a step to take now, or a line to wait for; neither when it may stay."""

    step: Step | None = None
    line: str = ""
    takes_a_place: bool = False
    wake_at_s: float | None = None


def is_flushing(node: Node) -> bool:
    """Whether the manager has to empty `node`; a fence empties it by itself."""
    wanted = node.readiness.wanted is WantedReadiness.FLUSHED
    return wanted and node.readiness.state is not ReadinessState.FLUSHED and not node.fence.under_way


def plan_flush(cluster: Cluster, node: Node, rooms: Rooms, watch: Watch) -> Plan:
    """The next steps of emptying `node`, at most migrations_per_node at a time, and what it waits for."""
    concerned = [vm for vm in cluster.vms.values() if node.name in vm.placement.assigned_to]
    concerned.sort(key=lambda vm: (-vm.memory_mb, vm.name))
    fates = _fates(cluster, node, concerned, rooms, watch)
    steps = [fate.step for fate in fates if fate.step is not None]
    lines = shortened(fate.line for fate in fates if fate.line)
    return Plan(
        steps=(*steps, *_progress(node, lines)),
        wake_at_s=earliest(*(fate.wake_at_s for fate in fates)),
    )


def _progress(node: Node, lines: tuple[str, ...]) -> list[Step]:
    """The lines, quietly; flushed when there are none."""
    if lines:
        waiting = replace(node.readiness, state=ReadinessState.FLUSHING, waits_for=lines)
        return set_readiness(node, waiting, f"{node.name} flushing", f"waits for {len(lines)}", quiet=True)
    done = replace(node.readiness, state=ReadinessState.FLUSHED, waits_for=())
    return set_readiness(node, done, f"{node.name} flushed", "nothing runs there any more")


def _fates(cluster: Cluster, node: Node, vms: Sequence[Vm], rooms: Rooms, watch: Watch) -> list[_Leaving]:
    under_way = [_under_way(vm, node) for vm in vms]
    places = cluster.settings.migrations_per_node - sum(fate is not None and fate.takes_a_place for fate in under_way)
    fates = []
    for vm, known in zip(vms, under_way, strict=True):
        fate = known or _sent_away(cluster, vm, node, rooms, watch, places)
        places -= fate is not known and fate.takes_a_place
        fates.append(fate)
    return fates


def _under_way(vm: Vm, node: Node) -> _Leaving | None:
    """A VM that is waited for, or that may stay; None when something has to be done about it."""
    migration = vm.placement.migration
    if migration is not None and migration.target == node.name:
        return _Leaving(line=f"{vm.name}: migrating here from {migration.source}")
    if vm.is_parked and vm.is_active:
        return _Leaving(line=f"{vm.name}: shutting down, {vm.placement.why}", takes_a_place=True)
    line = transition(vm)
    if line is not None:
        return _Leaving(line=line, takes_a_place=migration is not None)
    return None if vm.is_active or waits_to_start(vm) else _Leaving()


def _sent_away(cluster: Cluster, vm: Vm, node: Node, rooms: Rooms, watch: Watch, places: int) -> _Leaving:
    if waits_to_start(vm):
        return _Leaving(step=_placed_or_parked(cluster, vm, node, rooms), line=f"{vm.name}: waits to start")
    if not node.is_alive:
        return _Leaving(line=f"{vm.name}: {node.name} {standing_objection(node)}")
    if vm.placement.wanted is not Wanted.RUNNING:
        return _Leaving(line=f"{vm.name}: shutting down")
    left_s = STAYS_S - watch.still_s.get(vm.uuid, STAYS_S) if vm.placement.why else 0.0
    if left_s > 0:
        return _Leaving(line=f"{vm.name}: stays, {vm.placement.why}", wake_at_s=watch.now_s + left_s)
    if places <= 0:
        return _Leaving(line=f"{vm.name}: waits its turn")
    return _Leaving(step=_placed_or_parked(cluster, vm, node, rooms), line=f"{vm.name}: leaving", takes_a_place=True)


def _placed_or_parked(cluster: Cluster, vm: Vm, node: Node, rooms: Rooms) -> Step:
    """To the best node; without one it stays, marked: its agent shuts it down if it runs."""
    target = rooms.choose_target(vm)
    why = f"{node.name} is being flushed"
    if target is not None:
        rooms.reserve(vm, target)
        return step_of(vm, node, sent(cluster, vm, target), f"{vm.name} leaves {node.name} for {target}", why)
    reason = rooms.refusal(vm, without=(node.name,))
    placement = vm.placement if vm.placement.state is not VmState.STOPPED else at_rest(vm.placement)
    after = replace(placement, parked_on=node.name, why=reason)
    return step_of(vm, node, after, f"{vm.name} parked on {node.name}", f"{why}; {reason}")
