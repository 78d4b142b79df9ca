"""How `pvc node info` shows a node to a person."""

from __future__ import annotations

from typing import Any

from pvccli.output import fields, memory, moment, shown, table
from pvccore.model.cluster import Cluster, status_of
from pvccore.model.naming import natural_items
from pvccore.model.node import Node


def node_text(cluster: Cluster, node: Node, record: dict[str, Any]) -> str:
    """Its record, its health, its fence and its VMs."""
    pairs = [(name.replace("_", " "), shown(value)) for name, value in record.items() if name != "memory_mb"]
    report, fence = node.report, node.fence
    pairs += [
        ("memory", f"{memory(report.memory_free_mb)} of {memory(report.memory_total_mb)} free"),
        ("hypervisor", report.hypervisor_error or "answers"),
        ("storage", report.storage_error or report.unfit or "answers"),
        ("fence agents", shown([f"{agent.kind} {agent.address}".strip() for agent in node.config.fence_agents])),
        *_bmc(node),
        ("fence", fence.phase.value + (f": {fence.error}" if fence.error else "")),
    ]
    pairs += [("waits for", line) for line in node.readiness.waits_for]
    vms = [[vm.name, str(status_of(vm, node)), memory(vm.memory_mb)] for vm in cluster.vms_on(node.name)]
    return fields(pairs) + ("\n\n" + table(["vm", "status", "memory"], vms) if vms else "")


def _bmc(node: Node) -> list[tuple[str, str]]:
    if not node.config.bmcs:
        return []
    test = node.bmc
    if not test.is_known:
        return [("BMC", "not tested yet")]
    verdict = f"fails: {test.error}" if test.fails else "answers"
    return [("BMC", f"{verdict} (tested {moment(test.at)} from {test.by})")]


def forecast_text(record: dict[str, dict[str, Any]]) -> str:
    """What would become of the VMs, node by node."""
    lines = []
    for name, one in record.items():
        verdict = "all its VMs would run elsewhere" if one["survives"] else f"{len(one['parked'])} VMs would be parked"
        lines.append(f"{name}: {verdict}")
        lines += [f"  {vm} → {node}" for vm, node in natural_items(one["placed"])]
        lines += [f"  {vm} is parked: {why}" for vm, why in natural_items(one["parked"])]
    return "\n".join(lines)
