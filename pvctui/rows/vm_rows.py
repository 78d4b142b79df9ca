"""VMs as rows of a list."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pvccore.model.cluster import VmStatus
from pvccore.model.node import Node
from pvccore.model.vm import Vm, VmState, Wanted
from pvctui.rows.node_rows import PHASE_WORDS
from pvctui.rows.view import View
from pvctui.widgets.meter import UNKNOWN, percent, sparkline, usage
from pvctui.widgets.rows import Align, Cell, Column, Measure, Row, Value

SPARK_WIDTH = 5

VM_COLUMNS = (
    Column(key="name", title="NAME", width=12, min_width=10, max_width=28, weight=1, pinned=True),
    Column(key="status", title="STATUS", width=12, min_width=11, max_width=15, weight=1),
    Column(key="wanted", title="WANTED", width=8, from_width=130),
    Column(key="node", title="NODE", width=9, min_width=7, max_width=20, weight=1),
    Column(key="previous", title="PREVIOUS", width=9, from_width=108),
    Column(key="cpu", title="CPU", width=5, align=Align.RIGHT),
    Column(key="trend", title="", width=SPARK_WIDTH, from_width=90, sortable=False),
    Column(key="memory", title="MEMORY", width=9, min_width=8, align=Align.RIGHT, measure=Measure.MEBIBYTES),
    Column(key="limit", title="LIMIT", width=12, max_width=24, weight=1, from_width=92),
    Column(key="selector", title="SELECTOR", width=8, from_width=140),
    Column(key="restart", title="RESTART", width=7, from_width=150),
    Column(key="tags", title="TAGS", width=10, max_width=24, weight=1, from_width=160),
    Column(key="why", title="WHY", width=12, min_width=6, weight=4, sortable=False),
)
VM_FIELDS = ("uuid", "description")

STATUS_LOOK = {
    VmState.RUNNING: ("●", "ok"),
    VmState.STARTING: ("→", "busy"),
    VmState.MIGRATING: ("→", "busy"),
    VmState.SHUTTING_DOWN: ("→", "busy"),
    VmState.RESTARTING: ("→", "busy"),
    VmState.PAUSED: ("‖", "warn"),
    VmState.STOPPED: ("○", "dim"),
    VmState.FAILED: ("✗", "bad"),
    VmStatus.PARKED: ("■", "warn"),
    VmStatus.DISABLED: ("○", "dim"),
    VmStatus.UNKNOWN: ("?", "bad"),
}
FITTING = {Wanted.RUNNING: VmState.RUNNING, Wanted.STOPPED: VmState.STOPPED, Wanted.DISABLED: VmStatus.DISABLED}


@lru_cache(maxsize=64)
def status_cell(status: str) -> Cell:
    """A status with its glyph and colour."""
    glyph, state = STATUS_LOOK.get(status, ("?", ""))
    return (f"{glyph} {status.replace('_', ' ')}", state)


def vm_why(vm: Vm, status: str, node: Node | None) -> str:
    """Why a VM is as it is, in words; empty when there is nothing to say."""
    placement = vm.placement
    if status == VmStatus.PARKED:
        return placement.why
    if status == VmState.FAILED:
        return placement.failure
    if status == VmStatus.UNKNOWN:
        return _why_unknown(vm, node)
    if placement.migration is not None:
        migration = placement.migration
        return f"to {migration.target}" + (f": {migration.error}" if migration.error else "")
    if placement.request is not None:
        return f"{placement.request.verb} asked by {placement.request.by}"
    if status == VmState.STOPPED and placement.wanted is Wanted.RUNNING:
        return f"waits for {placement.node or 'a node'} to start it"
    if status == VmState.RUNNING and placement.previous_node:
        return f"home: {placement.previous_node}"
    return ""


def _why_unknown(vm: Vm, node: Node | None) -> str:
    if node is None:
        return f"its node {vm.placement.node or '–'} is not registered"
    if node.fence.under_way:
        return f"fencing {node.name}: {PHASE_WORDS[node.fence.phase]}"
    return f"{node.name} is silent"


def rows_of_vms(view: View, uuids: Iterable[str] | None = None) -> list[Row]:
    """The rows of these VMs, or of all; what is not in the cluster has none."""
    vms = view.cluster.vms
    wanted = vms if uuids is None else uuids
    return [_row(vms[uuid], view) for uuid in wanted if uuid in vms]


def _row(vm: Vm, view: View) -> Row:
    """A VM's row. Ten thousand of these are made at the start: cells and values are written out, not zipped."""
    definition, placement = vm.definition, vm.placement
    status = view.book.status(vm.uuid)
    why = vm_why(vm, status, view.cluster.nodes.get(placement.node))
    name = definition.name or vm.uuid
    limit, tags = ",".join(definition.node_limit), " ".join(definition.tags)
    wanted = placement.wanted.value if _differs(placement.wanted, status) else ""
    selector = definition.node_selector.value
    domain = view.book.domain(vm.uuid, placement.node) if vm.is_active else None
    cores = domain.cpu if domain else None
    cells: tuple[Cell, ...] = (
        name if definition.name else (name, "warn"),
        status_cell(status),
        wanted,
        _node_text(vm),
        placement.previous_node,
        _cpu(vm, cores),
        _trend(vm, view) if domain else "",
        _memory(domain.memory_mb if domain else None, definition.memory_mb),
        limit or ("any", "dim"),
        selector,
        "yes" if definition.autorestart else "no",
        tags,
        _why_cell(vm, why, status, view),
    )
    values: tuple[Value, ...] = (
        name,
        status,
        wanted,
        placement.node,
        placement.previous_node,
        cores,
        None,
        definition.memory_mb,
        limit,
        selector,
        definition.autorestart,
        tags,
        why,
    )
    fields = {"uuid": vm.uuid, "description": definition.description}
    return Row(key=vm.uuid, cells=cells, values=values, fields=fields)


@lru_cache(maxsize=65536)
def _memory(used_mb: int | None, defined_mb: int) -> str:
    return usage(used_mb, defined_mb)


def _differs(wanted: Wanted, status: str) -> bool:
    return FITTING[wanted] != status


def _node_text(vm: Vm) -> str:
    migration = vm.placement.migration
    if migration is not None and migration.target != vm.placement.node:
        return f"{vm.placement.node}→{migration.target}"
    return vm.placement.node


def _cpu(vm: Vm, cores: float | None) -> Cell:
    return (UNKNOWN, "dim") if cores is None else percent(cores / max(vm.definition.vcpus, 1))


def _trend(vm: Vm, view: View) -> str:
    return sparkline(view.pulse.vm(vm.uuid), SPARK_WIDTH, highest=max(vm.definition.vcpus, 1))


def _why_cell(vm: Vm, why: str, status: str, view: View) -> Cell:
    on_way = view.on_way.get(vm.uuid)
    if on_way:
        return (f"→ {on_way}", "busy")
    state = STATUS_LOOK.get(status, ("", ""))[1]
    return (why, "dim" if state == "ok" else state) if why else ""
