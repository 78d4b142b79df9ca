"""News: what of a new snapshot could change a decision of the manager."""

from __future__ import annotations

from pvccore.model.cluster import Cluster, Delta
from pvccore.model.node import Node

EPOCH_SHIFT = 32
"""The upper half of a zxid is the epoch of ZooKeeper's leader."""


def is_no_news(before: Cluster, after: Cluster, delta: Delta) -> bool:
    """Whether nothing was said but reports as usual: their figures are used when something else asks for a decision."""
    if delta.full or delta.vms or delta.settings or delta.maintenance or delta.leases or delta.problems:
        return False
    if delta.volumes or any(_has_just_ended(before, after, key) for key in delta.tasks):
        return False  # there may be leftovers
    return all(_is_as_usual(before.nodes.get(name), after.nodes.get(name)) for name in delta.nodes)


def _has_just_ended(before: Cluster, after: Cluster, key: str) -> bool:
    old, new = before.tasks.get(key), after.tasks.get(key)
    return new is not None and new.has_ended and not (old is not None and old.has_ended)


def decides_alike(before: Cluster, after: Cluster) -> bool:
    """Whether what would be parked is the same in both: the same VMs, and nodes that differ in passing figures only."""
    if (
        before.vms is not after.vms
        or before.settings is not after.settings
        or before.nodes.keys() != after.nodes.keys()
    ):
        return False
    return all(_stands_alike(node, after.nodes[name]) for name, node in before.nodes.items())


def _stands_alike(old: Node, new: Node) -> bool:
    return old is new or (
        old.config is new.config
        and old.presence is new.presence
        and old.alive is new.alive
        and old.readiness is new.readiness
        and old.fence is new.fence
        and (old.is_healthy, old.report.unfit) == (new.is_healthy, new.report.unfit)
        and old.report.memory_total_mb == new.report.memory_total_mb
    )


def _is_as_usual(before: Node | None, after: Node | None) -> bool:
    """Whether a node that lives, and has no fence, has reported the health, the memory and the boot that it had."""
    if before is None or after is None or not after.is_alive or after.fence.under_way:
        return False
    reported = (
        before.config is after.config
        and before.presence is after.presence
        and before.alive is after.alive
        and before.readiness is after.readiness
        and before.fence is after.fence
    )
    old, new = before.report, after.report
    return (
        reported
        and (old.hypervisor_error, old.storage_error, old.unfit) == (new.hypervisor_error, new.storage_error, new.unfit)
        and (old.memory_total_mb, old.boot_id) == (new.memory_total_mb, new.boot_id)
        and old.zxid >> EPOCH_SHIFT == new.zxid >> EPOCH_SHIFT
    )
