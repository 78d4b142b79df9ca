"""Every VM's derived status, kept from snapshot to snapshot so that a change of ten VMs costs ten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pvccore.model.cluster import Cluster, Delta, VmStatus, status_of
from pvccore.model.naming import natural
from pvccore.model.node import DomainReport, Node
from pvccore.model.vm import VmState


class StatusBook:
    """Statuses by uuid, counts by status, and the reported domain of each VM."""

    def __init__(self) -> None:
        """Empty until the first snapshot."""
        self._status: dict[str, str] = {}
        self._of_status: dict[str, set[str]] = {}
        self._node_of: dict[str, str] = {}
        self._on_node: dict[str, set[str]] = {}
        self._reported: dict[str, dict[str, DomainReport]] = {}
        self._nodes: dict[str, Node] = {}

    def take_in(self, cluster: Cluster, delta: Delta) -> frozenset[str]:
        """Follow to the newest snapshot; the uuids of VMs that may read otherwise now, gone ones included."""
        nodes = {*cluster.nodes, *self._nodes} if delta.full else delta.nodes
        touched = {*cluster.vms, *self._status} if delta.full else set(delta.vms)
        for name in nodes:
            touched |= self._on_node.get(name, set())
            self._take_in_node(name, cluster.nodes.get(name))
        for uuid in touched:
            self._take_in_vm(uuid, cluster)
        return frozenset(touched)

    def _take_in_node(self, name: str, node: Node | None) -> None:
        if node is None:
            self._nodes.pop(name, None)
            self._reported.pop(name, None)
            return
        before = self._nodes.get(name)
        if before is None or before.report is not node.report:
            self._reported[name] = {domain.uuid: domain for domain in node.report.domains}
        self._nodes[name] = node

    def _take_in_vm(self, uuid: str, cluster: Cluster) -> None:
        vm = cluster.vms.get(uuid)
        if vm is None:
            self._move(uuid, "")
            self._status.pop(uuid, None)
            self._place(uuid, "")
            return
        self._place(uuid, vm.placement.node)
        self._move(uuid, status_of(vm, cluster.nodes.get(vm.placement.node)))

    def _place(self, uuid: str, node: str) -> None:
        before = self._node_of.get(uuid, "")
        if before != node:
            self._on_node.get(before, set()).discard(uuid)
            self._on_node.setdefault(node, set()).add(uuid)
            self._node_of[uuid] = node

    def _move(self, uuid: str, status: str) -> None:
        before = self._status.get(uuid, "")
        if before != status:
            self._of_status.get(before, set()).discard(uuid)
            if status:
                self._of_status.setdefault(status, set()).add(uuid)
            self._status[uuid] = status

    def status(self, uuid: str) -> str:
        """The status of a VM; `unknown` for one that is not there."""
        return self._status.get(uuid) or VmStatus.UNKNOWN

    def with_status(self, status: str) -> frozenset[str]:
        """The VMs of one status."""
        return frozenset(self._of_status.get(status, ()))

    def count(self, status: str) -> int:
        """How many VMs have this status."""
        return len(self._of_status.get(status, ()))

    @property
    def running(self) -> int:
        """How many VMs run for certain."""
        return self.count(VmState.RUNNING)

    def on_node(self, node: str) -> frozenset[str]:
        """The VMs placed on a node."""
        return frozenset(self._on_node.get(node, ()))

    def counts_on(self, node: str) -> Counter[str]:
        """How many VMs of each status are placed on a node."""
        return Counter(self._status[uuid] for uuid in self._on_node.get(node, ()))

    def domain(self, uuid: str, node: str) -> DomainReport | None:
        """What a node last reported of a VM; None for a node that is not heard, whose word is old."""
        seen = self._nodes.get(node)
        if seen is None or not seen.is_alive:
            return None
        return self._reported.get(node, {}).get(uuid)


def by_name(cluster: Cluster, uuids: Iterable[str]) -> list[str]:
    """These VMs' uuids in the order of their names."""
    return sorted((uuid for uuid in uuids if uuid in cluster.vms), key=lambda uuid: natural(cluster.vms[uuid].name))
