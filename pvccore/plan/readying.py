"""Ready: a node takes VMs again, starts those parked on it, and brings its own back (DESIGN §6)."""

from __future__ import annotations

from pvccore.model.cluster import Cluster
from pvccore.model.node import Node, ReadinessState, WantedReadiness
from pvccore.model.struct import Struct, replace
from pvccore.model.vm import Placement, Vm, VmState, Wanted
from pvccore.plan.effects import Plan, Step
from pvccore.plan.fencing import fencing_objection
from pvccore.plan.flush import is_flushing
from pvccore.plan.leaving import STAYS_S, sent, set_readiness, shortened, step_of, transition, waits_to_start
from pvccore.plan.placement import Rooms, standing_objection
from pvccore.plan.verbs import unplaced
from pvccore.plan.watch import Watch


class _Return(Struct, frozen=True, kw_only=True):
    """What becomes of one VM: a step to take now, a line to wait for, or neither: it stays where it is."""

    step: Step | None = None
    line: str = ""
    takes_a_place: bool = False


def is_readying(node: Node) -> bool:
    """Whether the manager has to bring back what belongs to `node`; not while it is fenced."""
    wanted = node.readiness.wanted is WantedReadiness.READY
    return wanted and node.readiness.state is not ReadinessState.READY and not node.fence.under_way


def plan_ready(cluster: Cluster, node: Node, rooms: Rooms, watch: Watch) -> Plan:
    """The next steps of bringing back what belongs to `node`, at most migrations_per_node at a time."""
    objection = standing_objection(node)
    if objection is not None:
        waiting = replace(node.readiness, state=ReadinessState.READYING, waits_for=(f"{node.name} {objection}",))
        return Plan(steps=tuple(set_readiness(node, waiting, f"{node.name} readying", objection, quiet=True)))
    concerned = [vm for vm in cluster.vms.values() if node.name in _nodes_of(vm.placement)]
    concerned.sort(key=lambda vm: (-vm.memory_mb, vm.name))
    arriving = sum(_arrives(vm, node) for vm in concerned)
    places = cluster.settings.migrations_per_node - arriving
    fates = []
    for vm in concerned:
        fate = _fate(cluster, vm, node, rooms, watch, places)
        places -= fate.takes_a_place
        fates.append(fate)
    lines = shortened(fate.line for fate in fates if fate.line)
    return Plan(steps=(*(fate.step for fate in fates if fate.step is not None), *_progress(node, lines)))


def _nodes_of(placement: Placement) -> tuple[str, ...]:
    """Every node that has to do with a VM's return."""
    migration = placement.migration
    under_way = (migration.target, migration.previous_node_after) if migration is not None else ()
    return (placement.parked_on, placement.previous_node, *under_way)


def _arrives(vm: Vm, node: Node) -> bool:
    migration = vm.placement.migration
    return migration is not None and migration.target == node.name


def _progress(node: Node, lines: tuple[str, ...]) -> list[Step]:
    """The lines, quietly; ready when there are none."""
    if lines:
        waiting = replace(node.readiness, state=ReadinessState.READYING, waits_for=lines)
        return set_readiness(node, waiting, f"{node.name} readying", f"waits for {len(lines)}", quiet=True)
    done = replace(node.readiness, state=ReadinessState.READY, waits_for=())
    return set_readiness(node, done, f"{node.name} ready", "what belongs there and fits is back")


def _fate(cluster: Cluster, vm: Vm, node: Node, rooms: Rooms, watch: Watch, places: int) -> _Return:
    migration = vm.placement.migration
    if migration is not None and migration.target == node.name:
        return _Return(line=f"{vm.name}: migrating here from {migration.source}")
    if vm.is_parked:
        return _unparked(vm, node, rooms)
    return _brought_back(cluster, vm, node, rooms, watch, places)


# Parked


def _unparked(vm: Vm, node: Node, rooms: Rooms) -> _Return:
    """A parked VM is started here if it may and fits; one that flush has only marked so far just goes on."""
    placement = vm.placement
    if vm.is_active:
        if vm.node != node.name or transition(vm) is not None:
            return _Return(line=f"{vm.name}: shutting down on {vm.node} before it is started again")
        after = replace(placement, parked_on="", why="")
        return _Return(step=step_of(vm, node, after, f"{vm.name} stays on {node.name}", f"{node.name} is ready again"))
    starts = placement.wanted is Wanted.RUNNING and placement.state is VmState.STOPPED and vm.definition.autorestart
    if not starts or rooms.objection(node, unplaced(vm)) is not None:
        return _Return()
    rooms.reserve(vm, node.name)
    home = placement.previous_node if placement.previous_node != node.name else ""
    after = replace(placement, node=node.name, previous_node=home, parked_on="", why="", crashes=0)
    return _Return(step=step_of(vm, node, after, f"{vm.name} unparked on {node.name}", f"{node.name} is ready"))


# Away from home


def _brought_back(cluster: Cluster, vm: Vm, node: Node, rooms: Rooms, watch: Watch, places: int) -> _Return:
    other = cluster.nodes.get(vm.node)
    if other is None or is_flushing(other) or other.fence.under_way:
        return _Return()
    if not other.is_alive:
        # A silence that is not left alone ends by itself: the node is back, or it is fenced.
        ends = other.is_silent and vm.is_active and fencing_objection(cluster, other, watch) is None
        return _Return(line=f"{vm.name}: on {other.name}, which is silent" if ends else "")
    line = transition(vm)
    if line is not None or waits_to_start(vm):
        return _Return(line=line or f"{vm.name}: waits to start on {vm.node}")
    if not _may_come(vm, node, rooms, watch):
        return _Return()
    if vm.is_active and places <= 0:
        return _Return(line=f"{vm.name}: waits its turn")
    if vm.is_active:
        rooms.reserve(vm, node.name)
    what = f"{vm.name} comes back to {node.name}"
    step = step_of(vm, node, sent(cluster, vm, node.name), what, f"{node.name} is ready")
    return _Return(step=step, line=f"{vm.name}: coming back" if vm.is_active else "", takes_a_place=vm.is_active)


def _may_come(vm: Vm, node: Node, rooms: Rooms, watch: Watch) -> bool:
    placement = vm.placement
    if placement.state is VmState.FAILED:
        return False
    if not vm.is_active:
        return not vm.definition.node_limit or node.name in vm.definition.node_limit
    if placement.why and watch.still_s.get(vm.uuid, STAYS_S) < STAYS_S:
        return False
    return placement.wanted is Wanted.RUNNING and rooms.objection(node, vm) is None
