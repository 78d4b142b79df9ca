"""What is wrong now, the worst first: the list that an operator reads before anything else."""

from __future__ import annotations

from collections.abc import Iterator

from pvccore.model.cluster import VmStatus
from pvccore.model.fence import FencePhase
from pvccore.model.naming import natural, natural_items
from pvccore.model.node import Node
from pvccore.model.struct import Struct
from pvccore.model.vm import VmState
from pvctui.rows.lines import many
from pvctui.rows.node_rows import PHASE_WORDS, node_state
from pvctui.rows.statuses import by_name
from pvctui.rows.view import View
from pvctui.widgets.meter import age
from pvctui.widgets.rows import Align, Cell, Column, Measure, Row

ATTENTION_COLUMNS = (
    Column(key="what", title="WHAT", width=12, min_width=10, max_width=26, weight=1, sortable=False),
    Column(key="why", title="WHY", width=20, min_width=20, weight=12, sortable=False),
    Column(key="age", title="FOR", width=5, align=Align.RIGHT, measure=Measure.SECONDS, sortable=False),
)
MOST_SHOWN = 500


class Trouble(Struct, frozen=True, kw_only=True):
    """One thing that needs a person's eyes.

    subject: `node hv3`, `vm UUID`, or "" for the whole cluster; what Enter opens.
    """

    key: str
    what: str
    why: str
    state: str = "bad"
    glyph: str = "✗"
    since_s: float = 0.0
    subject: str = ""


def troubles(view: View) -> list[Trouble]:
    """All of it, the worst first."""
    since = _last_told(view)
    found: list[Trouble] = []
    for source in SOURCES:
        found += source(view, since)
        if len(found) >= MOST_SHOWN:
            break
    return found[:MOST_SHOWN]


def rows_of_troubles(found: list[Trouble], now_s: float) -> list[Row]:
    """The list's rows in the order of the troubles."""
    return [_row(trouble, now_s) for trouble in found]


def _row(trouble: Trouble, now_s: float) -> Row:
    lasted_s = now_s - trouble.since_s if trouble.since_s else None
    what: Cell = (f"{trouble.glyph} {trouble.what}", trouble.state)
    return Row(
        key=trouble.key,
        cells=(what, trouble.why, ("" if lasted_s is None else age(lasted_s), "dim")),
        values=(trouble.what, trouble.why, lasted_s),
        fields={"subject": trouble.subject},
    )


def _last_told(view: View) -> dict[str, float]:
    """When the journal last spoke of each node and VM, by name."""
    told: dict[str, float] = {}
    for entry in view.cluster.journal:
        for name in (entry.vm, entry.node if not entry.vm else ""):
            if name:
                told[name] = entry.at
    return told


def _cluster_wide(view: View, _since: dict[str, float]) -> Iterator[Trouble]:
    cluster = view.cluster
    silent = [node.name for node in cluster.nodes.values() if node.is_silent]
    if len(silent) > 1:
        from pvccore.plan.fencing import storm_alarm

        storm = storm_alarm(cluster, silent)
        if storm:
            yield Trouble(key="storm", what="storm", why=storm)
    if cluster.nodes and not cluster.leases:
        yield Trouble(
            key="lease", what="no manager", why="no daemon holds the manager lease: nobody fences or recovers"
        )


def _fences(view: View, _since: dict[str, float]) -> Iterator[Trouble]:
    nodes = [node for node in view.cluster.nodes.values() if node.fence.under_way]
    for node in sorted(nodes, key=lambda node: (node.fence.phase is not FencePhase.FAILED, natural(node.name))):
        state = node_state(node)
        yield Trouble(
            key=f"node {node.name}",
            what=node.name,
            why=_fence_why(node, view),
            state=state.state,
            glyph=state.glyph,
            since_s=node.fence.since,
            subject=f"node {node.name}",
        )


def _fence_why(node: Node, view: View) -> str:
    if node.fence.phase is FencePhase.FAILED:
        from pvctui.rows.fence_lines import waiting_vms

        waiting = waiting_vms(node, view.cluster)
        waits = f"; its {many(waiting, 'VM')} wait" if waiting else ""
        return f"its fence failed: {node.fence.error or 'no reason given'}{waits}"
    if not node.fence.unfinished:
        return "fenced and recovered; not back yet"
    unknown = view.book.counts_on(node.name)[VmStatus.UNKNOWN]
    left = f"; its {many(unknown, 'VM')} unknown" if unknown else ""
    if node.fence.proven_off:
        return "being fenced: it is off, its VMs are placed again"
    return f"being fenced ({PHASE_WORDS[node.fence.phase]}){left}"


def _silent_nodes(view: View, since: dict[str, float]) -> Iterator[Trouble]:
    for name, node in natural_items(view.cluster.nodes):
        if node.is_silent and not node.fence.under_way:
            unknown = view.book.counts_on(name)[VmStatus.UNKNOWN]
            left = f"; its {many(unknown, 'VM')} unknown" if unknown else ""
            held = ", not fenced while maintenance is on" if view.cluster.maintenance.on else ""
            why = f"silent, without a goodbye{held}{left}"
            yield Trouble(key=f"node {name}", what=name, why=why, since_s=since.get(name, 0.0), subject=f"node {name}")


def _failed_vms(view: View, since: dict[str, float]) -> Iterator[Trouble]:
    for uuid in by_name(view.cluster, view.book.with_status(VmState.FAILED)):
        vm = view.cluster.vms[uuid]
        why = f"failed: {vm.placement.failure or 'no reason given'}"
        yield _of_vm(uuid, vm.name, why, "bad", "✗", since)


def _parked_vms(view: View, since: dict[str, float]) -> Iterator[Trouble]:
    for uuid in by_name(view.cluster, view.book.with_status(VmStatus.PARKED)):
        vm = view.cluster.vms[uuid]
        why = f"parked: {vm.placement.why or 'no node could take it'}"
        yield _of_vm(uuid, vm.name, why, "warn", "■", since)


def _of_vm(uuid: str, name: str, why: str, state: str, glyph: str, since: dict[str, float]) -> Trouble:
    key = f"vm {uuid}"
    return Trouble(
        key=key, what=name or uuid, why=why, state=state, glyph=glyph, since_s=since.get(name, 0.0), subject=key
    )


def _nodes_to_mend(view: View, since: dict[str, float]) -> Iterator[Trouble]:
    for name, node in natural_items(view.cluster.nodes):
        words = _to_mend(node, view)
        if words and not node.fence.under_way:
            state = node_state(node)
            looks_well = state.state == "ok"
            yield Trouble(
                key=f"node {name}",
                what=name,
                why=words,
                state="warn" if looks_well else state.state,
                glyph="▲" if looks_well else state.glyph,
                since_s=since.get(name, 0.0),
                subject=f"node {name}",
            )


def _to_mend(node: Node, view: View) -> str:
    if node.is_unsupervised:
        running = len(view.book.on_node(node.name))
        left = f"; its {many(running, 'VM')} run on unwatched" if running else ""
        return f"unsupervised: its daemon was stopped{left}"
    if node.is_alive and node.report.hypervisor_error:
        return f"unhealthy hypervisor: {node.report.hypervisor_error}"
    if node.is_alive and node.report.storage_error:
        return f"unhealthy storage: {node.report.storage_error}"
    if node.is_alive and node.report.unfit:
        return f"takes no VM: {node.report.unfit}"
    if node.is_alive and node.bmc.fails and node.config.bmcs:
        return f"its BMC fails its test, so it could not be fenced: {node.bmc.error}"
    strangers = len(node.report.unknown_domains)
    if node.is_alive and strangers:
        return f"{many(strangers, 'domain')} there that the cluster does not know"
    return ""


def _unreadable(view: View, _since: dict[str, float]) -> Iterator[Trouble]:
    for words, reason in sorted(view.cluster.problems.items()):
        yield Trouble(key=f"record {words}", what=words, why=f"can't be read: {reason}", state="warn", glyph="▲")


def _storage(view: View, *, errors: bool) -> Iterator[Trouble]:
    """Ceph's own errors are as bad as a node's; its warnings come after what stands still."""
    if not view.cluster.storage.status.is_known:
        return
    from pvccore.plan.storage_troubles import storage_troubles

    for one in storage_troubles(view.cluster):
        if one.is_error is errors:
            yield Trouble(
                key=f"storage {one.key}",
                what=one.what,
                why=one.text,
                state="bad" if errors else "warn",
                glyph="✗" if errors else "▲",
                since_s=one.since,
                subject=f"pool {one.what}" if one.is_of_a_pool else "storage",
            )


def _broken_storage(view: View, _since: dict[str, float]) -> Iterator[Trouble]:
    yield from _storage(view, errors=True)


def _weak_storage(view: View, _since: dict[str, float]) -> Iterator[Trouble]:
    yield from _storage(view, errors=False)


SOURCES = (
    _cluster_wide,
    _fences,
    _silent_nodes,
    _broken_storage,
    _failed_vms,
    _parked_vms,
    _nodes_to_mend,
    _weak_storage,
    _unreadable,
)
"""What each kind of trouble is made by, the worst first."""
