"""Recovery: the VMs of a node that is proven off are placed again, or parked with the reason; none is forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.node import Node
from pvccore.model.vm import Migration, MigrationPhase, Placement, Vm, VmState, Wanted
from pvccore.plan.effects import Step
from pvccore.plan.placement import Rooms
from pvccore.plan.watch import Watch

CLAIM_LIMIT_S = 15.0
"""A VM that no agent has claimed for this long is placed elsewhere."""


def vms_to_recover(vms: Iterable[Vm], node: str) -> list[Vm]:
    """What the fence of `node` has to settle: VMs placed there, or on their way there, that are not at rest."""
    return [vm for vm in vms if node in vm.placement.assigned_to and _needs_recovery(vm, node)]


def _needs_recovery(vm: Vm, node: str) -> bool:
    placement = vm.placement
    if placement.node != node:
        return placement.migration is not None and placement.migration.phase is not MigrationPhase.NOT_THERE
    if placement.state is VmState.FAILED or (vm.is_parked and not vm.is_active):
        return False
    return vm.is_active or placement.wanted is Wanted.RUNNING


def plan_recovery(cluster: Cluster, node: Node, rooms: Rooms) -> list[Step]:
    """The next placements of a fenced node's VMs, largest first, reserving in `rooms` as it goes.

    Each VM has a multi of its own, so that one VM's trouble never holds up another.
    """
    waiting = vms_to_recover(_listed(cluster, node), node.name)
    waiting.sort(key=lambda vm: (-vm.memory_mb, vm.name))
    changes = [_recover(vm, node, cluster, rooms) for vm in waiting]
    return [Step(change=change) for change in changes if change is not None]


def plan_unclaimed(cluster: Cluster, node: Node, rooms: Rooms, watch: Watch) -> list[Step]:
    """VMs of this fence that the agent of their new node has not claimed in time are placed elsewhere again."""
    late = [vm for vm in _listed(cluster, node) if _is_unclaimed(vm, node, cluster, watch)]
    return [Step(change=place_or_park(vm, node, rooms)) for vm in late]


def _is_unclaimed(vm: Vm, node: Node, cluster: Cluster, watch: Watch) -> bool:
    placement = vm.placement
    waits = placement.wanted is Wanted.RUNNING and placement.state is VmState.STOPPED and not vm.is_parked
    late = watch.unclaimed_s.get(vm.uuid, 0.0) >= CLAIM_LIMIT_S
    return waits and late and vm.node != node.name and not _is_starting_others(vm.node, cluster)


def _is_starting_others(node: str, cluster: Cluster) -> bool:
    """Whether that agent is at work: then the VM only waits for its turn."""
    return any(vm.node == node and vm.placement.state is VmState.STARTING for vm in cluster.vms.values())


def unsettled(cluster: Cluster, node: Node) -> list[Vm]:
    """The VMs of this fence that are neither running elsewhere, parked, failed, unwanted, nor another fence's."""
    return [vm for vm in _listed(cluster, node) if not _is_settled(vm, node, cluster)]


def _is_settled(vm: Vm, node: Node, cluster: Cluster) -> bool:
    if _needs_recovery(vm, node.name) and node.name in vm.placement.assigned_to:
        return False
    if vm.placement.wanted is not Wanted.RUNNING or vm.is_parked:
        return True
    if vm.placement.state in (VmState.RUNNING, VmState.FAILED):
        return True
    other = cluster.nodes.get(vm.node)
    return other is None or (vm.node != node.name and other.fence.unfinished)


def _listed(cluster: Cluster, node: Node) -> list[Vm]:
    return [cluster.vms[uuid] for uuid in node.fence.recovering if uuid in cluster.vms]


def _recover(vm: Vm, node: Node, cluster: Cluster, rooms: Rooms) -> Change | None:
    migration = vm.placement.migration
    if migration is not None and vm.placement.node != node.name and migration.phase is MigrationPhase.PREPARED:
        return _not_there(vm, node, migration)
    if migration is not None and _is_arriving(migration, node, cluster):
        return None
    if vm.placement.wanted is not Wanted.RUNNING:
        return _written_off(vm, node)
    return place_or_park(vm, node, rooms)


def _is_arriving(migration: Migration, node: Node, cluster: Cluster) -> bool:
    """Whether the other side owns the VM already and will finish: its agent is not fenced."""
    target = cluster.nodes.get(migration.target)
    handed_over = migration.phase in (MigrationPhase.HANDED_OVER, MigrationPhase.ARRIVED)
    return handed_over and migration.target != node.name and target is not None and not target.fence.under_way


def place_or_park(vm: Vm, node: Node, rooms: Rooms) -> Change:
    """Place `vm`, which is certainly not running on `node`, on the best other node, or park it with the reason."""
    target = rooms.choose_target(vm, without=(node.name, vm.node))
    if target is None:
        return park(vm, node, rooms.refusal(vm, without=(node.name, vm.node)))
    rooms.reserve(vm, target)
    return _placed(vm, node, target, rooms)


def _change(vm: Vm, node: Node, after: Placement, what: str, why: str) -> Change:
    return Change(
        writes=(Write(kind=Kind.PLACEMENT, key=vm.uuid, before=vm.placement, after=after),),
        checks=(Check(kind=Kind.FENCE, key=node.name, version=node.fence.version),),
        what=what,
        why=why,
        vm=vm.name,
        node=node.name,
    )


def _not_there(vm: Vm, node: Node, migration: Migration) -> Change:
    after = replace(vm.placement, migration=replace(migration, phase=MigrationPhase.NOT_THERE, error="target is off"))
    return _change(vm, node, after, f"migration of {vm.name} given up", f"its target {node.name} is off")


def at_rest(placement: Placement) -> Placement:
    """The placement of a VM whose domain is known to be gone: stopped, no claim, request, migration or clients."""
    return replace(
        placement, state=VmState.STOPPED, claim=None, request=None, migration=None, clients=(), failure="", why=""
    )


def _written_off(vm: Vm, node: Node) -> Change:
    after = at_rest(vm.placement)
    return _change(vm, node, after, f"{vm.name} is stopped", "its node is off and it is not wanted running")


def plan_parked(cluster: Cluster, rooms: Rooms) -> list[Step]:
    """Starts elsewhere of VMs parked on a fenced node, once any allowed node has got room for them."""
    return [
        Step(change=_placed(vm, cluster.nodes[vm.placement.parked_on], target, rooms))
        for vm in sorted(cluster.vms.values(), key=lambda vm: (-vm.memory_mb, vm.name))
        if _is_tried_elsewhere(vm, cluster) and (target := _taken(vm, rooms)) is not None
    ]


def _is_tried_elsewhere(vm: Vm, cluster: Cluster) -> bool:
    node = cluster.nodes.get(vm.placement.parked_on)
    return (
        node is not None
        and node.fence.proven_off
        and vm.definition.autorestart
        and vm.placement.wanted is Wanted.RUNNING
        and vm.placement.state is VmState.STOPPED
    )


def _taken(vm: Vm, rooms: Rooms) -> str | None:
    target = rooms.choose_target(vm)
    if target is not None:
        rooms.reserve(vm, target)
    return target


def park(vm: Vm, node: Node, reason: str) -> Change:
    """Stop `vm` for want of a node: it stays placed where it was, marked, with the reason."""
    after = replace(at_rest(vm.placement), parked_on=node.name, why=reason)
    return _change(vm, node, after, f"{vm.name} parked on {node.name}", reason)


def _placed(vm: Vm, node: Node, target: str, rooms: Rooms) -> Change:
    after = replace(at_rest(vm.placement), node=target, previous_node=previous_node_after(vm, target), parked_on="")
    selector = vm.definition.node_selector
    why = f"{node.name} is off; best by {_name(selector, rooms)}"
    return _change(vm, node, after, f"{vm.name} placed on {target}", why)


def previous_node_after(vm: Vm, target: str) -> str:
    """previous_node of `vm` once it is on `target`: a set one stays, home clears it, else where it was."""
    home = vm.placement.previous_node or vm.placement.node
    return "" if home == target else home


def _name(selector: str, rooms: Rooms) -> str:
    return rooms.settings.default_selector if selector == "default" else selector
