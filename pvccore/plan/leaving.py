"""How the manager moves VMs of living nodes: shared by flush and ready."""

from __future__ import annotations

from collections.abc import Iterable

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.node import MANAGER, Node, Readiness
from pvccore.model.struct import replace
from pvccore.model.vm import Placement, Vm, VmState, Wanted
from pvccore.plan.effects import Step
from pvccore.plan.recovery import previous_node_after
from pvccore.plan.requests import relocated

STAYS_S = 60.0
"""A VM whose live migration did not work, and that may not be shut down for it, is tried again after this."""
LINES = 64
"""VMs named in what a node waits for; the rest is counted."""


def step_of(vm: Vm, node: Node, after: Placement, what: str, why: str) -> Step:
    """A new placement of `vm`, while `node` is still being flushed or readied."""
    change = Change(
        writes=(Write(kind=Kind.PLACEMENT, key=vm.uuid, before=vm.placement, after=after),),
        checks=(Check(kind=Kind.READINESS, key=node.name, version=node.readiness.version),),
        what=what,
        why=why,
        vm=vm.name,
        node=node.name,
    )
    return Step(change=change)


def sent(cluster: Cluster, vm: Vm, target: str) -> Placement:
    """The placement of `vm` on its way to `target`, or there at once when it is at rest."""
    after = relocated(
        vm,
        cluster.nodes[target],
        previous_node_after(vm, target),
        migration_id=f"{MANAGER}-{vm.uuid[:8]}-{vm.placement.version}",
        by=MANAGER,
    )
    return replace(after, why="")


def set_readiness(node: Node, after: Readiness, what: str, why: str, *, quiet: bool = False) -> list[Step]:
    """The step that writes how far a node is; none when it is written so already."""
    if after == node.readiness:
        return []
    write = Write(kind=Kind.READINESS, key=node.name, before=node.readiness, after=after)
    return [Step(change=Change(writes=(write,), what=what, why=why, node=node.name, quiet=quiet))]


def shortened(lines: Iterable[str]) -> tuple[str, ...]:
    """What a node waits for, one line per VM, in order and bounded."""
    known = sorted(lines)
    more = (f"and {len(known) - LINES} more",) if len(known) > LINES else ()
    return (*known[:LINES], *more)


def transition(vm: Vm) -> str | None:
    """What `vm` is in the middle of, in words: it is waited for; None when it could be moved now."""
    placement = vm.placement
    if placement.migration is not None:
        return f"{vm.name}: migrating to {placement.migration.target}"
    if placement.request is not None:
        return f"{vm.name}: {placement.request.verb} asked by {placement.request.by}"
    if placement.state in (VmState.RUNNING, VmState.PAUSED) or not vm.is_active:
        return None
    return f"{vm.name}: {placement.state.value.replace('_', ' ')}"


def waits_to_start(vm: Vm) -> bool:
    """Whether an agent would start `vm` any moment, though nothing of it runs yet."""
    placement = vm.placement
    return placement.state is VmState.STOPPED and placement.wanted is Wanted.RUNNING and not vm.is_parked


def stayed(cluster: Cluster) -> dict[str, int]:
    """VMs that a live migration left where they were, with their placement's version, for `Watch.still_s`."""
    return {
        vm.uuid: vm.placement.version
        for vm in cluster.vms.values()
        if vm.placement.why and vm.placement.state is VmState.RUNNING and not vm.is_parked
    }
