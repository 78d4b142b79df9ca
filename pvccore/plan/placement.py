"""Placement: which node may take a VM, why not, and which is best; reservations made as one goes."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Mapping
from copy import copy

from pvccore.model.cluster import Cluster
from pvccore.model.naming import natural, natural_items
from pvccore.model.node import Node, ReadinessState
from pvccore.model.record import UNREADABLE
from pvccore.model.selectors import Selector
from pvccore.model.settings import Settings
from pvccore.model.struct import Struct
from pvccore.model.vm import Vm

MB_PER_GB = 1024


class Room(Struct, frozen=True, kw_only=True):
    """What a node has to give.

    room_mb: memory × overcommit − reserve − defined memory of the VMs that count against it.
    free_mb: what it last reported free, less what was given out since.
    """

    room_mb: int
    free_mb: int
    load: float = 0.0
    vcpus: int = 0
    vms: int = 0

    def less(self, vm: Vm) -> Room:
        """The room that is left when `vm` comes too."""
        return Room(
            room_mb=self.room_mb - vm.memory_mb,
            free_mb=self.free_mb - vm.memory_mb,
            load=self.load,
            vcpus=self.vcpus + vm.definition.vcpus,
            vms=self.vms + 1,
        )


SCORES: Mapping[Selector, Callable[[Room], float]] = {
    Selector.MEM: lambda room: -min(room.free_mb, room.room_mb),
    Selector.MEMPROV: lambda room: -room.room_mb,
    Selector.LOAD: lambda room: room.load,
    Selector.VCPUS: lambda room: room.vcpus,
    Selector.VMS: lambda room: room.vms,
}
"""Per selector, the score of a node: the lowest is the best."""


Rank = tuple[float, int, str]
"""A node's place in the order of one selector: its score, its number of VMs, its name."""


def _rank(selector: Selector, room: Room, node: str) -> Rank:
    return (SCORES[selector](room), room.vms, node)


class Rooms:
    """The nodes' rooms during one planning: starts from the cluster, shrinks with every reservation."""

    def __init__(self, cluster: Cluster) -> None:
        """Counts every VM against its node and its migration's target, in one pass."""
        self.settings: Settings = cluster.settings
        self.nodes: Mapping[str, Node] = cluster.nodes
        self.rooms: dict[str, Room] = {}
        self._standing: dict[str, str | None] = {name: standing_objection(node) for name, node in self.nodes.items()}
        self._orders: dict[Selector, list[Rank]] = {}
        taken = _taken_by_node(cluster)
        for name, node in cluster.nodes.items():
            self.rooms[name] = _room(node, cluster.settings, taken.get(name, ()))

    def copy(self) -> Rooms:
        """The same rooms, for a planning that is only tried out."""
        other = copy(self)
        other.rooms = dict(self.rooms)
        other._orders = {selector: list(order) for selector, order in self._orders.items()}  # noqa: SLF001 - our own
        return other

    def reserve(self, vm: Vm, node: str) -> None:
        """Count `vm` against `node` from now on."""
        if node not in self.rooms:
            return
        before, after = self.rooms[node], self.rooms[node].less(vm)
        self.rooms[node] = after
        if self._standing[node] is not None:
            return
        for selector, order in self._orders.items():
            del order[bisect_left(order, _rank(selector, before, node))]
            insort(order, _rank(selector, after, node))

    def objection(self, node: Node, vm: Vm, *, staying: bool = False) -> str | None:
        """Why `node` can't take `vm`, in words for a person; None when it can.

        staying: the VM is counted on this node already and shall start there.
        """
        return (
            _unreadable(vm)
            or (None if staying else _is_there(node, vm))
            or _outside_limit(node, vm)
            or self._standing[node.name]
            or (None if staying else self._no_room(node, vm))
        )

    def choose_target(self, vm: Vm, *, without: Collection[str] = ()) -> str | None:
        """The best node that may take `vm`, by its selector; ties: fewest VMs, then name. None when none may."""
        selector = vm.definition.node_selector
        if selector is Selector.DEFAULT:
            selector = self.settings.default_selector
        needed_mb = vm.memory_mb
        for _, _, name in self._order(selector):
            if self.rooms[name].room_mb < needed_mb or name in without:
                continue  # most nodes of a full cluster: no need to word why
            if self.objection(self.nodes[name], vm) is None:
                return name
        return None

    def _order(self, selector: Selector) -> list[Rank]:
        """The nodes that take VMs at all, the best first; kept in order with every reservation."""
        order = self._orders.get(selector)
        if order is None:
            takers = [name for name, objection in self._standing.items() if objection is None]
            order = sorted(_rank(selector, self.rooms[name], name) for name in takers)
            self._orders[selector] = order
        return order

    def objections(self, vm: Vm) -> dict[str, str | None]:
        """Every node of the cluster with its objection to `vm`, by name."""
        return {name: self.objection(node, vm) for name, node in natural_items(self.nodes)}

    def refusal(self, vm: Vm, *, without: Collection[str] = ()) -> str:
        """Why no node takes `vm`: its limit first, then each allowed node's objection."""
        allowed = [name for name in self._allowed(vm) if name not in without]
        said = [
            f"{name} {self.objection(self.nodes[name], vm) or 'did not take it'}"
            for name in sorted(allowed, key=natural)[:8]
        ]
        limit = vm.definition.node_limit
        prefix = [f"limit {','.join(limit)}"] if limit else []
        return "; ".join([*prefix, *said]) or "there is no other node"

    def _allowed(self, vm: Vm) -> Collection[str]:
        limit = vm.definition.node_limit
        return [name for name in limit if name in self.nodes] if limit else list(self.nodes)

    def _no_room(self, node: Node, vm: Vm) -> str | None:
        room_mb = self.rooms[node.name].room_mb
        if vm.memory_mb <= room_mb:
            return None
        return f"has {_gb(max(room_mb, 0))} of the {_gb(vm.memory_mb)} GB it needs"


def standing_objection(node: Node) -> str | None:
    """Why `node` takes no VM at all now; None when it takes some."""
    if node.fence.under_way:
        return f"is being fenced ({node.fence.phase.words})"
    if node.is_unsupervised:
        return "has no daemon (it was stopped)"
    if node.alive is None:
        return "is off (it said goodbye)" if node.presence.goodbye else "is silent"
    if node.report.hypervisor_error:
        return f"has an unhealthy hypervisor: {node.report.hypervisor_error}"
    if node.report.storage_error:
        return f"has unhealthy storage: {node.report.storage_error}"
    if node.report.unfit:
        return f"takes no VM: {node.report.unfit}"
    return None if node.is_ready else _not_ready(node)


def _not_ready(node: Node) -> str:
    state = node.readiness.state
    return f"is {ReadinessState.FLUSHING if state is ReadinessState.READY else state}"


def _unreadable(vm: Vm) -> str | None:
    """Nobody knows its limit and its memory then."""
    return "can't read its definition" if vm.definition.version == UNREADABLE else None


def _is_there(node: Node, vm: Vm) -> str | None:
    return "is where it is" if vm.placement.node == node.name else None


def _outside_limit(node: Node, vm: Vm) -> str | None:
    limit = vm.definition.node_limit
    return "is outside its node limit" if limit and node.name not in limit else None


def _taken_by_node(cluster: Cluster) -> dict[str, list[Vm]]:
    taken: dict[str, list[Vm]] = {}
    for vm in cluster.vms.values():
        if vm.takes_memory:
            for node in vm.placement.assigned_to:
                taken.setdefault(node, []).append(vm)
    return taken


def _room(node: Node, settings: Settings, vms: Collection[Vm]) -> Room:
    report = node.report
    reported = {domain.uuid for domain in report.domains}
    defined_mb = sum(vm.memory_mb for vm in vms)
    given_mb = sum(vm.memory_mb for vm in vms if vm.uuid not in reported)
    capacity_mb = int(report.memory_total_mb * settings.memory_overcommit) - settings.memory_reserve_mb
    return Room(
        room_mb=capacity_mb - defined_mb,
        free_mb=report.memory_free_mb - given_mb,
        load=report.load,
        vcpus=sum(vm.definition.vcpus for vm in vms),
        vms=len(vms),
    )


def _gb(memory_mb: int) -> str:
    return f"{memory_mb / MB_PER_GB:.3g}"
