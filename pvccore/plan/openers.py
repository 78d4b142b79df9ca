"""Who has a volume open, by the names of nodes: what Ceph tells are addresses."""

from __future__ import annotations

from collections.abc import Mapping

from pvccore.model.cluster import Cluster
from pvccore.model.storage import Volume


def nodes_by_address(cluster: Cluster) -> dict[str, str]:
    """Storage address → the node that has it."""
    return {node.config.storage_address: name for name, node in cluster.nodes.items() if node.config.storage_address}


def openers(volume: Volume, nodes: Mapping[str, str]) -> tuple[str, ...]:
    """Who had it open when Ceph was last asked: nodes, or addresses that are no node's; who holds its lock comes first.

    nodes: as `nodes_by_address` tells them.
    """
    addresses = dict.fromkeys(address for address in (volume.lock_holder, *volume.watchers) if address)
    return tuple(nodes.get(address, address) for address in addresses)


def address_words(address: str, nodes: Mapping[str, str]) -> str:
    """An address with its node's name before it, where it is a node's."""
    return f"{nodes[address]} ({address})" if address in nodes else address
