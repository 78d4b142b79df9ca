"""Retiring a node for good: what of the VMs that name it must be written anew."""

from __future__ import annotations

from pvccore.model.change import Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Refused
from pvccore.model.node import Node
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Placement, Vm
from pvccore.plan.placement import Rooms
from pvccore.plan.verbs import naming


def rewritten(cluster: Cluster, node: Node) -> tuple[Write, ...]:
    """The writes after which no VM names `node`; raises `Refused` for a VM that has nowhere else to go.

    A node limit that would become empty is not widened to "any": that is for a person to decide.
    """
    rooms = Rooms(cluster)
    naming_it = sorted((vm for vm in cluster.vms.values() if naming(vm, node.name)), key=lambda vm: vm.name)
    return tuple(write for vm in naming_it for write in _writes(vm, node, rooms))


def _writes(vm: Vm, node: Node, rooms: Rooms) -> list[Write]:
    definition = _without_in_limit(vm, node)
    placement = _placed_elsewhere(replace(vm, definition=definition), node, rooms)
    writes = []
    if definition != vm.definition:
        writes.append(Write(kind=Kind.DEFINITION, key=vm.uuid, before=vm.definition, after=definition))
    if placement != vm.placement:
        writes.append(Write(kind=Kind.PLACEMENT, key=vm.uuid, before=vm.placement, after=placement))
    return writes


def _without_in_limit(vm: Vm, node: Node) -> Definition:
    limit = tuple(name for name in vm.definition.node_limit if name != node.name)
    if vm.definition.node_limit and not limit:
        raise Refused(f"{node.name}: {vm.name} may run on no other node; set its node limit first")
    return replace(vm.definition, node_limit=limit)


def _placed_elsewhere(vm: Vm, node: Node, rooms: Rooms) -> Placement:
    placement = vm.placement
    if placement.previous_node == node.name:
        placement = replace(placement, previous_node="")
    if placement.node != node.name:
        return placement
    target = rooms.choose_target(vm)
    if target is None:
        said = rooms.refusal(vm, without=(node.name,))
        raise Refused(f"{node.name}: {vm.name} is placed there, and no other node can take it: {said}")
    rooms.reserve(vm, target)
    home = "" if placement.previous_node == target else placement.previous_node
    return replace(placement, node=target, previous_node=home, parked_on="", why="")
