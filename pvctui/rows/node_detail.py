"""Everything the console says of one node, tab by tab."""

from __future__ import annotations

from pvccore.model.cluster import VmStatus
from pvccore.model.node import Node
from pvctui.rows.bmc_words import bmc_pieces
from pvctui.rows.forecast_lines import forecast_lines
from pvctui.rows.journal_lines import journal_lines
from pvctui.rows.lines import BLANK, Line, in_column, labelled, many
from pvctui.rows.log_lines import log_tab
from pvctui.rows.moments import ago
from pvctui.rows.node_rows import node_state, node_why, provisioned_mb, readiness_word, waits_words
from pvctui.rows.statuses import by_name
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.rows.vm_rows import status_cell
from pvctui.widgets.meter import UNKNOWN, size, usage
from pvctui.widgets.rows import Cell

MOST_VMS_LISTED = 200
MOST_WAITS_LISTED = 20


def node_tabs(name: str, view: View) -> list[Tab]:
    """The tabs of a node's detail; the fence comes first while there is one."""
    node = view.cluster.nodes.get(name)
    if node is None:
        return [Tab(title="Gone", lines=lambda: [(("this node is not registered any more", "dim"),)])]
    tabs = [
        Tab(title="Summary", lines=lambda: _summary(node, view)),
        Tab(title="If it died", lines=lambda: forecast_lines(name, view.cluster)),
        Tab(title="VMs", lines=lambda: _vms(node, view)),
        Tab(title="Journal", lines=lambda: journal_lines(view, lambda entry: entry.node == name)),
        log_tab(f"node {name}", view),
    ]
    fence = Tab(title="Fence", lines=lambda: _fence(node, view))
    return [fence, *tabs] if node.fence.under_way else [*tabs, fence]


def _fence(node: Node, view: View) -> list[Line]:
    from pvctui.rows.fence_lines import fence_steps

    return fence_steps(node, view)


def _summary(node: Node, view: View) -> list[Line]:
    state = node_state(node)
    report, config = node.report, node.config
    heard = node.is_alive
    lines: list[Line] = [labelled("state", (f"{state.glyph} {state.word}", state.state))]
    lines += _why(node, view)
    if view.on_way.get(node.name):
        lines.append(labelled("on its way", (view.on_way[node.name], "busy")))
    used_mb = report.memory_total_mb - report.memory_free_mb if heard and report.memory_total_mb else None
    given_mb = provisioned_mb(view.cluster, view.book.on_node(node.name))
    lines += [
        labelled("readiness", readiness_word(node), _asked(node)),
        labelled("VMs", *_counts(node, view)),
        BLANK,
        labelled("used", usage(used_mb, report.memory_total_mb or None)),
        labelled("provisioned", usage(given_mb, report.memory_total_mb or None)),
        labelled("load", f"{report.load:.2f}" if heard else UNKNOWN, f" on {report.vcpus} vCPUs"),
        labelled("hypervisor", _health(report.hypervisor_error, heard=heard)),
        labelled("storage", _health(report.storage_error, heard=heard)),
        labelled("report", f"{ago(report.at, view.now_s)} ago" if report.at else "none yet"),
        BLANK,
        labelled("role", config.role.value, (", holds the manager lease", "ok") if _manages(node, view) else ""),
        labelled("fenced by", *_agents(node)),
        labelled("BMC tested", *bmc_pieces(node, view)),
        labelled("watchdog", "armed" if node.presence.watchdog_armed else "not armed"),
        labelled(
            "addresses", f"storage {config.storage_address or UNKNOWN}, migration {config.migration_address or UNKNOWN}"
        ),
    ]
    if report.unknown_domains:
        strangers = f"{many(len(report.unknown_domains), 'domain')} the cluster does not know; never touched"
        lines.append(labelled("strangers", (strangers, "warn")))
    return lines


def _why(node: Node, view: View) -> list[Line]:
    """Why it is as it is; what a flush or a return still waits for, a line each."""
    why, waits = node_why(node, view), node.readiness.waits_for
    if not waits or why != waits_words(waits):
        return [labelled("why", why)] if why else []
    lines = [labelled("" if place else "waits for", one) for place, one in enumerate(waits[:MOST_WAITS_LISTED])]
    left = len(waits) - MOST_WAITS_LISTED
    return [*lines, labelled("", (f"and {left} more", "dim"))] if left > 0 else lines


def _asked(node: Node) -> str:
    readiness = node.readiness
    by = f"  by {readiness.by}" if readiness.by else ""
    return by + (f": {readiness.reason}" if readiness.reason else "")


def _counts(node: Node, view: View) -> list[Cell]:
    counts = view.book.counts_on(node.name)
    if not counts:
        return ["none"]
    pieces: list[Cell] = []
    for status, number in sorted(counts.items(), key=lambda pair: -pair[1]):
        state = {VmStatus.UNKNOWN: "bad", VmStatus.PARKED: "warn", "failed": "bad"}.get(status, "")
        pieces += [", " if pieces else "", (f"{number} {status.replace('_', ' ')}", state)]
    return pieces


def _manages(node: Node, view: View) -> bool:
    return bool(view.cluster.manager) and view.cluster.manager == node.name


def _health(error: str, *, heard: bool) -> Cell:
    if not heard:
        return (UNKNOWN, "dim")
    return (error, "bad") if error else ("ok", "ok")


def _agents(node: Node) -> list[Cell]:
    agents = node.config.fence_agents
    if not agents:
        return [("nothing: it can't be fenced", "warn")]
    return [", then ".join(f"{agent.kind} {agent.address}".strip() for agent in agents)]


def _vms(node: Node, view: View) -> list[Line]:
    here = by_name(view.cluster, view.book.on_node(node.name))
    if not here:
        return [(("no VM is placed here", "dim"),)]
    column = in_column(view.cluster.vms[uuid].name for uuid in here)
    lines: list[Line] = []
    for uuid in here[:MOST_VMS_LISTED]:
        vm = view.cluster.vms[uuid]
        lines.append((f"{column(vm.name)}  ", f"{size(vm.memory_mb).rjust(6)}  ", status_cell(view.book.status(uuid))))
    if len(here) > MOST_VMS_LISTED:
        lines.append(((f"and {len(here) - MOST_VMS_LISTED} more", "dim"),))
    return lines
