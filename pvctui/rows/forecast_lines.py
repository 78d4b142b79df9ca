"""N−1 in words: may a node die, and what would become of its VMs if it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pvccore.model.cluster import Cluster
from pvccore.model.errors import NotFound
from pvccore.model.forecast import Forecast
from pvccore.model.naming import natural_items
from pvccore.model.node import Node
from pvctui.rows.lines import BLANK, Line, in_column, many
from pvctui.widgets.meter import UNKNOWN
from pvctui.widgets.rows import Cell

if TYPE_CHECKING:
    from pvccore.plan.forecast import NodeForecast

MOST_VMS_LISTED = 100
MOST_PARKED_LISTED = 50


def header_part(forecast: Forecast) -> Line:
    """N−1 for the line that is always there; empty while nobody has worked it out."""
    if not forecast.is_known or not forecast.nodes:
        return ()
    if forecast.holds:
        return (("N−1 ", "dim"), "yes")
    first, *others = sorted(forecast.parked)
    more = f" +{len(others)}" if others else ""
    return (("N−1 ", "dim"), (f"no: {first}{more}", "warn"))


def death_cell(node: Node, forecast: Forecast) -> Cell:
    """Whether all VMs of a node would run elsewhere if it died; else how many would not."""
    if not forecast.is_known or node.fence.under_way:
        return (UNKNOWN, "dim")
    parked = forecast.parked.get(node.name, 0)
    return (f"{parked} parked", "warn") if parked else "yes"


def forecast_lines(name: str, cluster: Cluster) -> list[Line]:
    """What would become of a node's VMs if it died at this moment, worked out by the rules of recovery."""
    try:
        node = cluster.node(name)
    except NotFound:
        return [(("this node is not registered any more", "dim"),)]
    if node.fence.under_way:
        return [(("it is fenced already: see Fence for what becomes of its VMs", "dim"),)]
    from pvccore.plan.forecast import forecast_node

    return death_lines(forecast_node(cluster, name))


def death_lines(forecast: NodeForecast) -> list[Line]:
    """A forecast told: the sum first, then what would be parked and why, then where the others go."""
    placed, parked = forecast.placed, forecast.parked
    if not placed and not parked:
        return [("If it died now, nothing would be missed: no VM runs here.",)]
    total = len(placed) + len(parked)
    heading = f"If it died now, {_of(len(placed), total)} would run elsewhere"
    lines: list[Line] = [((f"{heading}.", "ok"),) if not parked else ((f"{heading},", "warn"),)]
    if parked:
        them = "them" if len(parked) > 1 else "it"
        lines += [((f"{len(parked)} would be parked until a node can take {them}:", "warn"),)]
        shown = natural_items(parked)[:MOST_PARKED_LISTED]
        lines += [(("■ ", "warn"), (name, "strong"), f"  {why}") for name, why in shown]
        lines += _rest(len(parked) - MOST_PARKED_LISTED)
    if placed:
        shares = ", ".join(f"{node} {count}" for node, count in forecast.per_target.items())
        column = in_column(placed)
        lines += [BLANK, (("where to: ", "label"), shares), BLANK]
        lines += [(f"{column(name)}  → {node}",) for name, node in natural_items(placed)[:MOST_VMS_LISTED]]
        lines += _rest(len(placed) - MOST_VMS_LISTED)
    return lines


def _of(part: int, total: int) -> str:
    if part == total:
        return f"its {total} VMs" if total > 1 else "its VM"
    return f"{part} of its {many(total, 'VM')}"


def _rest(left: int) -> list[Line]:
    return [((f"and {left} more", "dim"),)] if left > 0 else []
