"""What a verb on a node would do to its VMs, made by the rules that would then do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pvccore.model.cluster import Cluster
from pvccore.model.node import Node, ReadinessState, WantedReadiness
from pvccore.model.struct import Struct, replace
from pvccore.model.vm import Placement
from pvccore.plan.effects import Step
from pvccore.plan.flush import plan_flush
from pvccore.plan.forecast import forecast_node
from pvccore.plan.placement import Rooms
from pvccore.plan.readying import plan_ready
from pvccore.plan.watch import Watch

ALL_AT_ONCE = 1_000_000
"""Migrations at a time, so that one plan tells the whole."""


class Preview(Struct, frozen=True, kw_only=True):
    """moved: VM's name → the node that it would go to, or be started on. parked: VM's name → why no node takes it."""

    moved: Mapping[str, str]
    parked: Mapping[str, str]

    @property
    def lines(self) -> tuple[str, ...]:
        """One line per VM, by name; what is parked last."""
        moved = (f"{name} → {node}" for name, node in sorted(self.moved.items()))
        parked = (f"{name} is parked: {why}" for name, why in sorted(self.parked.items()))
        return (*moved, *parked)


def preview_flush(cluster: Cluster, name: str) -> Preview:
    """What a flush of the node would do; raises NotFound."""
    tried, node = _with_readiness(cluster, name, WantedReadiness.FLUSHED, ReadinessState.FLUSHING)
    return _of(tried, plan_flush(tried, node, Rooms(tried), Watch(now_s=0.0)).steps)


def preview_ready(cluster: Cluster, name: str) -> Preview:
    """What would come back if the node were made ready; raises NotFound."""
    tried, node = _with_readiness(cluster, name, WantedReadiness.READY, ReadinessState.READYING)
    return _of(tried, plan_ready(tried, node, Rooms(tried), Watch(now_s=0.0)).steps)


def preview_fence(cluster: Cluster, name: str) -> Preview:
    """What would become of the node's VMs if it were fenced; raises NotFound."""
    forecast = forecast_node(cluster, name)
    return Preview(moved=forecast.placed, parked=forecast.parked)


def _with_readiness(
    cluster: Cluster, name: str, wanted: WantedReadiness, state: ReadinessState
) -> tuple[Cluster, Node]:
    node = cluster.node(name)
    tried = replace(node, readiness=replace(node.readiness, wanted=wanted, state=state, waits_for=()))
    settings = replace(cluster.settings, migrations_per_node=ALL_AT_ONCE)
    return replace(cluster, nodes={**cluster.nodes, name: tried}, settings=settings), tried


def _of(cluster: Cluster, steps: Iterable[Step]) -> Preview:
    moved: dict[str, str] = {}
    parked: dict[str, str] = {}
    for write in (write for step in steps if step.change is not None for write in step.change.writes):
        after = write.after
        if not isinstance(after, Placement):
            continue
        name = cluster.vms[write.key].name
        if after.parked_on:
            parked[name] = after.why
        else:
            moved[name] = after.migration.target if after.migration is not None else after.node
    return Preview(moved=moved, parked=parked)
