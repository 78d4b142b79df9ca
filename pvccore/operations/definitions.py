"""Verbs on what a VM is: define, modify, rename, undefine, dump."""

from __future__ import annotations

from collections.abc import Mapping

from pvccore.domain_xml import Domain, parse_domain, with_name, with_uuid
from pvccore.model.change import Change, Check, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid, Refused
from pvccore.model.metadata import check_name
from pvccore.model.struct import Struct, field, replace
from pvccore.model.vm import Definition, Placement, Request, RequestVerb, Vm, Wanted, Xml
from pvccore.operations.metadata import check_limit, parsed
from pvccore.operations.moves import known_node
from pvccore.operations.operator import Decision, Operator, Result, already, carry_out
from pvccore.operations.reading import read_xml
from pvccore.operations.vms import SHUTDOWN_LIMIT_S, allowed, stop
from pvccore.plan.outcome import Aim, Goal
from pvccore.plan.placement import MB_PER_GB, Rooms
from pvccore.plan.requests import restarted
from pvccore.plan.verbs import objection_to_rename, objection_to_restart, objection_to_undefine, unplaced

HEX_DIGITS = "0123456789abcdef"
STOP_LIMIT_S = 120.0
"""How long `undefine --stop` waits for the VM to be at rest."""


class NewVm(Struct, frozen=True, kw_only=True):
    """What a person hands in to define a VM.

    node: where to place it, "" = by limit and selector. metadata: field → value, as in `model.metadata`.
    paths: folders of the host that its XML may name besides the usual ones.
    """

    xml: str
    node: str = ""
    start: bool = False
    metadata: Mapping[str, object] = field(default_factory=dict)
    paths: tuple[str, ...] = ()


def define(operator: Operator, new: NewVm) -> Result:
    """Define a VM from its XML, placed where it may run, stopped or wanted running."""
    domain = parse_domain(new.xml, paths=new.paths)
    uuid, xml = domain.uuid, new.xml
    if not uuid:
        uuid = _as_uuid(operator.new_id())
        xml = with_uuid(xml, uuid)
    definition = replace(_described(Definition(), domain), **parsed(new.metadata))

    def decide(cluster: Cluster) -> Decision:
        _check_unique(cluster, domain.name, uuid)
        check_limit(cluster, definition.node_limit)
        vm = Vm(uuid=uuid, definition=definition)
        node = _first_node(cluster, vm, new.node)
        wanted = Wanted.RUNNING if new.start else Wanted.STOPPED
        goal = Goal(aim=Aim.RUNNING if new.start else Aim.AT_REST, vm=uuid, node=node)
        return _defined(vm, Placement(wanted=wanted, node=node), Xml(text=xml), goal)

    return carry_out(operator, decide)


def modify(operator: Operator, vm: str, xml: str, *, restart: bool = False, paths: tuple[str, ...] = ()) -> Result:
    """Replace a VM's XML; a running VM gets it at its next start, or at once by a restart."""
    domain = parse_domain(xml, paths=paths)
    request = Request(id=operator.new_id(), verb=RequestVerb.RESTART, limit_s=SHUTDOWN_LIMIT_S, by=operator.who)

    def decide(cluster: Cluster) -> Decision:
        found = cluster.vm(vm)
        _check_same(found, domain)
        _check_room(cluster, found, domain)
        before = read_xml(operator.session, found)
        text = xml if domain.uuid else with_uuid(xml, found.uuid)
        if before.text == text:
            return already(f"the XML of {found.name} is so already")
        writes = [
            Write(kind=Kind.XML, key=found.uuid, before=before, after=replace(before, text=text)),
            _definition_write(found, _described(found.definition, domain)),
        ]
        goal = None
        if restart:
            allowed(cluster, found, objection_to_restart)
            after = restarted(found, request)
            writes.append(Write(kind=Kind.PLACEMENT, key=found.uuid, before=found.placement, after=after))
            goal = Goal(aim=Aim.RESTARTED, vm=found.uuid, node=found.node, id=request.id)
        return Decision(
            change=Change(writes=tuple(writes), what=f"modify {found.name}", vm=found.name, node=found.node),
            result=Result(text=_modified(found, restart=restart), goal=goal),
        )

    return carry_out(operator, decide)


def rename(operator: Operator, vm: str, name: str) -> Result:
    """Give a stopped VM another name."""
    check_name("name", name)

    def decide(cluster: Cluster) -> Decision:
        found = cluster.vm(vm)
        if found.name == name:
            return already(f"it is named {name} already")
        allowed(cluster, found, objection_to_rename)
        _check_unique(cluster, name, "")
        xml = read_xml(operator.session, found)
        writes = (
            _definition_write(found, replace(found.definition, name=name)),
            Write(kind=Kind.XML, key=found.uuid, before=xml, after=replace(xml, text=with_name(xml.text, name))),
        )
        at_rest = Check(kind=Kind.PLACEMENT, key=found.uuid, version=found.placement.version)
        change = Change(
            writes=writes, checks=(at_rest,), what=f"rename {found.name} to {name}", vm=name, node=found.node
        )
        return Decision(change=change, result=Result(text=f"{found.name} is named {name}"))

    return carry_out(operator, decide)


def undefine(operator: Operator, vm: str, *, stop_first: bool = False) -> Result:
    """Forget a VM's definition; its disks stay. Refused while it is not at rest, unless it is stopped first."""
    if stop_first:
        stop_and_wait(operator, vm)

    def decide(cluster: Cluster) -> Decision:
        found = forgettable(operator, cluster, vm, stop_first=stop_first)
        change = Change(writes=undefine_writes(found), what=f"undefine {found.name}", vm=found.name, node=found.node)
        return Decision(change=change, result=Result(text=f"{found.name} is undefined"))

    return carry_out(operator, decide)


def dump(operator: Operator, vm: str) -> str:
    """A VM's libvirt XML as it was defined."""
    return read_xml(operator.session, operator.cluster().vm(vm)).text


def forgettable(operator: Operator, cluster: Cluster, vm: str, *, stop_first: bool) -> Vm:
    """The VM if it may be undefined now; in a rehearsal also one that would be stopped first. Raises `Refused`."""
    found = cluster.vm(vm)
    return found if stop_first and operator.dry_run else allowed(cluster, found, objection_to_undefine)


def undefine_writes(vm: Vm) -> tuple[Write, ...]:
    """What forgets a VM."""
    return (
        Write(kind=Kind.XML, key=vm.uuid, before=Xml(), after=None),
        Write(kind=Kind.PLACEMENT, key=vm.uuid, before=vm.placement, after=None),
        Write(kind=Kind.DEFINITION, key=vm.uuid, before=vm.definition, after=None),
    )


def stop_and_wait(operator: Operator, vm: str) -> None:
    """Stop a VM that runs, and wait until it is at rest; raises `Refused` when it would not stop."""
    found = operator.newest().vm(vm)
    if operator.dry_run or not found.is_active:
        return
    if operator.wait is None:
        raise Refused(f"{found.name}: it runs, and nobody here can wait until it is stopped; stop it first")
    goal = Goal(aim=Aim.AT_REST, vm=found.uuid)
    if found.placement.request is None or found.placement.request.verb is not RequestVerb.STOP:
        goal = stop(operator, found.uuid).goal or goal
    ended = operator.wait(goal, STOP_LIMIT_S)
    if not ended.done:
        raise Refused(f"{found.name}: it could not be stopped first: {ended.text}")


def _check_unique(cluster: Cluster, name: str, uuid: str) -> None:
    if name in cluster.names:
        raise Refused(f"{name}: there is a VM of this name already")
    if uuid in cluster.vms:
        raise Refused(f"{name}: the VM {cluster.vms[uuid].name} has the uuid {uuid} already")


def _check_same(vm: Vm, domain: Domain) -> None:
    if domain.uuid not in ("", vm.uuid):
        raise Invalid("uuid", domain.uuid, f"can't be changed, it is {vm.uuid}")
    if domain.name != vm.name:
        raise Invalid("name", domain.name, f"can't be changed here, it is {vm.name}; rename does it")


def _check_room(cluster: Cluster, vm: Vm, domain: Domain) -> None:
    """A VM that counts against its node may grow only into the room that is left there."""
    room = Rooms(cluster).rooms.get(vm.node)
    more_mb = domain.memory_mb - vm.memory_mb
    if not vm.takes_memory or room is None or more_mb <= max(room.room_mb, 0):
        return
    raise Refused(f"{vm.name}: {vm.node} has {max(room.room_mb, 0) / MB_PER_GB:.3g} GB left for it to grow")


def _first_node(cluster: Cluster, vm: Vm, node: str) -> str:
    rooms = Rooms(cluster)
    if not node:
        target = rooms.choose_target(vm)
        if target is None:
            raise Refused(f"{vm.name}: no node can take it: {rooms.refusal(vm)}")
        return target
    known_node(cluster, node)
    objection = rooms.objection(cluster.node(node), unplaced(vm))
    if objection is not None:
        raise Refused(f"{vm.name}: {node} {objection}")
    return node


def _described(definition: Definition, domain: Domain) -> Definition:
    return replace(
        definition,
        name=domain.name,
        memory_mb=domain.memory_mb,
        vcpus=domain.vcpus,
        volumes=domain.volumes,
        networks=domain.networks,
    )


def _defined(vm: Vm, placement: Placement, xml: Xml, goal: Goal) -> Decision:
    writes = (
        Write(kind=Kind.DEFINITION, key=vm.uuid, before=None, after=vm.definition),
        Write(kind=Kind.XML, key=vm.uuid, before=None, after=xml),
        Write(kind=Kind.PLACEMENT, key=vm.uuid, before=None, after=placement),
    )
    change = Change(writes=writes, what=f"define {vm.name} on {placement.node}", vm=vm.name, node=placement.node)
    return Decision(change=change, result=Result(text=f"{vm.name} is defined on {placement.node}", goal=goal))


def _definition_write(vm: Vm, after: Definition) -> Write:
    return Write(kind=Kind.DEFINITION, key=vm.uuid, before=vm.definition, after=after)


def _modified(vm: Vm, *, restart: bool) -> str:
    if restart:
        return f"{vm.name} is modified and restarted"
    return f"{vm.name} is modified" + ("; it applies at its next start" if vm.is_active else "")


def _as_uuid(new_id: str) -> str:
    """A uuid made of an id that nobody else has; a short one is filled up."""
    digits = "".join(digit for digit in new_id.lower() if digit in HEX_DIGITS).rjust(32, "0")[-32:]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
