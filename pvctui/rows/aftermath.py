"""What a flush leaves behind: how long it may take, and whether any single node may die afterwards."""

from __future__ import annotations

from collections.abc import Mapping

from pvccore.model.cluster import Cluster
from pvccore.model.naming import natural_items
from pvccore.model.node import ReadinessState, WantedReadiness
from pvccore.model.struct import replace
from pvccore.model.vm import Vm, VmState
from pvccore.plan.forecast import forecast_nodes
from pvccore.plan.preview import Preview
from pvctui.rows.lines import Line, many
from pvctui.widgets.meter import age

MB_PER_S = 1000
"""How fast a live migration copies memory where nothing is known: a 10 Gb/s link, nearly filled."""
EACH_TAKES_S = 2
MOST_NAMED = 4


def estimated_s(moves: Preview, cluster: Cluster) -> float:
    """How long the moves take, so many at a time; a guess from the size of the memories alone."""
    vms = [vm for name in moves.moved if (vm := _found(cluster, name)) is not None]
    whole_s = sum(EACH_TAKES_S + (vm.memory_mb / MB_PER_S if vm.is_active else 0) for vm in vms)
    return whole_s / max(1, cluster.settings.migrations_per_node)


def after_flushes(cluster: Cluster, flushed: Mapping[str, Preview]) -> Cluster:
    """The cluster when these nodes are flushed, each by its plan."""
    nodes, vms = dict(cluster.nodes), dict(cluster.vms)
    for name, moves in flushed.items():
        node = nodes[name]
        readiness = replace(node.readiness, wanted=WantedReadiness.FLUSHED, state=ReadinessState.FLUSHED)
        nodes[name] = replace(node, readiness=readiness)
        for vm_name, target in moves.moved.items():
            _put(vms, cluster, vm_name, node=target, migration=None)
        for vm_name in moves.parked:
            _put(vms, cluster, vm_name, parked_on=name, state=VmState.STOPPED, migration=None)
    return replace(cluster, nodes=nodes, vms=vms)


def aftermath_lines(cluster: Cluster, flushed: Mapping[str, Preview]) -> list[Line]:
    """Takes a while in a large cluster: for a worker's thread."""
    at_a_time = cluster.settings.migrations_per_node
    longest_s = max((estimated_s(moves, cluster) for moves in flushed.values()), default=0.0)
    forecasts = forecast_nodes(after_flushes(cluster, flushed))
    failing = [name for name, one in natural_items(forecasts) if not one.survives]
    lines: list[Line] = []
    if any(moves.moved for moves in flushed.values()):
        lines.append((f"{at_a_time} at a time, about {age(longest_s)} if memory is copied at 1 GB/s each.",))
    if failing:
        named = ", ".join(failing[:MOST_NAMED]) + (" …" if len(failing) > MOST_NAMED else "")
        parked = sum(len(forecasts[name].parked) for name in failing)
        return [*lines, ("Afterwards ", ("N−1 does not hold", "warn"), f": {named} ({many(parked, 'VM')} parked).")]
    return [*lines, ("Afterwards ", ("N−1 holds", "ok"), ": any single node may die.")]


def _found(cluster: Cluster, name: str) -> Vm | None:
    return cluster.vms.get(cluster.names.get(name, ""))


def _put(vms: dict[str, Vm], cluster: Cluster, name: str, **changes: object) -> None:
    vm = _found(cluster, name)
    if vm is not None:
        vms[vm.uuid] = replace(vm, placement=replace(vm.placement, **changes))  # type: ignore[arg-type] # by name
