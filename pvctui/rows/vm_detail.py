"""Everything the console says of one VM, tab by tab."""

from __future__ import annotations

from pvccore.model.cluster import Cluster
from pvccore.model.vm import Vm
from pvccore.plan.placement import Rooms
from pvctui.rows.fetched import xml_wanted
from pvctui.rows.journal_lines import journal_lines
from pvctui.rows.lines import BLANK, Line, in_column, labelled, many
from pvctui.rows.log_lines import log_tab
from pvctui.rows.tabs import Tab
from pvctui.rows.view import View
from pvctui.rows.vm_disks import network_lines, volume_lines
from pvctui.rows.vm_rows import status_cell, vm_why
from pvctui.rows.xml_lines import fetched_lines
from pvctui.widgets.meter import UNKNOWN, percent, size, sparkline, usage
from pvctui.widgets.rows import Cell

SPARK_WIDTH = 24
MOST_NODES_LISTED = 200


def vm_tabs(uuid: str, view: View) -> list[Tab]:
    """The tabs of a VM's detail; one that says so when it is gone."""
    vm = view.cluster.vms.get(uuid)
    if vm is None:
        return [Tab(title="Gone", lines=lambda: [(("this VM is not defined any more", "dim"),)])]
    return [
        Tab(title="Summary", lines=lambda: _summary(vm, view)),
        Tab(title="Metadata", lines=lambda: _metadata(vm, view)),
        Tab(title="Volumes", lines=lambda: volume_lines(vm, view)),
        Tab(title="Networks", lines=lambda: network_lines(vm, view)),
        Tab(title="Placement", lines=lambda: placement_lines(vm, view.cluster)),
        _xml_tab(vm, view),
        Tab(title="Journal", lines=lambda: journal_lines(view, lambda entry: entry.vm == vm.name)),
        log_tab(f"vm {uuid}", view),
    ]


def _xml_tab(vm: Vm, view: View) -> Tab:
    """Its XML is read only when somebody looks at it."""
    key = xml_wanted(vm)
    fetched = view.fetched.get(key)
    is_wanted = fetched is None or fetched.is_worth_another_try(view.now_s)
    return Tab(title="XML", lines=lambda: fetched_lines(fetched), wants=key if is_wanted else "", is_text=True)


def _summary(vm: Vm, view: View) -> list[Line]:
    placement, definition = vm.placement, vm.definition
    status = view.book.status(vm.uuid)
    why = vm_why(vm, status, view.cluster.nodes.get(placement.node))
    on_way = view.on_way.get(vm.uuid)
    lines: list[Line] = [labelled("status", status_cell(status), _where(vm, status))]
    if why:
        lines.append(labelled("why", why))
    if on_way:
        lines.append(labelled("on its way", (on_way, "busy")))
    lines += [
        labelled("wanted", placement.wanted.value),
        labelled("node", placement.node or UNKNOWN, _previous(placement.previous_node)),
        BLANK,
        *_usage(vm, view),
        BLANK,
        labelled("volumes", *_listed(definition.volumes)),
        labelled("networks", *_listed(definition.networks)),
        labelled("description", definition.description or (UNKNOWN, "dim")),
        BLANK,
        ((vm.uuid, "dim"),),
    ]
    return lines


def _where(vm: Vm, status: str) -> str:
    if not vm.placement.node or status == "parked":
        return ""
    home = vm.placement.previous_node
    if status == "running":
        return f" on {vm.placement.node}" + (f", belongs on {home}" if home else ", where it belongs")
    return f" on {vm.placement.node}"


def _previous(name: str) -> Cell:
    return (f"   previous {name}", "dim") if name else ""


def _usage(vm: Vm, view: View) -> list[Line]:
    domain = view.book.domain(vm.uuid, vm.placement.node) if vm.is_active else None
    vcpus = max(vm.definition.vcpus, 1)
    memory = labelled("memory", usage(domain.memory_mb if domain else None, vm.memory_mb))
    if domain is None:
        return [labelled("vCPUs", str(vm.definition.vcpus)), memory]
    readings = [reading / vcpus for reading in view.pulse.vm(vm.uuid)]
    spark = sparkline(readings, len(readings) or 1, highest=1.0)
    mb_s = 1024 * 1024
    return [
        labelled("cpu", f"{percent(domain.cpu / vcpus)} of {many(vm.definition.vcpus, 'vCPU')}  ", (spark, "busy")),
        memory,
        labelled("disk", f"{domain.disk_bytes_s / mb_s:.1f} MB/s"),
        labelled("network", f"{domain.net_bytes_s / mb_s:.1f} MB/s"),
    ]


def _listed(names: tuple[str, ...]) -> tuple[Cell, ...]:
    return (", ".join(names),) if names else ((UNKNOWN, "dim"),)


def _metadata(vm: Vm, view: View) -> list[Line]:
    definition = vm.definition
    selector = definition.node_selector
    default = view.cluster.settings.default_selector
    meaning = f"{selector.meaning}, which is {default}" if selector == "default" else selector.meaning
    return [
        labelled("node limit", ", ".join(definition.node_limit) or "any"),
        labelled("selector", selector.value, (f"  {meaning}", "dim")),
        labelled("autorestart", "yes" if definition.autorestart else "no"),
        labelled("migration", definition.migration_method.value, f", at most {definition.max_downtime_ms} ms of pause"),
        labelled("tags", ", ".join(definition.tags) or (UNKNOWN, "dim")),
        labelled("description", definition.description or (UNKNOWN, "dim")),
        BLANK,
        (("e edits these", "dim"),),
    ]


def placement_lines(vm: Vm, cluster: Cluster) -> list[Line]:
    """Each node: whether it may take this VM, or why not; and the choice the selector would make."""
    rooms = Rooms(cluster)
    chosen = rooms.choose_target(vm)
    column = in_column(cluster.nodes)
    needed = size(vm.memory_mb)
    heading = f"If it had to leave now: {chosen}" if chosen else "If it had to leave now, no node could take it"
    lines: list[Line] = [((heading, "ok" if chosen else "warn"),), ((f"it needs {needed} of memory", "dim"),), BLANK]
    for name, objection in list(rooms.objections(vm).items())[:MOST_NODES_LISTED]:
        mark = "▸" if name == chosen else " "
        if objection is None:
            free = size(max(0, rooms.rooms[name].room_mb))
            lines.append((f"{mark} {column(name)}  ", ("may take it", "ok"), f"  {free} of room"))
        else:
            lines.append((f"{mark} {column(name)}  ", (objection, "dim")))
    return lines
