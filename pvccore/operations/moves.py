"""Verbs that change where a VM is: migrate, move, unmigrate."""

from __future__ import annotations

from functools import partial

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Refused
from pvccore.model.vm import Vm
from pvccore.operations.operator import Decision, Operator, Result, carry_out
from pvccore.operations.vms import allowed, placed, still_takes_vms
from pvccore.plan.outcome import Aim, Goal
from pvccore.plan.placement import Rooms
from pvccore.plan.recovery import previous_node_after
from pvccore.plan.requests import kept_here, relocated
from pvccore.plan.verbs import objection_to_migrate, objection_to_move, objection_to_unmigrate


def migrate(operator: Operator, vm: str, *, to: str = "", force: bool = False) -> Result:
    """Bring a VM to another node for a while; its previous node remembers where it belongs.

    to: the target; "" lets its selector choose. force: migrate it again although it is migrated already: its previous
    node stays what it was, and going there ends the migration.
    """

    def decide(cluster: Cluster) -> Decision:
        known_node(cluster, to)
        found = allowed(cluster, cluster.vm(vm), partial(objection_to_migrate, target=to, force=force))
        target = chosen(cluster, found, to)
        return relocation(operator, cluster, found, target, previous_node_after(found, target), "migrate")

    return carry_out(operator, decide)


def move(operator: Operator, vm: str, *, to: str = "") -> Result:
    """Bring a VM to another node for good; to where it is, a migration becomes permanent."""

    def decide(cluster: Cluster) -> Decision:
        known_node(cluster, to)
        found = allowed(cluster, cluster.vm(vm), partial(objection_to_move, target=to))
        if found.node == to:
            goal = Goal(aim=Aim.ELSEWHERE, vm=found.uuid, node=to)
            return placed(found, kept_here(found), f"move {found.name} to {to}", f"{found.name} belongs on {to}", goal)
        return relocation(operator, cluster, found, chosen(cluster, found, to), "", "move")

    return carry_out(operator, decide)


def unmigrate(operator: Operator, vm: str) -> Result:
    """Bring a migrated VM back to its previous node."""

    def decide(cluster: Cluster) -> Decision:
        found = allowed(cluster, cluster.vm(vm), objection_to_unmigrate)
        return relocation(operator, cluster, found, found.placement.previous_node, "", "unmigrate")

    return carry_out(operator, decide)


def known_node(cluster: Cluster, name: str) -> None:
    """Raise `NotFound` unless `name` is empty or a node's."""
    if name:
        cluster.node(name)


def chosen(cluster: Cluster, vm: Vm, to: str) -> str:
    """The given target, else the one that the VM's selector chooses; raises `Refused` when there is none."""
    target = to or Rooms(cluster).choose_target(vm)
    if target is None:
        raise Refused(f"{vm.name}: no other node can take it")
    return target


def relocation(operator: Operator, cluster: Cluster, vm: Vm, target: str, previous_node: str, verb: str) -> Decision:
    """The decision to bring `vm` to `target`: by a migration while it runs, at once while it is at rest."""
    migration_id = operator.new_id()
    after = relocated(vm, cluster.node(target), previous_node, migration_id=migration_id, by=operator.who)
    goal = Goal(aim=Aim.ELSEWHERE, vm=vm.uuid, node=target, id=migration_id)
    way = f"from {vm.node} to {target}" if vm.node else f"to {target}"
    text = f"{vm.name} goes {way}" if vm.is_active else f"{vm.name} is placed on {target}"
    checks = still_takes_vms(cluster, target)
    return placed(vm, after, f"{verb} {vm.name} {way}", text, goal, checks=checks)
