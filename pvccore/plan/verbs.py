"""Why a verb on a VM is refused now: the rules of DESIGN §6 in words, for operations and for menus alike.

Every objection completes the sentence "NAME: …"; None means that the verb may be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from pvccore.model.cluster import Cluster, VmStatus, status_of
from pvccore.model.fence import FencePhase
from pvccore.model.node import Node
from pvccore.model.struct import replace
from pvccore.model.vm import Placement, RequestVerb, Vm, VmState, Wanted
from pvccore.plan.placement import Rooms, standing_objection


def objection_to_start(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:
    """Why `vm` can't be started: it runs, it is on its way, or its node can't take it (naming one that can)."""
    request = vm.placement.request
    runs_on = vm.placement.wanted is Wanted.RUNNING and not vm.is_parked and vm.is_active
    if runs_on and (request is None or request.verb is RequestVerb.RESTART):
        return _already_active(cluster, vm)
    return _on_its_way(vm) or _own_node_objection(cluster, vm, rooms)


def objection_to_shutdown(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:  # noqa: ARG001 - one signature in VM_VERBS
    """Why `vm` can't be asked to shut down."""
    return _nothing_to_stop(vm) or _asked_already(vm, {RequestVerb.SHUTDOWN, RequestVerb.STOP})


def objection_to_stop(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:  # noqa: ARG001 - one signature in VM_VERBS
    """Why `vm` can't be stopped at once."""
    return _nothing_to_stop(vm) or _asked_already(vm, {RequestVerb.STOP})


def objection_to_restart(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:
    """Why `vm` can't be shut down and started again."""
    if not vm.is_active:
        return f"it is not running, it is {_status(cluster, vm)}"
    if _status(cluster, vm) == VmStatus.UNKNOWN:
        return _unknown(cluster, vm)
    return _asked_already(vm, {RequestVerb.RESTART}) or _on_its_way(vm) or _own_node_objection(cluster, vm, rooms)


def objection_to_disable(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:  # noqa: ARG001 - one signature in VM_VERBS
    """Why `vm` can't be disabled."""
    return "it is disabled already" if vm.placement.wanted is Wanted.DISABLED else None


def objection_to_migrate(
    cluster: Cluster, vm: Vm, rooms: Rooms, *, target: str = "", force: bool = False
) -> str | None:
    """Why `vm` can't be migrated (to `target`, or to any node)."""
    home = vm.placement.previous_node
    if home and not force:
        return f"it is migrated already; --force keeps {home} as its previous node, unmigrate brings it back there"
    return objection_to_leaving(cluster, vm) or _target_objection(cluster, vm, rooms, target)


def objection_to_move(cluster: Cluster, vm: Vm, rooms: Rooms, *, target: str = "") -> str | None:
    """Why `vm` can't be moved for good (to `target`, or to any node); a move to where it is ends a migration."""
    if target == vm.node and target:
        return _staying_objection(cluster, vm, rooms)
    return objection_to_leaving(cluster, vm) or _target_objection(cluster, vm, rooms, target)


def objection_to_unmigrate(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:
    """Why `vm` can't go back to its previous node."""
    home = vm.placement.previous_node
    if not home:
        return "it has no previous node to return to"
    return objection_to_leaving(cluster, vm) or _target_objection(cluster, vm, rooms, home)


def objection_to_rename(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:  # noqa: ARG001 - one signature in VM_VERBS
    """Why `vm` can't get another name: libvirt knows a running domain by it."""
    return f"it is {_status(cluster, vm)}; only a stopped VM can be renamed" if vm.is_active else None


def objection_to_undefine(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:  # noqa: ARG001 - one signature in VM_VERBS
    """Why `vm` can't be undefined."""
    if vm.is_active:
        return f"it is {_status(cluster, vm)}; stop it first (--stop)"
    return _on_its_way(vm)


VM_VERBS: Mapping[str, Callable[[Cluster, Vm, Rooms], str | None]] = {
    "start": objection_to_start,
    "shutdown": objection_to_shutdown,
    "stop": objection_to_stop,
    "restart": objection_to_restart,
    "disable": objection_to_disable,
    "migrate": objection_to_migrate,
    "move": objection_to_move,
    "unmigrate": objection_to_unmigrate,
    "rename": objection_to_rename,
    "undefine": objection_to_undefine,
}
"""The verbs on one VM that a menu offers, each with its objection."""


def vm_objections(cluster: Cluster, vm: Vm, rooms: Rooms | None = None) -> dict[str, str | None]:
    """Every verb with why it is refused for `vm` now."""
    known = rooms or Rooms(cluster)
    return {verb: objection(cluster, vm, known) for verb, objection in VM_VERBS.items()}


def objection_to_leaving(cluster: Cluster, vm: Vm) -> str | None:
    """Why `vm` can't leave its node now, wherever it would go."""
    if not vm.is_active or vm.placement.migration is not None:
        return _on_its_way(vm)
    if _status(cluster, vm) == VmStatus.UNKNOWN:
        return _unknown(cluster, vm)
    node = cluster.nodes.get(vm.node)
    if node is not None and (node.fence.under_way or not node.is_alive):
        return f"its node {node.name} {standing_objection(node)}"
    if vm.placement.request is not None:
        return f"a {vm.placement.request.verb} is under way"
    if vm.placement.state is not VmState.RUNNING:
        return f"it is {vm.placement.state}; only a running or a stopped VM can leave its node"
    return None


def unplaced(vm: Vm) -> Vm:
    """The VM as if it were nowhere, to ask a node about it that is not yet counted as having it."""
    return replace(vm, placement=Placement())


def _staying_objection(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:
    if not vm.placement.previous_node and not vm.is_parked:
        return f"{vm.node} is where it is, and where it belongs"
    if vm.is_parked:
        return _own_node_objection(cluster, vm, rooms)
    return _on_its_way(vm)


def _target_objection(cluster: Cluster, vm: Vm, rooms: Rooms, target: str) -> str | None:
    if not target:
        return None if rooms.choose_target(vm) else f"no other node can take it: {_refusal(rooms, vm)}"
    node = cluster.nodes.get(target)
    if node is None:
        return f"{target} is not a node of the cluster"
    objection = rooms.objection(node, vm)
    return f"{target} {objection}" if objection else None


def _own_node_objection(cluster: Cluster, vm: Vm, rooms: Rooms) -> str | None:
    """Why its own node can't start it, naming one that can."""
    node = cluster.nodes.get(vm.node)
    objection = _objection_there(node, vm, rooms)
    if objection is None:
        return None
    other = rooms.choose_target(vm)
    how = "" if vm.is_active else f" (pvc vm move {vm.name} --to {other})"
    hint = f"{other} can take it{how}" if other else "no other node can take it either"
    return f"{vm.node or 'its node'} {objection}; {hint}"


def _objection_there(node: Node | None, vm: Vm, rooms: Rooms) -> str | None:
    if node is None:
        return "is not a node of the cluster"
    if vm.takes_memory:
        return rooms.objection(node, vm, staying=True)
    return rooms.objection(node, unplaced(vm))


def _refusal(rooms: Rooms, vm: Vm) -> str:
    return rooms.refusal(vm, without=(vm.node,))


def _on_its_way(vm: Vm) -> str | None:
    migration = vm.placement.migration
    return f"it is on its way from {migration.source} to {migration.target}" if migration is not None else None


def _already_active(cluster: Cluster, vm: Vm) -> str:
    status = _status(cluster, vm)
    return _unknown(cluster, vm) if status == VmStatus.UNKNOWN else f"it is {status} already"


def _unknown(cluster: Cluster, vm: Vm) -> str:
    node = cluster.nodes.get(vm.node)
    said = (standing_objection(node) or "is silent") if node is not None else "is not a node of the cluster"
    return f"its state is unknown: {vm.node} {said}"


def _nothing_to_stop(vm: Vm) -> str | None:
    at_rest = not vm.is_active and vm.placement.wanted is not Wanted.RUNNING
    return f"it is {vm.placement.state} already" if at_rest else None


def _asked_already(vm: Vm, verbs: Collection[RequestVerb]) -> str | None:
    request = vm.placement.request
    if request is None or request.verb not in verbs:
        return None
    return f"a {request.verb} is under way already, asked by {request.by}"


def _status(cluster: Cluster, vm: Vm) -> str:
    return status_of(vm, cluster.nodes.get(vm.node))


# Nodes


def objection_to_ready(cluster: Cluster, node: Node) -> str | None:  # noqa: ARG001 - one signature in NODE_VERBS
    """Why `node` can't take VMs again."""
    if node.fence.under_way:
        return f"it is being fenced ({node.fence.phase.words})"
    return None if node.is_alive else "its daemon is not there; it can be made ready when it is back"


def objection_to_flush(cluster: Cluster, node: Node) -> str | None:  # noqa: ARG001 - one signature in NODE_VERBS
    """Why `node` can't be emptied."""
    return f"it is being fenced ({node.fence.phase.words}), which empties it" if node.fence.under_way else None


def objection_to_fence(cluster: Cluster, node: Node) -> str | None:
    """Why a person can't have `node` powered off."""
    if cluster.maintenance.on:
        return "maintenance is on, nobody is fenced; if you have seen that it is off, say --confirmed-off"
    if node.fence.under_way:
        retried = ": it is tried again by itself" if node.fence.phase is FencePhase.FAILED else ""
        return f"it is being fenced already ({node.fence.phase.words}){retried}"
    if not node.presence.boot_id:
        return "its daemon has never started, there is nothing to fence"
    return None if node.config.fence_agents else "it has no fence agent; when you have seen it off, say --confirmed-off"


def objection_to_confirmed_off(cluster: Cluster, node: Node) -> str | None:  # noqa: ARG001 - one signature in NODE_VERBS
    """Why a person's word that `node` is off is not taken."""
    if node.is_alive:
        return "its daemon is alive, so it can't be off; if you cut its power just now, wait a few seconds"
    if node.fence.proven_off:
        return "it is known to be off already"
    return None if node.presence.boot_id else "its daemon has never started, there is nothing to recover"


def objection_to_removal(cluster: Cluster, node: Node) -> str | None:
    """Why `node` can't be retired, whatever names it."""
    if node.is_alive:
        return "its daemon is alive; stop it first"
    if node.fence.under_way:
        return f"it is being fenced ({node.fence.phase.words})"
    active = sorted(vm.name for vm in cluster.vms.values() if vm.is_active and node.name in vm.placement.assigned_to)
    return f"VMs may run on it: {shortened(active)}" if active else None


NODE_VERBS: Mapping[str, Callable[[Cluster, Node], str | None]] = {
    "flush": objection_to_flush,
    "ready": objection_to_ready,
    "fence": objection_to_fence,
    "confirmed-off": objection_to_confirmed_off,
    "remove": objection_to_removal,
}
"""The verbs on one node that a menu offers, each with its objection."""


def node_objections(cluster: Cluster, node: Node) -> dict[str, str | None]:
    """Every verb with why it is refused for `node` now."""
    return {verb: objection(cluster, node) for verb, objection in NODE_VERBS.items()}


def naming(vm: Vm, node: str) -> list[str]:
    """In which ways `vm` names a node."""
    ways = {
        "is placed on it": vm.node == node,
        "belongs on it": vm.placement.previous_node == node,
        "is parked on it": vm.placement.parked_on == node,
        "has it in its node limit": node in vm.definition.node_limit,
    }
    return [way for way, holds in ways.items() if holds]


def shortened(names: list[str], most: int = 8) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
