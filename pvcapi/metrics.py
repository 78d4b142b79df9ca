"""The cluster's figures for Prometheus, in its text format: names, units and labels by its conventions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from pvcapi.seat import Service
from pvccore.model.cluster import Cluster, status_of
from pvccore.model.errors import Unavailable
from pvccore.model.fence import FencePhase
from pvccore.model.node import Node, ReadinessState
from pvccore.model.storage import StorageHealth
from pvccore.model.struct import Struct
from pvccore.model.task import TaskState
from pvccore.model.vm import VmState

CONTENT_TYPE = "text/plain; version=0.0.4"
"""The framework adds the charset; said twice, Prometheus takes none of it."""
MB = 1024 * 1024
STATUSES = (*(state.value for state in VmState), "parked", "disabled", "unknown")


class Metric(Struct, frozen=True):
    """One gauge, or a counter where its name ends with _total, with its samples: labels → value."""

    name: str
    help: str
    samples: list[tuple[dict[str, str], float]]

    @property
    def type(self) -> str:
        """As Prometheus calls it."""
        return "counter" if self.name.endswith("_total") else "gauge"


def exposition(metrics: Iterable[Metric]) -> str:
    """Metrics as Prometheus reads them."""
    return "".join(line + "\n" for metric in metrics for line in _lines(metric))


def figures(service: Service) -> str:
    """Everything, or that the cluster can't be reached."""
    age_s = service.source.age_s()
    metrics = [] if age_s is None else [_one("snapshot_age_seconds", "How old what is shown here may be.", age_s)]
    try:
        cluster = service.source.cluster()
    except Unavailable:
        return exposition([_one("up", "Whether the cluster's state in ZooKeeper can be read.", 0), *metrics])
    metrics.insert(0, _one("up", "Whether the cluster's state in ZooKeeper can be read.", 1))
    metrics += [
        *_of_cluster(cluster, service.wall_clock()),
        *_of_nodes(cluster),
        *_of_fencing(cluster),
        *_of_bmcs(cluster, service.wall_clock()),
        *_of_forecast(cluster, service.wall_clock()),
        *_of_storage(cluster, service.wall_clock()),
    ]
    return exposition(metrics)


def _of_cluster(cluster: Cluster, now: float) -> Iterator[Metric]:
    maintenance = cluster.maintenance
    yield _one("maintenance", "1 while maintenance mode is on: nobody is fenced.", maintenance.on)
    since_s = max(0.0, now - maintenance.since) if maintenance.on and maintenance.since else 0.0
    yield _one("maintenance_seconds", "For how long maintenance mode has been on.", since_s)
    yield _one("manager_present", "1 while some daemon holds the manager lease.", bool(cluster.manager))
    yield _one("manager_contenders", "Daemons that stand in line for the manager lease.", len(cluster.leases))
    yield _one("unreadable_records", "Records in ZooKeeper that can't be decoded.", len(cluster.problems))
    statuses = Counter(status_of(vm, cluster.nodes.get(vm.node)) for vm in cluster.vms.values())
    yield _many("vms", "VMs by status.", "status", {name: statuses[name] for name in STATUSES})
    tasks = Counter(task.state.value for task in cluster.tasks.values())
    yield _many("tasks", "Tasks by state.", "state", {state.value: tasks[state.value] for state in TaskState})


def _of_nodes(cluster: Cluster) -> Iterator[Metric]:
    placed = cluster.vms_by_node()
    leads = cluster.manager if cluster.leases else ""
    gauges: tuple[tuple[str, str, Callable[[Node], float]], ...] = (
        ("node_alive", "1 while the node's daemon holds a session.", lambda node: node.is_alive),
        ("node_silent", "1 while the node is gone without a goodbye.", lambda node: node.is_silent),
        ("node_unsupervised", "1 while VMs run on without a daemon.", lambda node: node.is_unsupervised),
        ("node_manager", "1 for the node whose daemon is the manager.", lambda node: node.name == leads),
        ("node_healthy", "1 while hypervisor and storage answer the node.", lambda node: node.is_healthy),
        ("node_memory_bytes", "Memory of the node.", lambda node: node.report.memory_total_mb * MB),
        ("node_memory_free_bytes", "Free memory of the node.", lambda node: node.report.memory_free_mb * MB),
        ("node_load1", "Load of the node over one minute.", lambda node: node.report.load),
        ("node_vcpus", "Processors of the node.", lambda node: node.report.vcpus),
        ("node_vms", "VMs placed on the node.", lambda node: len(placed[node.name])),
        (
            "node_vms_memory_bytes",
            "Defined memory of the VMs that count against the node.",
            lambda node: MB * sum(vm.memory_mb for vm in placed[node.name] if vm.takes_memory),
        ),
        (
            "node_unknown_domains",
            "Domains that the cluster doesn't know.",
            lambda node: len(node.report.unknown_domains),
        ),
    )
    nodes = [node for _, node in sorted(cluster.nodes.items())]
    for name, words, value in gauges:
        yield _many(name, words, "node", {node.name: value(node) for node in nodes})
    states = [
        ({"node": node.name, "readiness": state.value}, float(node.readiness.state is state))
        for node in nodes
        for state in ReadinessState
    ]
    yield Metric("node_readiness", "1 for the readiness that the node has.", states)


def _of_fencing(cluster: Cluster) -> Iterator[Metric]:
    nodes = [node for _, node in sorted(cluster.nodes.items())]
    yield _one("fences_unfinished", "Nodes whose VMs wait for a fence.", sum(node.fence.unfinished for node in nodes))
    phases = [
        ({"node": node.name, "phase": phase.value}, float(node.fence.phase is phase))
        for node in nodes
        for phase in FencePhase
    ]
    yield Metric("fence_phase", "1 for the phase that the node's fence is in.", phases)
    yield _many(
        "node_fences_total", "Fences of the node that were begun.", "node", {n.name: n.fence.round for n in nodes}
    )


def _of_bmcs(cluster: Cluster, now: float) -> Iterator[Metric]:
    tested = [node for _, node in sorted(cluster.nodes.items()) if node.config.bmcs and node.bmc.is_known]
    works = {node.name: float(not node.bmc.fails) for node in tested}
    yield _many("node_bmc_ok", "1 while the node's BMC passed its last test.", "node", works)
    age_s = {node.name: max(0.0, now - node.bmc.at) for node in tested}
    yield _many("node_bmc_test_age_seconds", "How long ago the node's BMC was tested.", "node", age_s)


def _of_forecast(cluster: Cluster, now: float) -> Iterator[Metric]:
    forecast = cluster.forecast
    if not forecast.is_known:
        return
    yield _one("n_minus_1", "1 while any single node may die and all its VMs run elsewhere.", forecast.holds)
    yield _one("forecast_age_seconds", "How old the manager's forecast is.", max(0.0, now - forecast.at))
    parked = {name: forecast.parked.get(name, 0) for name in sorted(cluster.nodes)}
    yield _many("forecast_parked_vms", "VMs that no other node would take if this one died now.", "node", parked)


def _of_storage(cluster: Cluster, now: float) -> Iterator[Metric]:
    status = cluster.storage.status
    if not status.is_known:
        return
    yield _one("storage_age_seconds", "How old the storage's figures are.", max(0.0, now - status.at))
    health = {one.value: float(status.health is one) for one in StorageHealth}
    yield _many("storage_health", "1 for the health that the storage has.", "health", health)
    yield _one("storage_bytes", "Raw room of the storage.", status.total_bytes)
    yield _one("storage_used_bytes", "Raw room in use.", status.used_bytes)
    yield _one("storage_degraded_ratio", "Share of the object copies that are missing.", status.degraded_ratio)
    yield _one("storage_misplaced_ratio", "Share of the object copies that are to move.", status.misplaced_ratio)
    osds = cluster.storage.osds
    yield _many("osd_up", "1 while the OSD's daemon answers.", "osd", {str(n): one.is_up for n, one in osds.items()})
    yield _many(
        "osd_in", "1 while copies are placed on the OSD.", "osd", {str(n): one.is_in for n, one in osds.items()}
    )
    pools = cluster.storage.pools
    yield _many("pool_stored_bytes", "What clients wrote.", "pool", {n: one.stored_bytes for n, one in pools.items()})
    available = {name: one.available_bytes for name, one in pools.items()}
    yield _many("pool_available_bytes", "What clients may still write.", "pool", available)


def _one(name: str, words: str, value: float) -> Metric:
    return Metric(name, words, [({}, value)])


def _many(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    return Metric(name, words, [({label: key}, value) for key, value in values.items()])


def _lines(metric: Metric) -> Iterator[str]:
    name = f"pvc_{metric.name}"
    yield f"# HELP {name} {metric.help}"
    yield f"# TYPE {name} {metric.type}"
    for labels, value in metric.samples:
        named = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{named}}} {_number(value)}" if named else f"{name} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    """Whole where it is whole: bytes must not be rounded."""
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)
