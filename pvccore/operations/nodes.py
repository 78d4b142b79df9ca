"""Verbs on a node: flush, ready, fence, confirmed off, remove."""

from __future__ import annotations

from collections.abc import Callable

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Refused
from pvccore.model.fence import Fence, FenceCause
from pvccore.model.node import Node, Readiness, ReadinessState, WantedReadiness
from pvccore.model.record import NEW, Record
from pvccore.model.struct import replace
from pvccore.operations.cluster import checked_reason
from pvccore.operations.operator import Decision, Operator, Result, already, carry_out
from pvccore.plan.fence_record import begun, fence_change, powered_off
from pvccore.plan.outcome import Aim, Goal
from pvccore.plan.retiring import rewritten
from pvccore.plan.verbs import (
    naming,
    objection_to_confirmed_off,
    objection_to_fence,
    objection_to_flush,
    objection_to_ready,
    objection_to_removal,
    shortened,
)
from pvccore.plan.watch import Watch

PERSON = "person"
"""The fence agent in the evidence of a person who stood at the machine."""


def flush(operator: Operator, node: str, *, reason: str = "") -> Result:
    """Empty a node: its VMs go elsewhere, or are parked with the reason."""
    return _set_readiness(operator, node, WantedReadiness.FLUSHED, reason)


def ready(operator: Operator, node: str, *, reason: str = "") -> Result:
    """Let a node take VMs again, and bring its own back."""
    return _set_readiness(operator, node, WantedReadiness.READY, reason)


def fence(operator: Operator, node: str, *, reason: str = "") -> Result:
    """Make sure that a node is off, and run its VMs elsewhere. Refused in maintenance."""
    why = checked_reason(reason)

    def decide(cluster: Cluster) -> Decision:
        found = _allowed(cluster, node, objection_to_fence)
        now = operator.wall_clock()
        after = begun(found, FenceCause.PERSON, now, by=operator.who, reason=why)
        change = fence_change(
            cluster,
            found,
            after,
            Watch(now_s=0.0, wall_s=now),
            "requested",
            why or "asked for",
            maintenance=True,
            presence=True,
        )
        return _fencing(change, after, f"{found.name} is being fenced", found)

    return carry_out(operator, decide)


def confirm_off(operator: Operator, node: str, *, reason: str = "") -> Result:
    """Take a person's word, who stood at the machine, that a node is off: its VMs may run elsewhere."""
    why = checked_reason(reason)

    def decide(cluster: Cluster) -> Decision:
        found = _allowed(cluster, node, objection_to_confirmed_off)
        now = operator.wall_clock()
        current = found.fence.under_way
        fenced = found.fence if current else begun(found, FenceCause.PERSON, now, by=operator.who, reason=why)
        text = f"confirmed off by {operator.who}" + (f": {why}" if why else "")
        change = powered_off(cluster, replace(found, fence=fenced), Watch(now_s=0.0, wall_s=now), PERSON, text)
        return _fencing(change, fenced, f"{found.name} counts as off; its VMs are recovered", found)

    return carry_out(operator, decide)


def remove(operator: Operator, node: str, *, force: bool = False) -> Result:
    """Retire a node that is not alive and has no fence; `force` rewrites the VMs that name it."""

    def decide(cluster: Cluster) -> Decision:
        found = _allowed(cluster, node, objection_to_removal)
        named = {vm.name: naming(vm, node) for vm in cluster.vms.values() if naming(vm, node)}
        if named and not force:
            said = [f"{name} {' and '.join(ways)}" for name, ways in sorted(named.items())]
            raise Refused(f"{node}: it is named by {len(named)} VMs: {shortened(said)}; --force rewrites them")
        writes = (*rewritten(cluster, found), *_ends(found))
        why = f"rewritten: {shortened(sorted(named))}" if named else ""
        change = Change(writes=writes, what=f"remove node {node}", why=why, node=node)
        text = f"{node} is removed" + (f"; {len(named)} VMs that named it are rewritten" if named else "")
        return Decision(change=change, result=Result(text=text))

    return carry_out(operator, decide)


def _allowed(cluster: Cluster, name: str, objection: Callable[[Cluster, Node], str | None]) -> Node:
    node = cluster.node(name)
    reason = objection(cluster, node)
    if reason is not None:
        raise Refused(f"{name}: {reason}")
    return node


def _set_readiness(operator: Operator, name: str, wanted: WantedReadiness, reason: str) -> Result:
    why = checked_reason(reason)
    flushing = wanted is WantedReadiness.FLUSHED
    verb = "flush" if flushing else "ready"
    goal = Goal(aim=Aim.FLUSHED if flushing else Aim.READY, node=name)

    def decide(cluster: Cluster) -> Decision:
        node = _allowed(cluster, name, objection_to_flush if flushing else objection_to_ready)
        if node.readiness.wanted is wanted:
            return already(f"{name} is {node.readiness.state} already", goal)
        state = ReadinessState.FLUSHING if flushing else ReadinessState.READYING
        after = replace(node.readiness, wanted=wanted, state=state, waits_for=(), by=operator.who, reason=why)
        return _readiness_decision(node, after, verb, why, goal)

    return carry_out(operator, decide)


def _readiness_decision(node: Node, after: Readiness, verb: str, why: str, goal: Goal) -> Decision:
    write = Write(kind=Kind.READINESS, key=node.name, before=node.readiness, after=after)
    change = Change(writes=(write,), what=f"{verb} {node.name}", why=why, node=node.name)
    return Decision(change=change, result=Result(text=f"{node.name} is {after.state}", goal=goal))


def _fencing(change: Change, after: Fence, text: str, node: Node) -> Decision:
    goal = Goal(aim=Aim.FENCED, node=node.name, round=after.round)
    return Decision(change=change, result=Result(text=text, goal=goal))


def _ends(node: Node) -> tuple[Write, ...]:
    """The end of every record that a node has."""
    records: tuple[tuple[Kind, Record], ...] = (
        (Kind.REPORT, node.report),
        (Kind.FENCE, node.fence),
        (Kind.BMC, node.bmc),
        (Kind.READINESS, node.readiness),
        (Kind.PRESENCE, node.presence),
        (Kind.NODE_CONFIG, node.config),
    )
    return tuple(
        Write(kind=kind, key=node.name, before=record, after=None) for kind, record in records if record.version != NEW
    )
