"""Forecasts: what would become of a node's VMs if it died now, and whether any single node may die (N−1).

They are made by the very rules of recovery, so that what is said beforehand is what is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pvccore.model.cluster import Cluster
from pvccore.model.fence import Fence, FencePhase
from pvccore.model.forecast import Forecast
from pvccore.model.node import Node, Readiness
from pvccore.model.struct import Struct, replace
from pvccore.model.vm import Placement, Vm
from pvccore.plan.effects import Step
from pvccore.plan.placement import Rooms
from pvccore.plan.recovery import plan_recovery


class NodeForecast(Struct, frozen=True, kw_only=True):
    """What a node's death would do.

    placed: VM's name → the node that would take it. parked: VM's name → why none would.
    steps: what recovery would commit.
    """

    node: str
    placed: Mapping[str, str]
    parked: Mapping[str, str]
    steps: Sequence[Step]

    @property
    def survives(self) -> bool:
        """Whether all its VMs would run elsewhere."""
        return not self.parked

    @property
    def per_target(self) -> dict[str, int]:
        """Node → how many of the VMs it would take, the most first."""
        counts: dict[str, int] = {}
        for target in self.placed.values():
            counts[target] = counts.get(target, 0) + 1
        return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def forecast_node(cluster: Cluster, name: str) -> NodeForecast:
    """What would become of the VMs of `name` if it died now; raises NotFound."""
    node = cluster.node(name)
    vms = [vm for vm in cluster.vms.values() if name in vm.placement.assigned_to]
    return _forecast(cluster, node, vms, Rooms(cluster))


def forecast_nodes(cluster: Cluster) -> dict[str, NodeForecast]:
    """The forecast of every node that is not fenced already: each dies alone."""
    return {forecast.node: forecast for forecast in each_forecast(cluster)}


def each_forecast(cluster: Cluster) -> Iterator[NodeForecast]:
    """The same one by one, by name, for who has other things to do in between."""
    rooms = Rooms(cluster)
    assigned: dict[str, list[Vm]] = {name: [] for name in cluster.nodes}
    for vm in cluster.vms.values():
        for name in vm.placement.assigned_to:
            assigned.setdefault(name, []).append(vm)
    for name, node in sorted(cluster.nodes.items()):
        if not node.fence.under_way:
            yield _forecast(cluster, node, assigned[name], rooms)


def short_form(forecasts: Mapping[str, NodeForecast], wall_s: float) -> Forecast:
    """What is stored of the forecasts of all nodes, for screens and scripts."""
    failing = {name: forecast for name, forecast in forecasts.items() if not forecast.survives}
    return Forecast(
        at=wall_s,
        nodes=len(forecasts),
        parked={name: len(forecast.parked) for name, forecast in failing.items()},
        reasons={name: _first(forecast.parked) for name, forecast in failing.items()},
    )


def after(cluster: Cluster, steps: Iterable[Step], *, without: str = "") -> Cluster:
    """The cluster as it would be once `steps` are carried out; without: the node that is dead then.

    Good for the next question: may another node die after this one, or after a flush?
    """
    vms, nodes = dict(cluster.vms), dict(cluster.nodes)
    for write in (write for step in steps if step.change is not None for write in step.change.writes):
        if isinstance(write.after, Placement) and write.key in vms:
            vms[write.key] = replace(vms[write.key], placement=write.after)
        if isinstance(write.after, Readiness) and write.key in nodes:
            nodes[write.key] = replace(nodes[write.key], readiness=write.after)
    if without in nodes:
        nodes[without] = _dead(nodes[without])
    return replace(cluster, vms=vms, nodes=nodes)


def _forecast(cluster: Cluster, node: Node, vms: Sequence[Vm], rooms: Rooms) -> NodeForecast:
    """The recovery of `vms`, all that have to do with `node`, tried out in a copy of `rooms`."""
    its_own = replace(cluster, vms={vm.uuid: vm for vm in vms})
    steps = plan_recovery(its_own, _dead(node), rooms.copy())
    placed: dict[str, str] = {}
    parked: dict[str, str] = {}
    for write in (write for step in steps if step.change is not None for write in step.change.writes):
        name = its_own.vms[write.key].name
        if isinstance(write.after, Placement) and write.after.parked_on:
            parked[name] = write.after.why
        elif isinstance(write.after, Placement) and write.after.node != node.name:
            placed[name] = write.after.node
    return NodeForecast(node=node.name, placed=placed, parked=parked, steps=steps)


def _dead(node: Node) -> Node:
    return replace(node, alive=None, fence=Fence(version=node.fence.version, phase=FencePhase.RECOVERING))


def _first(parked: Mapping[str, str]) -> str:
    name = min(parked)
    return f"{name}: {parked[name]}"
