"""Records with everything about one thing, and answers that were encoded once."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import MediaType, Response

from pvccore.model.cluster import Cluster
from pvccore.model.metadata import METADATA
from pvccore.model.node import Node
from pvccore.model.vm import Vm
from pvccore.operations.records import bmc_record, fence_record, node_record, vm_record
from pvccore.plan.placement import Rooms

TOTAL_HEADER = "X-Total-Count"
_encode = msgspec.json.Encoder().encode


def answer(value: object, **headers: str) -> Response[Any]:
    """A value as JSON; header names are written with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(_encode(value), media_type=MediaType.JSON, headers=named)


def page(records: list[dict[str, Any]], limit: int | None, offset: int) -> Response[Any]:
    """A part of a list, with the length of the whole in a header."""
    end = None if limit is None else offset + limit
    return answer(records[offset:end], **{TOTAL_HEADER: str(len(records))})


def vm_detail(cluster: Cluster, vm: Vm) -> dict[str, Any]:
    """Everything about one VM."""
    definition, placement = vm.definition, vm.placement
    migration = placement.migration
    return vm_record(cluster, vm) | {
        "max_downtime_ms": definition.max_downtime_ms,
        "volumes": list(definition.volumes),
        "networks": list(definition.networks),
        "why": placement.why or None,
        "request": placement.request.verb.value if placement.request else None,
        "migration": None
        if migration is None
        else {
            "source": migration.source,
            "target": migration.target,
            "phase": migration.phase.value,
            "by": migration.by,
            "error": migration.error or None,
        },
    }


def vm_metadata(vm: Vm) -> dict[str, Any]:
    """The metadata that a person sets on a VM."""
    values = {field.name: getattr(vm.definition, field.name) for field in METADATA}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def vm_where(cluster: Cluster, vm: Vm) -> dict[str, Any]:
    """Where a VM is, and what every node says to taking it."""
    return {
        "name": vm.name,
        "node": vm.node or None,
        "previous_node": vm.placement.previous_node or None,
        "candidates": Rooms(cluster).objections(vm),
    }


def node_detail(cluster: Cluster, node: Node) -> dict[str, Any]:
    """Everything about one node; no secret is among it."""
    readiness, report = node.readiness, node.report
    return node_record(cluster, node) | {
        "memory_free_mb": report.memory_free_mb,
        "wanted_readiness": readiness.wanted.value,
        "waits_for": list(readiness.waits_for),
        "readiness_by": readiness.by or None,
        "readiness_reason": readiness.reason or None,
        "unsupervised": node.is_unsupervised,
        "hypervisor_error": report.hypervisor_error or None,
        "storage_error": report.storage_error or None,
        "unknown_domains": list(report.unknown_domains),
        "fence_agents": [agent.kind.value for agent in node.config.fence_agents],
        "fence": fence_record(node),
        "bmc": bmc_record(node),
    }
