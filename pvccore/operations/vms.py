"""Verbs on a VM's life: start, shutdown, stop, restart, disable."""

from __future__ import annotations

from collections.abc import Callable

from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid, Refused
from pvccore.model.record import UNREADABLE
from pvccore.model.vm import Placement, Request, RequestVerb, Vm, Wanted
from pvccore.operations.operator import Decision, Operator, Result, already, carry_out
from pvccore.plan.outcome import Aim, Goal
from pvccore.plan.placement import Rooms
from pvccore.plan.requests import ended, restarted, started
from pvccore.plan.verbs import (
    objection_to_disable,
    objection_to_restart,
    objection_to_shutdown,
    objection_to_start,
    objection_to_stop,
)

SHUTDOWN_LIMIT_S = 60.0
"""How long a guest may take to shut down before it is stopped, unless the person says otherwise."""
LIMIT_BOUNDS_S = (1.0, 3600.0)

Objection = Callable[[Cluster, Vm, Rooms], str | None]


def start(operator: Operator, vm: str) -> Result:
    """Want a VM running, where it is placed; a person's start also unparks it and forgets its failures."""

    def decide(cluster: Cluster) -> Decision:
        found = allowed(cluster, cluster.vm(vm), objection_to_start)
        goal = Goal(aim=Aim.RUNNING, vm=found.uuid, node=found.node)
        text = f"{found.name} is to run on {found.node}"
        checks = still_takes_vms(cluster, found.node)
        return placed(found, started(found), f"start {found.name}", text, goal, checks=checks)

    return carry_out(operator, decide)


def shutdown(operator: Operator, vm: str, *, limit_s: float = SHUTDOWN_LIMIT_S) -> Result:
    """Ask a VM's guest to shut down; after `limit_s` it is stopped."""
    return _end(operator, vm, RequestVerb.SHUTDOWN, objection_to_shutdown, limit_s)


def stop(operator: Operator, vm: str) -> Result:
    """End a VM at once, as by pulling its plug."""
    return _end(operator, vm, RequestVerb.STOP, objection_to_stop, SHUTDOWN_LIMIT_S)


def restart(operator: Operator, vm: str, *, limit_s: float = SHUTDOWN_LIMIT_S) -> Result:
    """Shut a VM down, after `limit_s` by force, and start it again where it is."""
    request = _request(operator, RequestVerb.RESTART, limit_s)

    def decide(cluster: Cluster) -> Decision:
        found = allowed(cluster, cluster.vm(vm), objection_to_restart)
        goal = Goal(aim=Aim.RESTARTED, vm=found.uuid, node=found.node, id=request.id)
        return placed(
            found, restarted(found, request), f"restart {found.name}", f"{found.name} is asked to restart", goal
        )

    return carry_out(operator, decide)


def disable(operator: Operator, vm: str, *, limit_s: float = SHUTDOWN_LIMIT_S) -> Result:
    """Shut a VM down and mark it so that nothing but a person's start ever starts it."""
    request = _request(operator, RequestVerb.SHUTDOWN, limit_s)

    def decide(cluster: Cluster) -> Decision:
        found = allowed(cluster, cluster.vm(vm), objection_to_disable)
        after = ended(found, Wanted.DISABLED, request)
        goal = Goal(aim=Aim.AT_REST, vm=found.uuid, id=request.id)
        return placed(found, after, f"disable {found.name}", _disabling(found), goal)

    return carry_out(operator, decide)


def allowed(cluster: Cluster, vm: Vm, objection: Objection) -> Vm:
    """The VM if nothing objects; raises `Refused` with the objection."""
    if vm.placement.version == UNREADABLE:
        raise Refused(f"{vm.name}: its placement record can't be read; `pvc status` says why")
    reason = objection(cluster, vm, Rooms(cluster))
    if reason is not None:
        raise Refused(f"{vm.name}: {reason}")
    return vm


def placed(vm: Vm, after: Placement, what: str, text: str, goal: Goal, *, checks: tuple[Check, ...] = ()) -> Decision:
    """The decision to write a new placement of `vm`, unless it is so already."""
    if after == vm.placement:
        return already(f"{text} already", goal)
    write = Write(kind=Kind.PLACEMENT, key=vm.uuid, before=vm.placement, after=after)
    change = Change(writes=(write,), checks=checks, what=what, vm=vm.name, node=after.node)
    return Decision(change=change, result=Result(text=text, goal=goal))


def still_takes_vms(cluster: Cluster, name: str) -> tuple[Check, ...]:
    """Conditions that a node's readiness and fence are as they were when it was found able to take a VM."""
    node = cluster.node(name)
    records = ((Kind.READINESS, node.readiness), (Kind.FENCE, node.fence))
    return tuple(Check(kind=kind, key=name, version=record.version) for kind, record in records if record.version >= 0)


def _end(operator: Operator, vm: str, verb: RequestVerb, objection: Objection, limit_s: float) -> Result:
    request = _request(operator, verb, limit_s)

    def decide(cluster: Cluster) -> Decision:
        found = allowed(cluster, cluster.vm(vm), objection)
        wanted = Wanted.DISABLED if found.placement.wanted is Wanted.DISABLED else Wanted.STOPPED
        after = ended(found, wanted, request)
        goal = Goal(aim=Aim.AT_REST, vm=found.uuid, id=request.id)
        return placed(found, after, f"{verb} {found.name}", _ending(found, verb), goal)

    return carry_out(operator, decide)


def _ending(vm: Vm, verb: RequestVerb) -> str:
    if not vm.is_active:
        return f"{vm.name} is not wanted running any more"
    return f"{vm.name} is {'asked to shut down' if verb is RequestVerb.SHUTDOWN else 'being stopped'}"


def _disabling(vm: Vm) -> str:
    return f"{vm.name} is disabled" + (", and asked to shut down" if vm.is_active else "")


def _request(operator: Operator, verb: RequestVerb, limit_s: float) -> Request:
    low, high = LIMIT_BOUNDS_S
    if not low <= limit_s <= high:
        raise Invalid("limit", limit_s, f"must lie between {low:g} and {high:g} seconds")
    return Request(id=operator.new_id(), verb=verb, limit_s=limit_s, by=operator.who)
