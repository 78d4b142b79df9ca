"""VMs and nodes as records for machines: the fields of DESIGN §8, the same in CLI, API and `pvc simulate`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pvccore.model.cluster import Cluster, status_of
from pvccore.model.forecast import Forecast
from pvccore.model.journal import JournalEntry
from pvccore.model.naming import natural, natural_items
from pvccore.model.node import Node
from pvccore.model.settings import SETTING_NAMES, Settings
from pvccore.model.vm import Vm, VmState
from pvccore.plan.bmc_tests import failing_bmcs
from pvccore.plan.placement import standing_objection
from pvccore.plan.storage_troubles import storage_troubles


def vm_record(cluster: Cluster, vm: Vm) -> dict[str, Any]:
    """One VM; nothing is None, an empty list stays a list."""
    definition, placement = vm.definition, vm.placement
    return {
        "name": definition.name,
        "uuid": vm.uuid,
        "status": str(status_of(vm, cluster.nodes.get(placement.node))),
        "state": placement.state.value,
        "wanted": placement.wanted.value,
        "node": placement.node or None,
        "previous_node": placement.previous_node or None,
        "parked_on": placement.parked_on or None,
        "failure": placement.failure or None,
        "node_limit": list(definition.node_limit),
        "node_selector": definition.node_selector.value,
        "autorestart": definition.autorestart,
        "migration_method": definition.migration_method.value,
        "memory_mb": definition.memory_mb,
        "vcpus": definition.vcpus,
        "tags": list(definition.tags),
        "description": definition.description,
    }


def node_record(cluster: Cluster, node: Node, *, vms: int | None = None) -> dict[str, Any]:
    """One node; `vms` is how many are placed there, counted anew when it is not given."""
    placed = sum(vm.node == node.name for vm in cluster.vms.values()) if vms is None else vms
    return {
        "name": node.name,
        "alive": node.is_alive,
        "readiness": node.readiness.state.value,
        "role": node.config.role.value,
        "power": node_power(node),
        "healthy": node.is_healthy,
        "memory_mb": node.report.memory_total_mb,
        "vcpus": node.report.vcpus,
        "load": node.report.load,
        "vms": placed,
    }


def node_records(cluster: Cluster) -> list[dict[str, Any]]:
    """Every node by name, its VMs counted in one pass."""
    placed = cluster.vms_by_node()
    return [node_record(cluster, node, vms=len(placed[name])) for name, node in natural_items(cluster.nodes)]


def vm_records(cluster: Cluster) -> list[dict[str, Any]]:
    """Every VM by name."""
    return [vm_record(cluster, vm) for vm in sorted(cluster.vms.values(), key=lambda vm: natural(vm.name))]


def journal_record(entry: JournalEntry) -> dict[str, Any]:
    """One journal entry; `vm` and `node` only where it is about one."""
    record: dict[str, Any] = {"at": entry.at, "who": entry.who, "what": entry.what, "why": entry.why}
    return record | {name: value for name, value in (("vm", entry.vm), ("node", entry.node)) if value}


def node_power(node: Node) -> str:
    """What is known of a node's power without asking its BMC: a living daemon proves on, a fence may prove off."""
    if node.is_alive:
        return "on"
    return "off" if node.fence.proven_off else "unknown"


def fence_record(node: Node) -> dict[str, Any]:
    """The fence of one node."""
    fence = node.fence
    return {
        "node": node.name,
        "phase": fence.phase.value,
        "cause": fence.cause.value if fence.under_way else None,
        "round": fence.round,
        "error": fence.error or None,
        "by": fence.by or None,
    }


def bmc_record(node: Node) -> dict[str, Any]:
    """The last test of a node's BMC; `works` is None while it was never tested."""
    test = node.bmc
    return {
        "works": not test.fails if test.is_known else None,
        "tested_at": test.at or None,
        "tested_by": test.by or None,
        "error": test.error or None,
        "failing_since": test.failing_since or None,
    }


def maintenance_record(cluster: Cluster) -> dict[str, Any]:
    """The cluster-wide switch."""
    maintenance = cluster.maintenance
    return {
        "on": maintenance.on,
        "by": maintenance.by or None,
        "reason": maintenance.reason or None,
        "since": maintenance.since or None,
        "noout": maintenance.noout,
    }


def settings_record(settings: Settings) -> dict[str, Any]:
    """Every setting by name."""
    return {name: getattr(settings, name) for name in SETTING_NAMES}


def forecast_record(forecast: Forecast) -> dict[str, Any]:
    """N−1 as the manager last worked it out; `survives` is None while nobody has."""
    return {
        "survives": forecast.holds if forecast.is_known else None,
        "at": forecast.at or None,
        "nodes": {
            name: {"parked": parked, "reason": forecast.reasons.get(name) or None}
            for name, parked in natural_items(forecast.parked)
        },
    }


def status_record(cluster: Cluster) -> dict[str, Any]:
    """The cluster in a few figures, and what is wrong with it."""
    nodes = cluster.nodes.values()
    statuses = Counter(str(status_of(vm, cluster.nodes.get(vm.node))) for vm in cluster.vms.values())
    return {
        "cluster": cluster.settings.cluster_name,
        "maintenance": maintenance_record(cluster),
        "manager": cluster.manager or None,
        "nodes": {
            "total": len(cluster.nodes),
            "alive": sum(node.is_alive for node in nodes),
            "ready": sum(node.is_alive and node.is_ready for node in nodes),
        },
        "vms": {"total": len(cluster.vms), **dict(sorted(statuses.items()))},
        "forecast": forecast_record(cluster.forecast),
        "fences": [fence_record(node) for _, node in natural_items(cluster.nodes) if node.fence.under_way],
        "troubles": troubles(cluster),
        "problems": dict(cluster.problems),
    }


def troubles(cluster: Cluster) -> list[dict[str, str]]:
    """What is wrong now, each with the reason in words: nodes first, then the storage and VMs."""
    found = []
    for name, node in natural_items(cluster.nodes):
        objection = (
            standing_objection(node)
            if not node.is_alive or node.fence.under_way or not node.is_healthy or node.report.unfit
            else None
        )
        if objection is not None:
            found.append({"node": name, "text": objection})
    found += [
        {"node": node.name, "text": f"its BMC fails its test: {node.bmc.error}"} for node in failing_bmcs(cluster)
    ]
    found += [{"storage": one.what, "text": one.text} for one in storage_troubles(cluster)]
    for vm in sorted(cluster.vms.values(), key=lambda vm: natural(vm.name)):
        if vm.is_parked:
            found.append({"vm": vm.name, "text": f"parked on {vm.placement.parked_on}: {vm.placement.why}"})
        elif vm.placement.state is VmState.FAILED:
            found.append({"vm": vm.name, "text": f"failed: {vm.placement.failure}"})
    return found
