"""What a verb would do to each of its subjects now, or why it is refused: by the rules that then decide."""

from __future__ import annotations

from collections.abc import Sequence

from pvccore.model.cluster import Cluster, status_of
from pvccore.model.naming import natural, natural_items
from pvccore.model.node import Node, ReadinessState, WantedReadiness
from pvccore.model.struct import Struct, field, replace
from pvccore.model.vm import Vm
from pvccore.plan.placement import Rooms, standing_objection
from pvccore.plan.preview import Preview, preview_fence, preview_flush, preview_ready
from pvccore.plan.verbs import (
    NODE_VERBS,
    VM_VERBS,
    naming,
    objection_to_migrate,
    objection_to_move,
    shortened,
)
from pvctui.rows.definition_plan import (
    DEFINITION_VERBS,
    definition_objection,
    definition_outcome,
    going_volumes,
)
from pvctui.rows.lines import many
from pvctui.rows.wording import in_console_words
from pvctui.verbs import Given, Verb
from pvctui.widgets.meter import size

NO_MOVES = Preview(moved={}, parked={})


class Part(Struct, frozen=True, kw_only=True):
    """One subject of a verb.

    key: the VM's uuid or the node's name. objection: why it is refused; empty when it may be asked for.
    outcome: what would become of it. to: the target that was chosen for a VM. moves: what a node's VMs would do.
    losses: the volumes that would be gone.
    """

    key: str
    name: str
    objection: str = ""
    outcome: str = ""
    to: str = ""
    moves: Preview = field(default=NO_MOVES)
    losses: tuple[str, ...] = ()


def plan_of(verb: Verb, keys: Sequence[str], cluster: Cluster, given: Given) -> list[Part]:
    """One part for each subject, in this order; room that one takes is not there for the next."""
    if verb.kind == "node":
        return [
            _node_part(verb, key, _all_flushing(cluster, keys) if verb.name == "flush" else cluster, given)
            for key in keys
        ]
    rooms = Rooms(cluster)
    return [_vm_part(verb, key, cluster, rooms, given) for key in keys]


def refusal_of(verb: Verb, keys: Sequence[str], cluster: Cluster) -> str:
    """Why nothing at all would come of a verb on these; empty when something would."""
    rooms = Rooms(cluster) if verb.kind == "vm" else None
    if verb.only_one and len(keys) > 1:
        return "only one at a time"
    first = ""
    for key in keys:
        objection = in_console_words(_objection(verb, key, cluster, rooms))
        if not objection:
            return ""
        first = first or objection
    return first


def _objection(verb: Verb, key: str, cluster: Cluster, rooms: Rooms | None) -> str:
    if verb.kind == "node":
        node = cluster.nodes.get(key)
        return node_objection(verb, node, cluster) if node is not None else "it is not there any more"
    vm = cluster.vms.get(key)
    if vm is None:
        return "it is not defined any more"
    known = rooms or Rooms(cluster)
    if verb.name in DEFINITION_VERBS:  # whoever opens the dialog can still tick what goes with it
        return definition_objection(verb.name, vm, cluster, known, Given(force=True))
    if verb.name == "migrate":  # whoever opens the dialog can still tick that it shall be migrated again
        return objection_to_migrate(cluster, vm, known, force=True) or ""
    return VM_VERBS[verb.name](cluster, vm, known) or ""


def _vm_part(verb: Verb, key: str, cluster: Cluster, rooms: Rooms, given: Given) -> Part:
    vm = cluster.vms.get(key)
    if vm is None:
        return Part(key=key, name=key, objection="it is not defined any more")
    objection = in_console_words(_vm_objection(verb, vm, cluster, rooms, given))
    if objection:
        return Part(key=key, name=vm.name, objection=objection)
    if verb.name in DEFINITION_VERBS:
        losses = tuple(going_volumes(vm, cluster)) if verb.name == "remove" else ()
        outcome = definition_outcome(verb.name, vm, cluster, given)
        return Part(key=key, name=vm.name, outcome=outcome, losses=losses)
    to = _target(verb, vm, rooms, given)
    if to and to != vm.node:
        rooms.reserve(vm, to)
    return Part(key=key, name=vm.name, to=to, outcome=_outcome(verb, vm, cluster, to))


def _vm_objection(verb: Verb, vm: Vm, cluster: Cluster, rooms: Rooms, given: Given) -> str:
    if verb.name in DEFINITION_VERBS:
        return definition_objection(verb.name, vm, cluster, rooms, given)
    if verb.name == "migrate":
        return objection_to_migrate(cluster, vm, rooms, target=given.to, force=given.force) or ""
    if verb.name == "move":
        return objection_to_move(cluster, vm, rooms, target=given.to) or ""
    return VM_VERBS[verb.name](cluster, vm, rooms) or ""


def _target(verb: Verb, vm: Vm, rooms: Rooms, given: Given) -> str:
    if verb.takes_target:
        return given.to or rooms.choose_target(vm) or ""
    return vm.placement.previous_node if verb.name == "unmigrate" else ""


def _outcome(verb: Verb, vm: Vm, cluster: Cluster, to: str) -> str:
    if to == vm.node and to:
        return f"belongs on {to} from now on"
    if to:
        return f"{vm.node} → {to}" if vm.node else f"→ {to}"
    status = status_of(vm, cluster.nodes.get(vm.node))
    if verb.name == "start":
        return f"{status}; will run on {vm.node}"
    return f"{status} on {vm.node}" if vm.node else status


def node_objection(verb: Verb, node: Node, cluster: Cluster) -> str:
    """Why a verb on a node is refused, or would change nothing."""
    wanted = {"flush": WantedReadiness.FLUSHED, "ready": WantedReadiness.READY}.get(verb.name)
    if wanted is not None and node.readiness.wanted is wanted:
        return f"it is {node.readiness.state} already"
    return in_console_words(NODE_VERBS[verb.name](cluster, node) or "")


def _node_part(verb: Verb, key: str, cluster: Cluster, given: Given) -> Part:
    node = cluster.nodes.get(key)
    if node is None:
        return Part(key=key, name=key, objection="it is not there any more")
    objection = node_objection(verb, node, cluster)
    if objection:
        return Part(key=key, name=key, objection=objection)
    if verb.name == "remove":
        return _removal_part(key, cluster, given)
    preview = {"flush": preview_flush, "ready": preview_ready}.get(verb.name, preview_fence)
    return Part(key=key, name=key, moves=preview(cluster, key))


def _removal_part(key: str, cluster: Cluster, given: Given) -> Part:
    """A node that VMs name is removed only when they are rewritten."""
    named = sorted((vm.name for vm in cluster.vms.values() if naming(vm, key)), key=natural)
    if not named:
        return Part(key=key, name=key, outcome="no VM names it")
    by = f"{many(len(named), 'VM')}: {shortened(named)}"
    if not given.force:
        return Part(key=key, name=key, objection=f"it is named by {by}; tick to rewrite them")
    return Part(key=key, name=key, outcome=f"is forgotten by {by}")


def _all_flushing(cluster: Cluster, keys: Sequence[str]) -> Cluster:
    """The cluster in which none of these nodes takes a VM of another of them."""
    if len(keys) == 1:
        return cluster
    nodes = dict(cluster.nodes)
    for key in keys:
        node = nodes.get(key)
        if node is not None and node.readiness.wanted is not WantedReadiness.FLUSHED:
            nodes[key] = replace(node, readiness=replace(node.readiness, state=ReadinessState.FLUSHING))
    return replace(cluster, nodes=nodes)


class Target(Struct, frozen=True, kw_only=True):
    """A node that a VM could be sent to; name "" lets the selector choose."""

    name: str
    words: str
    takes_it: bool = True


def targets_of(verb: Verb, vms: Sequence[Vm], cluster: Cluster) -> list[Target]:
    """The selector's choice first, then who may take it, then who may not, with the reason."""
    rooms = Rooms(cluster)
    if len(vms) == 1:
        choice = rooms.choose_target(vms[0])
        found = {name: why for name, why in rooms.objections(vms[0]).items() if name != vms[0].node}
        words = f"it chooses {choice}" if choice else "no other node can take it"
    else:
        found = {name: standing_objection(node) for name, node in cluster.nodes.items()}
        choice, words = None, "each VM's own"
    first = Target(name="", words=words, takes_it=choice is not None or len(vms) > 1)
    may = [Target(name=name, words=_room(rooms, name)) for name, why in natural_items(found) if why is None]
    if verb.name == "move" and len(vms) == 1 and vms[0].placement.previous_node:
        may.append(Target(name=vms[0].node, words="it is there; it would belong there from now on"))
    not_may = [Target(name=name, words=why, takes_it=False) for name, why in natural_items(found) if why is not None]
    return [first, *may, *not_may]


def _room(rooms: Rooms, name: str) -> str:
    return f"may take it, {size(max(0, rooms.rooms[name].room_mb))} of room"
