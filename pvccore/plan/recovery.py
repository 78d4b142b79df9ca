"""Recovery: the VMs of a node that is proven off are placed again, or parked with the reason; none is forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.node import Node
from pvccore.model.selectors import Selector
from pvccore.model.struct import replace
from pvccore.model.vm import Migration, MigrationMethod, MigrationPhase, Placement, Vm, VmState, Wanted
from pvccore.plan.effects import Step
from pvccore.plan.placement import Rooms
from pvccore.plan.watch import Watch

CLAIM_LIMIT_S = 15.0
"""A VM that no agent has claimed for this long is placed elsewhere."""
PLACINGS = 5
"""A VM that so many nodes in a row did not claim is parked, and waits for a person or for its own node."""
SETTLED = frozenset(
    {VmState.RUNNING, VmState.PAUSED, VmState.FAILED, VmState.SHUTTING_DOWN, VmState.RESTARTING},
)
"""States of a VM on its new node in which its recovery has nothing left to do."""


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

    All that are placed there, not only those that were when its recovery began: none is forgotten. Each VM has a
    multi of its own, so that one VM's trouble never holds up another.
    """
    waiting = vms_to_recover(cluster.vms.values(), node.name)
    waiting.sort(key=lambda vm: (-vm.memory_mb, vm.name))
    changes = [_recover(vm, node, cluster, rooms) for vm in waiting]
    return [Step(change=change) for change in changes if change is not None]


def plan_unclaimed(cluster: Cluster, node: Node, rooms: Rooms, watch: Watch) -> list[Step]:
    """VMs of this fence that the agent of their new node has not claimed in time are placed elsewhere again."""
    late = [vm for vm in _listed(cluster, node) if _is_unclaimed(vm, node, watch)]
    at_work = _nodes_at_work(cluster) if late else set()
    return [Step(change=place_or_park(vm, node, rooms)) for vm in late if vm.node not in at_work]


def _is_unclaimed(vm: Vm, node: Node, watch: Watch) -> bool:
    """Whether no agent has ever touched `vm` where it was placed; one that crashed there waits for its back-off."""
    placement = vm.placement
    waits = placement.wanted is Wanted.RUNNING and placement.state is VmState.STOPPED and not vm.is_parked
    late = watch.unclaimed_s.get(vm.uuid, 0.0) >= CLAIM_LIMIT_S
    return waits and late and vm.node != node.name and placement.crashes == 0


def _nodes_at_work(cluster: Cluster) -> set[str]:
    """Nodes whose agents are starting something: what is placed there only waits for its turn."""
    return {vm.node for vm in cluster.vms.values() if vm.placement.state is VmState.STARTING}


def unsettled(cluster: Cluster, node: Node) -> list[Vm]:
    """The VMs of this fence that are neither running elsewhere, parked, failed, unwanted, nor another fence's."""
    listed = {vm.uuid: vm for vm in _listed(cluster, node)}
    listed |= {vm.uuid: vm for vm in vms_to_recover(cluster.vms.values(), node.name)}
    return [vm for vm in listed.values() if not _is_settled(vm, node, cluster)]


def _is_settled(vm: Vm, node: Node, cluster: Cluster) -> bool:
    if node.name in vm.placement.assigned_to and _needs_recovery(vm, node.name):
        return False
    if vm.placement.wanted is not Wanted.RUNNING or vm.is_parked or vm.placement.state in SETTLED:
        return True
    other = cluster.nodes.get(vm.node)
    return other is None or other.fence.unfinished or (vm.is_active and other.said_goodbye)


def _listed(cluster: Cluster, node: Node) -> list[Vm]:
    return [cluster.vms[uuid] for uuid in node.fence.recovering if uuid in cluster.vms]


def _recover(vm: Vm, node: Node, cluster: Cluster, rooms: Rooms) -> Change | None:
    migration = vm.placement.migration
    if migration is not None and vm.node != node.name:
        return _not_there(vm, node, migration)
    if migration is not None and _is_arriving(migration, node, cluster):
        return None
    if vm.placement.wanted is not Wanted.RUNNING:
        return _written_off(vm, node)
    return place_or_park(vm, node, rooms)


def _is_arriving(migration: Migration, node: Node, cluster: Cluster) -> bool:
    """Whether the other side owns the VM already and will finish: its agent is not fenced."""
    target = cluster.nodes.get(migration.target)
    handed_over = migration.phase is MigrationPhase.HANDED_OVER
    return handed_over and migration.target != node.name and target is not None and not target.fence.under_way


def place_or_park(vm: Vm, node: Node, rooms: Rooms) -> Change:
    """Place `vm`, which certainly runs nowhere, on the best node beside its own, or park it with the reason."""
    unclaimed = vm.placement.unclaimed + (vm.node != node.name)
    if unclaimed >= PLACINGS:
        return park(vm, node, f"{unclaimed} nodes in a row did not claim it, {vm.node} the last", unclaimed)
    target = rooms.choose_target(vm, without=(node.name, vm.node))
    if target is None:
        return park(vm, node, rooms.refusal(vm, without=(node.name, vm.node)), unclaimed)
    rooms.reserve(vm, target)
    why = f"{node.name} is off" if vm.node == node.name else f"{vm.node} did not claim it in {CLAIM_LIMIT_S:.0f} s"
    after = _placed(vm, target, rooms, unclaimed)
    return _change(vm, node, after, f"{vm.name} placed on {target}", _best_by(why, vm, rooms))


def _change(vm: Vm, node: Node | None, after: Placement, what: str, why: str) -> Change:
    """A new placement of `vm` by the fence of `node`, while that stands as it is; None: a node that was retired."""
    checks = (Check(kind=Kind.FENCE, key=node.name, version=node.fence.version),) if node is not None else ()
    return Change(
        writes=(Write(kind=Kind.PLACEMENT, key=vm.uuid, before=vm.placement, after=after),),
        checks=checks,
        what=what,
        why=why,
        vm=vm.name,
        node=node.name if node is not None else "",
    )


def _not_there(vm: Vm, node: Node, migration: Migration) -> Change:
    after = replace(vm.placement, migration=replace(migration, phase=MigrationPhase.NOT_THERE, error="target is off"))
    return _change(vm, node, after, f"migration of {vm.name} given up", f"its target {node.name} is off")


def plan_lost_targets(cluster: Cluster, watch: Watch) -> list[Step]:
    """Migrations given up because their target is gone: the VM goes on where it is, whatever becomes of the target.

    A copy that was not handed over never runs, so that nothing has to be proven first.
    """
    return [
        Step(change=_called_off(vm, vm.placement.migration))
        for vm in cluster.vms.values()
        if vm.placement.migration is not None and _has_lost_its_target(vm, vm.placement.migration, cluster, watch)
    ]


def _has_lost_its_target(vm: Vm, migration: Migration, cluster: Cluster, watch: Watch) -> bool:
    """Whether it is still the source's, and its target is being fenced, due to be, or retired.

    A guest that is already shutting down to move has to go to the end of that.
    """
    is_going = migration.method is MigrationMethod.SHUTDOWN and vm.placement.state is VmState.MIGRATING
    if migration.phase is not MigrationPhase.PREPARED or is_going:
        return False
    target = cluster.nodes.get(migration.target)
    if target is None or target.fence.under_way:
        return True
    return target.is_silent and watch.absent_s.get(target.name, -1.0) >= cluster.settings.fence_after_s


def _called_off(vm: Vm, migration: Migration) -> Change:
    why = f"its target {migration.target} is not there any more"
    after = replace(vm.placement, migration=replace(migration, phase=MigrationPhase.NOT_THERE, error=why))
    return _change(vm, None, after, f"migration of {vm.name} given up", why)


_AT_REST: dict[str, Any] = {
    "state": VmState.STOPPED,
    "claim": None,
    "request": None,
    "migration": None,
    "clients": (),
    "failure": "",
    "why": "",
}


def at_rest(placement: Placement, **changes: Any) -> Placement:  # noqa: ANN401 - fields of a placement, by name
    """The placement of a VM whose domain is known to be gone: stopped, no claim, request, migration or clients.

    changes: what else is to differ.
    """
    return replace(placement, **(_AT_REST | changes))


def _written_off(vm: Vm, node: Node) -> Change:
    after = at_rest(vm.placement)
    return _change(vm, node, after, f"{vm.name} is stopped", "its node is off and it is not wanted running")


def plan_parked(cluster: Cluster, rooms: Rooms) -> list[Step]:
    """Starts elsewhere of VMs parked on a fenced or retired node, once any allowed node has got room for them."""
    waiting = [vm for vm in cluster.vms.values() if is_tried_elsewhere(vm, cluster)]
    waiting.sort(key=lambda vm: (-vm.memory_mb, vm.name))
    changes = [_taken_elsewhere(vm, cluster, rooms) for vm in waiting]
    return [Step(change=change) for change in changes if change is not None]


def is_tried_elsewhere(vm: Vm, cluster: Cluster) -> bool:
    """Whether a parked VM is started on another node by itself: its own was fenced or is gone, and autorestart is on.

    A node that came back flushed was fenced, and takes no VM before a person has looked at it. Not one that was parked
    because nobody claims it: room is not what it waits for.
    """
    if not vm.is_parked or vm.placement.unclaimed >= PLACINGS:
        return False
    node = cluster.nodes.get(vm.placement.parked_on)
    is_lost = node is None or node.fence.proven_off or node.awaits_a_person
    waits = vm.placement.wanted is Wanted.RUNNING and vm.placement.state is VmState.STOPPED
    return is_lost and waits and vm.definition.autorestart


def _taken_elsewhere(vm: Vm, cluster: Cluster, rooms: Rooms) -> Change | None:
    target = rooms.choose_target(vm)
    if target is None:
        return None
    rooms.reserve(vm, target)
    node = cluster.nodes.get(vm.placement.parked_on)
    why = _best_by(f"there is room; {vm.placement.parked_on} {_lost_words(node)}", vm, rooms)
    after = _placed(vm, target, rooms, vm.placement.unclaimed)
    return _change(vm, node, after, f"{vm.name} placed on {target}", why)


def _lost_words(node: Node | None) -> str:
    if node is None:
        return "is retired"
    return "is off" if node.fence.proven_off else "was fenced, and is flushed"


def park(vm: Vm, node: Node, reason: str, unclaimed: int) -> Change:
    """Stop `vm` for want of a node: it is placed on the fenced node, where it belongs, marked with the reason."""
    after = at_rest(
        vm.placement,
        node=node.name,
        previous_node=previous_node_after(vm, node.name),
        parked_on=node.name,
        why=reason,
        unclaimed=unclaimed,
    )
    return _change(vm, node, after, f"{vm.name} parked on {node.name}", reason)


def _placed(vm: Vm, target: str, rooms: Rooms, unclaimed: int) -> Placement:
    """The placement of a VM at rest that another node shall start, with a clean count of crashes."""
    previous = previous_node_after(vm, target)
    known = previous if previous in rooms.nodes else ""
    return at_rest(vm.placement, node=target, previous_node=known, parked_on="", crashes=0, unclaimed=unclaimed)


def _best_by(why: str, vm: Vm, rooms: Rooms) -> str:
    selector = vm.definition.node_selector
    return f"{why}; best by {rooms.settings.default_selector if selector is Selector.DEFAULT else selector}"


def previous_node_after(vm: Vm, target: str) -> str:
    """previous_node of `vm` once it is on `target`: a set one stays, home clears it, else where it was."""
    home = vm.placement.previous_node or vm.placement.node
    return "" if home == target else home
