"""How busy the cluster was in the last minutes: kept by the console itself, from the reports it saw."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pvccore.model.cluster import Cluster, Delta

READINGS_KEPT = 60
VM_READINGS_KEPT = 12


class Pulse:
    """The cluster's share of busy vCPUs over time, and each VM's, for sparklines."""

    def __init__(self) -> None:
        """Nothing is known of the time before this console."""
        self._cluster: deque[float | None] = deque(maxlen=READINGS_KEPT)
        self._vms: dict[str, deque[float]] = {}
        self._zxid: dict[str, int] = {}

    def take_in(self, cluster: Cluster, delta: Delta) -> None:
        """Note what new reports say of their VMs."""
        for name in cluster.nodes if delta.full else delta.nodes:
            node = cluster.nodes.get(name)
            if node is None or self._zxid.get(name) == node.report.zxid:
                continue
            self._zxid[name] = node.report.zxid
            for domain in node.report.domains:
                self._vms.setdefault(domain.uuid, deque(maxlen=VM_READINGS_KEPT)).append(domain.cpu)
        for uuid in delta.vms:
            if uuid not in cluster.vms:
                self._vms.pop(uuid, None)

    def beat(self, cluster: Cluster) -> None:
        """Note how busy the cluster is now; called at an even pace."""
        self._cluster.append(busy_share(cluster))

    @property
    def cluster(self) -> Sequence[float | None]:
        """The cluster's share of busy vCPUs, oldest first."""
        return tuple(self._cluster)

    def vm(self, uuid: str) -> Sequence[float]:
        """A VM's CPU use in cores, oldest first."""
        return tuple(self._vms.get(uuid, ()))


def busy_share(cluster: Cluster) -> float | None:
    """Busy cores of all VMs over the cores of the nodes that are heard; None when none is."""
    heard = [node for node in cluster.nodes.values() if node.is_alive and node.report.vcpus]
    cores = sum(node.report.vcpus for node in heard)
    if not cores:
        return None
    return sum(domain.cpu for node in heard for domain in node.report.domains) / cores
