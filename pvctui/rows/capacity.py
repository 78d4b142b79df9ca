"""How full the cluster is, as bars with figures."""

from __future__ import annotations

from pvccore.model.cluster import Cluster
from pvccore.model.struct import Struct
from pvctui.rows.lines import Line
from pvctui.rows.pulse import Pulse, busy_share
from pvctui.widgets.meter import bar, percent, sparkline, usage
from pvctui.widgets.rows import Cell

NEARLY_FULL = 0.9
BYTES_PER_MB = 1024 * 1024
LABEL_WIDTH = 12
FIGURES_WIDTH = 12


class Capacity(Struct, frozen=True, kw_only=True):
    """What the nodes that are heard have, and what of it is used and given out; memory in MB."""

    nodes: int = 0
    total_mb: int = 0
    used_mb: int = 0
    provisioned_mb: int = 0
    vcpus: int = 0
    vcpus_given: int = 0


def capacity_of(cluster: Cluster) -> Capacity:
    """The sums over nodes that are alive and all VMs that count."""
    heard = [node.report for node in cluster.nodes.values() if node.is_alive and node.report.memory_total_mb]
    counted = [vm for vm in cluster.vms.values() if vm.takes_memory]
    return Capacity(
        nodes=len(heard),
        total_mb=sum(report.memory_total_mb for report in heard),
        used_mb=sum(report.memory_total_mb - report.memory_free_mb for report in heard),
        provisioned_mb=sum(vm.memory_mb for vm in counted),
        vcpus=sum(report.vcpus for report in heard),
        vcpus_given=sum(vm.definition.vcpus for vm in counted),
    )


def capacity_lines(capacity: Capacity, cluster: Cluster, pulse: Pulse, width: int) -> list[Line]:
    """One line per measure, in exactly this width."""
    if not capacity.nodes:
        return [(("no node has reported yet", "dim"),)]
    bar_width = max(4, width - LABEL_WIDTH - FIGURES_WIDTH - 2)
    memory, given = capacity.used_mb / capacity.total_mb, capacity.provisioned_mb / capacity.total_mb
    cpu = busy_share(cluster)
    return [
        _line("memory used", bar(memory, bar_width), usage(capacity.used_mb, capacity.total_mb), memory),
        _line("provisioned", bar(given, bar_width), usage(capacity.provisioned_mb, capacity.total_mb), given),
        _line("vCPUs given", _vcpu_bar(capacity, bar_width), f"{capacity.vcpus_given}/{capacity.vcpus}", 0),
        _line("cpu", sparkline(pulse.cluster, bar_width, highest=1.0), percent(cpu), cpu or 0),
        _storage(cluster, bar_width),
    ]


def _storage(cluster: Cluster, bar_width: int) -> Line:
    """What Ceph has used of all it has."""
    status = cluster.storage.status
    if not status.total_bytes:
        return (("storage".ljust(LABEL_WIDTH), "dim"), ("no storage report yet", "dim"))
    used = status.used_bytes / status.total_bytes
    figures = usage(status.used_bytes / BYTES_PER_MB, status.total_bytes / BYTES_PER_MB)
    return _line("storage", bar(used, bar_width), figures, used)


def _vcpu_bar(capacity: Capacity, width: int) -> str:
    """VCPUs may be given out more than once: beyond that the bar is full."""
    return bar(min(1.0, capacity.vcpus_given / capacity.vcpus) if capacity.vcpus else None, width)


def _line(label: str, picture: str, figures: str, fraction: float) -> Line:
    shown: Cell = (picture, "warn") if fraction >= NEARLY_FULL else picture
    return ((label.ljust(LABEL_WIDTH), "dim"), shown, f"  {figures.rjust(FIGURES_WIDTH)}")
