"""Nodes as rows of a list and cells of the map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pvccore.model.cluster import Cluster, VmStatus
from pvccore.model.fence import FencePhase
from pvccore.model.naming import natural, natural_items
from pvccore.model.node import Node, ReadinessState, WantedReadiness
from pvccore.model.struct import Struct
from pvctui.rows.forecast_lines import death_cell
from pvctui.rows.lines import many
from pvctui.rows.view import View
from pvctui.widgets.meter import UNKNOWN, age, bar, usage
from pvctui.widgets.node_map import LONGEST_TEXT, NodeCell
from pvctui.widgets.rows import Align, Cell, Column, Measure, Row

BAR_WIDTH = 6
FIGURES_WIDTH = 9
USED_WIDTH = BAR_WIDTH + 1 + FIGURES_WIDTH

NODE_COLUMNS = (
    Column(key="name", title="NAME", width=10, min_width=7, max_width=24, weight=1, pinned=True),
    Column(key="state", title="STATE", width=14),
    Column(key="readiness", title="READINESS", width=9),
    Column(key="role", title="ROLE", width=11, from_width=142),
    Column(key="vms", title="VMS", width=4, align=Align.RIGHT),
    Column(key="memory", title="MEMORY USED", width=USED_WIDTH, measure=Measure.MEBIBYTES),
    Column(key="provisioned", title="PROVISIONED", width=USED_WIDTH, from_width=128, measure=Measure.MEBIBYTES),
    Column(key="load", title="LOAD", width=5, align=Align.RIGHT),
    Column(key="vcpus", title="VCPUS", width=8, align=Align.RIGHT, from_width=110),
    Column(key="hypervisor", title="HYPERVISOR", width=10, from_width=168),
    Column(key="storage", title="STORAGE", width=10, from_width=168),
    Column(key="n1", title="N−1", width=9, from_width=85),
    Column(key="age", title="REPORT", width=6, align=Align.RIGHT, measure=Measure.SECONDS, from_width=74),
    Column(key="why", title="WHY", width=10, weight=3, from_width=98, sortable=False),
)

PHASE_WORDS = {
    FencePhase.NONE: "none",
    FencePhase.REQUESTED: "requested",
    FencePhase.OFF_SENT: "off sent",
    FencePhase.POWERED_OFF: "powered off",
    FencePhase.RECOVERING: "recovering",
    FencePhase.RECOVERED: "recovered",
    FencePhase.FAILED: "fence failed",
}


class NodeState(Struct, frozen=True, kw_only=True):
    """The one word for a node, its glyph for the map, and the name of its colour."""

    word: str
    glyph: str
    state: str


def node_state(node: Node) -> NodeState:
    """What a node is, the worst first."""
    if node.fence.phase is FencePhase.FAILED:
        return NodeState(word="fence failed", glyph="✗", state="bad")
    if node.fence.phase is FencePhase.RECOVERED:
        return NodeState(word="fenced", glyph="✗", state="warn")
    if node.fence.under_way:
        return NodeState(word="being fenced", glyph="✗", state="bad")
    if node.is_silent:
        return NodeState(word="silent", glyph="✗", state="bad")
    if node.is_unsupervised:
        return NodeState(word="unsupervised", glyph="▲", state="warn")
    if node.said_goodbye:
        return NodeState(word="off", glyph="○", state="dim")
    if node.alive is None:
        return NodeState(word="never seen", glyph="○", state="dim")
    if not node.is_healthy:
        return NodeState(word="unhealthy", glyph="■", state="bad")
    if node.report.unfit:
        return NodeState(word="live", glyph="◇", state="warn")
    glyph = "●" if node.is_ready else "◇"
    return NodeState(word="live", glyph=glyph, state="ok" if node.is_ready else "")


def fenced_nodes(cluster: Cluster) -> list[Node]:
    """The nodes with a fence, those where something still has to happen first."""
    found = [node for node in cluster.nodes.values() if node.fence.under_way]
    return sorted(found, key=lambda node: (not node.fence.unfinished, node.fence.since, natural(node.name)))


def readiness_word(node: Node) -> Cell:
    """Whether it takes VMs."""
    readiness = node.readiness
    if readiness.state in (ReadinessState.FLUSHING, ReadinessState.READYING):
        return (readiness.state.value, "busy")
    if readiness.wanted is WantedReadiness.FLUSHED and readiness.state is ReadinessState.READY:
        return ("flushing", "busy")
    return (readiness.state.value, "warn" if readiness.state is ReadinessState.FLUSHED else "")


def node_why(node: Node, view: View) -> str:
    """Why a node is as it is, in words; empty when there is nothing to say."""
    state = node_state(node)
    if node.fence.under_way:
        error = f": {node.fence.error}" if node.fence.error else ""
        return f"round {node.fence.round}, {PHASE_WORDS[node.fence.phase]}{error}"
    if node.is_silent:
        held = view.cluster.maintenance.on
        return "gone without a goodbye" + (", not fenced: maintenance" if held else "")
    if node.is_unsupervised:
        return "its daemon was stopped; its VMs run on unwatched"
    if node.said_goodbye:
        return "shut down in good order"
    if state.word == "unhealthy":
        return node.report.hypervisor_error or node.report.storage_error
    if node.report.unfit:
        return f"takes no VM: {node.report.unfit}"
    if node.readiness.waits_for:
        return waits_words(node.readiness.waits_for)
    return node.readiness.reason if not node.is_ready else ""


def waits_words(waits_for: Sequence[str]) -> str:
    """What a flush or a return still waits for, in one line."""
    return "waits for " + "; ".join(waits_for)


def provisioned_mb(cluster: Cluster, uuids: Iterable[str]) -> int:
    """Defined memory of the VMs that count against their node."""
    vms = (cluster.vms.get(uuid) for uuid in uuids)
    return sum(vm.memory_mb for vm in vms if vm is not None and vm.takes_memory)


def rows_of_nodes(view: View, names: Iterable[str] | None = None) -> list[Row]:
    """The rows of these nodes, or of all."""
    nodes = view.cluster.nodes
    wanted = nodes if names is None else names
    return [_row(nodes[name], view) for name in wanted if name in nodes]


def _row(node: Node, view: View) -> Row:
    report, heard = node.report, node.is_alive
    state = node_state(node)
    here = view.book.on_node(node.name)
    used_mb = report.memory_total_mb - report.memory_free_mb if heard and report.memory_total_mb else None
    total_mb = report.memory_total_mb or None
    given_mb = provisioned_mb(view.cluster, here)
    given_vcpus = sum(view.cluster.vms[uuid].definition.vcpus for uuid in here if view.cluster.vms[uuid].is_active)
    report_age_s = view.now_s - report.at if report.at else None
    why = view.on_way.get(node.name) or node_why(node, view)
    shown = (
        (node.name, node.name),
        ((f"{state.glyph} {state.word}", state.state), state.word),
        (readiness_word(node), node.readiness.state.value),
        (node.config.role.value, node.config.role.value),
        (str(len(here)), len(here)),
        (_used(used_mb, total_mb), used_mb),
        (_used(given_mb, total_mb), given_mb),
        (f"{report.load:.1f}" if heard else UNKNOWN, report.load if heard else None),
        (f"{given_vcpus}/{report.vcpus}", given_vcpus),
        (_health(report.hypervisor_error, heard=heard), report.hypervisor_error),
        (_health(report.storage_error, heard=heard), report.storage_error),
        (death_cell(node, view.cluster.forecast), view.cluster.forecast.parked.get(node.name, 0)),
        ((age(report_age_s), "" if heard else "dim"), report_age_s),
        ((f"→ {why}", "busy") if node.name in view.on_way else (why, state.state if why else ""), why),
    )
    return Row(
        key=node.name,
        cells=tuple(cell for cell, _ in shown),
        values=tuple(value for _, value in shown),
        fields={"alive": "yes" if heard else "no", "storage_address": node.config.storage_address},
    )


def _used(used_mb: float | None, total_mb: float | None) -> str:
    fraction = used_mb / total_mb if used_mb is not None and total_mb else None
    return f"{bar(fraction, BAR_WIDTH)} {usage(used_mb, total_mb).rjust(FIGURES_WIDTH)}"


def _health(error: str, *, heard: bool) -> Cell:
    if not heard:
        return (UNKNOWN, "dim")
    return (error, "bad") if error else "ok"


def map_of_nodes(view: View) -> list[NodeCell]:
    """The nodes as cells of the map, by name."""
    return [_cell(node, view) for _, node in natural_items(view.cluster.nodes)]


def _cell(node: Node, view: View) -> NodeCell:
    state = node_state(node)
    report = node.report
    fraction = None
    if report.memory_total_mb and not node.said_goodbye and not node.fence.proven_off:
        fraction = 1 - report.memory_free_mb / report.memory_total_mb
    return NodeCell(
        name=node.name, glyph=state.glyph, state=state.state, memory_used=fraction, text=_map_text(node, state, view)
    )


def _map_text(node: Node, state: NodeState, view: View) -> str:
    counts = view.book.counts_on(node.name)
    total = sum(counts.values())
    if counts[VmStatus.UNKNOWN]:
        return f"{counts[VmStatus.UNKNOWN]} unknown"
    if state.word in ("off", "never seen", "fenced"):
        return state.word
    if node.fence.unfinished:
        return PHASE_WORDS[node.fence.phase]
    if not node.is_ready:
        whole = f"{node.readiness.state}, {many(total, 'VM')}" if total else node.readiness.state.value
        return whole if len(whole) <= LONGEST_TEXT else f"{node.readiness.state}, {total}"
    return many(total, "VM")
