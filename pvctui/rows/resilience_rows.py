"""What each node's death would mean, and how sure its fence is, as rows of a list."""

from __future__ import annotations

from collections.abc import Iterable

from pvccore.model.fence import Fence, FencePhase
from pvccore.model.node import Node, NodeRole
from pvctui.rows.bmc_words import bmc_cell
from pvctui.rows.forecast_lines import death_cell
from pvctui.rows.moments import ago
from pvctui.rows.node_rows import node_state
from pvctui.rows.view import View
from pvctui.widgets.meter import UNKNOWN, age
from pvctui.widgets.rows import Align, Cell, Column, Measure, Row

RESILIENCE_COLUMNS = (
    Column(key="name", title="NAME", width=10, min_width=8, max_width=24, weight=1, pinned=True),
    Column(key="state", title="STATE", width=14),
    Column(key="vms", title="VMS", width=4, align=Align.RIGHT),
    Column(key="death", title="IF IT DIED", width=13),
    Column(key="fence", title="LAST FENCE", width=13, measure=Measure.SECONDS),
    Column(key="bmc", title="BMC TESTED", width=10, measure=Measure.SECONDS, from_width=90),
    Column(key="manager", title="MANAGER", width=10, from_width=104),
    Column(key="agents", title="FENCED BY", width=20, max_width=34, weight=1, from_width=124),
    Column(key="why", title="WHY", width=12, min_width=8, weight=3, from_width=74, sortable=False),
)


def rows_of_resilience(view: View, names: Iterable[str] | None = None) -> list[Row]:
    """The rows of these nodes, or of all."""
    nodes = view.cluster.nodes
    wanted = nodes if names is None else names
    return [_row(nodes[name], view) for name in wanted if name in nodes]


def _row(node: Node, view: View) -> Row:
    forecast = view.cluster.forecast
    state = node_state(node)
    vms = len(view.book.on_node(node.name))
    parked = forecast.parked.get(node.name, 0)
    took_s = fence_took_s(node.fence)
    why = _why(node, view)
    agents = ", ".join(f"{agent.kind} {agent.address}".strip() for agent in node.config.fence_agents)
    shown = (
        (node.name, node.name),
        ((f"{state.glyph} {state.word}", state.state), state.word),
        (str(vms), vms),
        (_death(node, view), parked),
        (_last_fence(node.fence, view.now_s), took_s),
        (bmc_cell(node, view), view.now_s - node.bmc.at if node.bmc.is_known else None),
        (_manager(node, view), _manager(node, view)),
        (agents or ("nothing", "warn"), agents),
        ((why, "warn") if why else "", why),
    )
    return Row(
        key=node.name,
        cells=tuple(cell for cell, _ in shown),
        values=tuple(value if not isinstance(value, tuple) else value[0] for _, value in shown),
    )


def _why(node: Node, view: View) -> str:
    bmc = f"its BMC fails its test: {node.bmc.error}" if node.bmc.fails and node.config.bmcs else ""
    reason = view.cluster.forecast.reasons.get(node.name, "") if view.cluster.forecast.parked.get(node.name) else ""
    return "; ".join(filter(None, (bmc, reason)))


def _death(node: Node, view: View) -> Cell:
    cell = death_cell(node, view.cluster.forecast)
    return ("all elsewhere", "ok") if cell == "yes" else cell


def _last_fence(fence: Fence, now_s: float) -> Cell:
    if fence.under_way and fence.unfinished:
        return ("under way", "busy")
    took_s, ended_at = fence_took_s(fence), fence_ended_at(fence)
    if took_s is None:
        return ("none" if not fence.round else UNKNOWN, "dim")
    return f"{age(took_s)}, {ago(ended_at, now_s)} ago"


def fence_ended_at(fence: Fence) -> float:
    """When the last fence's VMs had all been settled; 0 for never."""
    return fence.times.get(FencePhase.RECOVERED.value, 0.0)


def fence_took_s(fence: Fence) -> float | None:
    """From the request of the last fence until its VMs had all been settled."""
    began_at = fence.times.get(FencePhase.REQUESTED.value, 0.0)
    ended_at = fence_ended_at(fence)
    return ended_at - began_at if began_at and ended_at >= began_at else None


def _manager(node: Node, view: View) -> Cell:
    if view.cluster.manager and view.cluster.manager == node.name:
        return ("manages", "ok")
    is_next = len(view.cluster.leases) > 1 and node.config.role is NodeRole.COORDINATOR and node.is_alive
    return ("stands by", "dim") if is_next else ""
