"""Maintenance in words: the banner while it is on, and what turning it on or off means now."""

from __future__ import annotations

from pvccore.model.cluster import Cluster, VmStatus
from pvccore.model.fence import FencePhase
from pvccore.model.naming import natural, natural_items
from pvctui.rows.lines import BLANK, Line, many
from pvctui.rows.moments import hour
from pvctui.rows.view import View

MOST_NODES_NAMED = 6
ON_MEANS = (
    "While it is on, no node is fenced: VMs of a node that dies stay down",
    "until it is off again, or you fence the node yourself.",
)


def maintenance_banner(view: View) -> Line:
    """The line that is there only while maintenance is on."""
    maintenance = view.cluster.maintenance
    by = f" · by {maintenance.by}" if maintenance.by else ""
    since = f" since {hour(maintenance.since, view.now_s)}" if maintenance.since else ""
    reason = f" · {maintenance.reason}" if maintenance.reason else ""
    # What it means stands before who and why: those may be cut.
    return ((f"MAINTENANCE{since}", "strong"), f" · {_in_force(view.cluster)}{by}{reason}")


def _in_force(cluster: Cluster) -> str:
    """Whether every living daemon has acknowledged it."""
    version = cluster.maintenance.version
    late = [n.name for n in cluster.nodes.values() if n.is_alive and n.presence.maintenance_acknowledged < version]
    if not late:
        return "nobody is fenced"
    more = f" and {len(late) - 1} more" if len(late) > 1 else ""
    return f"nobody is fenced; unacknowledged by {min(late)}{more}"


def turning_on_lines(cluster: Cluster) -> list[Line]:
    """What it means to turn it on now."""
    lines: list[Line] = [(text,) for text in ON_MEANS]
    fenced = sorted((n for n in cluster.nodes.values() if n.fence.under_way), key=lambda node: natural(node.name))
    under_way = [_under_way(node.name, node.fence.phase) for node in fenced if node.fence.unfinished]
    if under_way:
        lines += [BLANK, ("Fences under way:",), *((text,) for text in under_way[:MOST_NODES_NAMED])]
    return lines


def _under_way(name: str, phase: FencePhase) -> str:
    if phase is FencePhase.REQUESTED:
        return f"  {name}: its fence is held, no power off will be sent."
    if phase is FencePhase.OFF_SENT:
        return f"  {name} (off sent): its power is only read; once off, its VMs recover."
    if phase is FencePhase.FAILED:
        return f"  {name}: its failed fence is not tried again."
    return f"  {name}: it is off already, its VMs recover."


def turning_off_lines(view: View) -> list[Line]:
    """What it means to turn it off now: who would be fenced."""
    cluster = view.cluster
    silent = [name for name, node in natural_items(cluster.nodes) if node.is_silent]
    polite = [name for name, node in natural_items(cluster.nodes) if node.said_goodbye]
    grace_s = cluster.settings.after_maintenance_s
    lines: list[Line] = []
    for name in silent[:MOST_NODES_NAMED]:
        unknown = view.book.counts_on(name)[VmStatus.UNKNOWN]
        lines.append(
            (
                (name, "bad"),
                f" is silent: it gets {grace_s:g} s of grace and will then be fenced ({many(unknown, 'VM')}).",
            )
        )
    if len(silent) > MOST_NODES_NAMED:
        lines.append((f"and {len(silent) - MOST_NODES_NAMED} more silent nodes likewise.",))
    lines += [(f"{name} said goodbye and will not be fenced.",) for name in polite[:MOST_NODES_NAMED]]
    return [*(lines or [("No node is silent now: nobody would be fenced.",)]), *_failing_bmcs(cluster)]


def _failing_bmcs(cluster: Cluster) -> list[Line]:
    """Whom nobody could fence afterwards."""
    from pvccore.plan.bmc_tests import failing_bmcs

    failing = failing_bmcs(cluster)
    named = failing[:MOST_NODES_NAMED]
    told: list[Line] = [((f"The BMC of {one.name} fails its test", "warn"), f": {one.bmc.error}.") for one in named]
    left = len(failing) - MOST_NODES_NAMED
    return [*told, (f"and {many(left, 'more BMC')} likewise.",)] if left > 0 else told
