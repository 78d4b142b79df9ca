"""`/vm`: what VMs are, and where and how they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from litestar import MediaType, Response, Router, delete, get, post, put
from litestar.params import JSONBody, QueryParameter

from pvcapi.auth import operator
from pvcapi.details import answer, vm_detail, vm_metadata, vm_where
from pvcapi.examples import XML, plain
from pvcapi.filtering import matching_vms
from pvcapi.parameters import (
    ANSWER_WAIT_S,
    After,
    Confirmed,
    Filter,
    Force,
    Limit,
    Lines,
    Offset,
    Search,
    StateFilter,
    VmPath,
    Wait,
)
from pvcapi.problems import READING, WRITING, documented
from pvcapi.seat import Here, Seat, Verb
from pvcapi.shapes import LogLines, Outcome, VmDetail, VmMetadata, VmRecord, VmStanding, VmWhere
from pvcapi.wanted import MetadataWanted, MoveVerb, NewName, NewVm, NewXml, NodeWanted, StateWanted, Tags, VmVerb
from pvccore.model.errors import Refused
from pvccore.model.log import LINES
from pvccore.operations import definitions, logs, metadata, moves, storage, vms
from pvccore.operations.operator import Operator, Result
from pvccore.operations.reading import read_xml
from pvccore.operations.records import vm_record
from pvccore.operations.removal import removal_losses, remove
from pvccore.state.session import Session

reading = documented(READING)
writing = documented(WRITING)
STOP_LIMIT_S = 60.0


@get("", responses=reading)
async def list_vms(
    seat: Here,
    name: Filter = None,
    status: Filter = None,
    in_state: StateFilter = None,
    wanted: Filter = None,
    node: Filter = None,
    previous_node: Filter = None,
    tag: Filter = None,
    search: Search = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Response[list[VmRecord]]:
    """List VMs by name, all or those that meet every filter. X-Total-Count: how many there are without limit."""
    cluster = seat.cluster
    fields = {"status": status, "state": in_state, "wanted": wanted, "node": node, "previous_node": previous_node}
    found = matching_vms(cluster, fields, tag, search)
    if name is not None:
        found = [vm for vm in found if vm.name == name]
    shown = found[offset : None if limit is None else offset + limit]
    return answer([vm_record(cluster, vm) for vm in shown], X_Total_Count=str(len(found)))


@post("", guards=[operator], responses=writing)
async def define(
    seat: Here,
    data: JSONBody[NewVm],
    wait_s: Wait = 0.0,
) -> Outcome:
    """Define a VM from its XML and metadata, stopped or wanted running."""
    new = definitions.NewVm(
        xml=data.xml,
        node=data.node,
        start=data.start,
        metadata=data.metadata.fields(),
        paths=seat.service.allow_paths,
    )
    return await seat.do(lambda by: definitions.define(by, new), wait_s)


@get("/{vm:str}", responses=reading)
async def show(seat: Here, vm: VmPath) -> Response[VmDetail]:
    """Show everything about a VM."""
    cluster = seat.cluster
    return answer(vm_detail(cluster, cluster.vm(vm)))


@put("/{vm:str}", guards=[operator], responses=writing)
async def modify(seat: Here, vm: VmPath, data: JSONBody[NewXml], wait_s: Wait = 0.0) -> Outcome:
    """Replace a VM's XML; a running VM gets it at its next start, or at once by a restart."""
    paths = seat.service.allow_paths
    return await seat.do(lambda by: definitions.modify(by, vm, data.xml, restart=data.restart, paths=paths), wait_s)


@delete("/{vm:str}", guards=[operator], responses=writing, status_code=200)
async def undefine(
    seat: Here,
    vm: VmPath,
    stop: Annotated[bool, QueryParameter(name="stop", description="Stop it first, and wait until it is.")] = False,
    disks: Annotated[bool, QueryParameter(name="disks", description="Remove its volumes as well.")] = False,
    force: Force = False,
    confirmed: Confirmed = False,
    wait_s: Wait = 0.0,
) -> Outcome:
    """Forget a VM's definition; its disks stay, unless `disks` says otherwise (force: with their snapshots)."""
    cluster = seat.cluster
    if disks and not confirmed and (lost := removal_losses(cluster, vm).words):
        raise Refused(f"not confirmed; lost would be {'; '.join(lost)}")
    if stop and cluster.vm(vm).is_active:
        await seat.do(lambda by: vms.stop(by, vm), STOP_LIMIT_S)
    if disks:
        return await seat.do(lambda by: remove(by, vm, force=force), wait_s)
    return await seat.do(lambda by: definitions.undefine(by, vm))


@get("/{vm:str}/xml", media_type=MediaType.XML, responses=reading | plain(str, XML, MediaType.XML))
async def dump(seat: Here, vm: VmPath) -> str:
    """Give a VM's libvirt XML as it was defined; it is read from ZooKeeper."""
    found, source = seat.cluster.vm(vm), seat.service.source
    session = Session(source.store, source.schema, who=seat.caller.name, wall_clock=seat.service.wall_clock)
    return (await seat.read(lambda: read_xml(session, found))).text


@post("/{vm:str}/name", guards=[operator], responses=writing, status_code=200)
async def rename(seat: Here, vm: VmPath, data: JSONBody[NewName]) -> Outcome:
    """Give a VM at rest another name."""
    return await seat.do(lambda by: definitions.rename(by, vm, data.name))


@get("/{vm:str}/meta", responses=reading)
async def show_metadata(seat: Here, vm: VmPath) -> Response[VmMetadata]:
    """Show a VM's metadata."""
    return answer(vm_metadata(seat.cluster.vm(vm)))


@post("/{vm:str}", guards=[operator], responses=writing, status_code=200)
async def set_some(seat: Here, vm: VmPath, data: JSONBody[MetadataWanted], wait_s: Wait = 0.0) -> Outcome:
    """Set metadata of a VM; the same as at /meta."""
    return await _set_metadata(seat, vm, data, wait_s)


@post("/{vm:str}/meta", guards=[operator], responses=writing, status_code=200)
async def set_metadata(
    seat: Here,
    vm: VmPath,
    data: JSONBody[MetadataWanted],
    wait_s: Wait = 0.0,
) -> Outcome:
    """Set metadata of a VM: node limit, node selector, autorestart …; what is not given stays."""
    return await _set_metadata(seat, vm, data, wait_s)


@get("/{vm:str}/tags", responses=reading | plain(list[str], ["web"]))
async def show_tags(seat: Here, vm: VmPath) -> list[str]:
    """Show the words that a VM is found by."""
    return list(seat.cluster.vm(vm).definition.tags)


@post("/{vm:str}/tags", guards=[operator], responses=writing, status_code=200)
async def change_tags(seat: Here, vm: VmPath, data: JSONBody[Tags]) -> Outcome:
    """Add and remove words that a VM is found by."""
    return await seat.do(lambda by: metadata.tag(by, vm, add=data.add, remove=data.remove))


@get("/{vm:str}/state", responses=reading)
async def show_state(seat: Here, vm: VmPath) -> Response[VmStanding]:
    """Show how a VM is."""
    cluster = seat.cluster
    record = vm_record(cluster, cluster.vm(vm))
    return answer({name: record[name] for name in VmStanding.__struct_fields__})


@post("/{vm:str}/state", guards=[operator], responses=writing, status_code=200)
async def set_state(
    seat: Here,
    vm: VmPath,
    data: JSONBody[StateWanted],
    wait_s: Wait = 0.0,
) -> Outcome:
    """Start a VM, shut it down, stop it at once, restart or disable it."""
    return await seat.do(_of_life(vm, data), wait_s)


@get("/{vm:str}/node", responses=reading)
async def show_node(seat: Here, vm: VmPath) -> Response[VmWhere]:
    """Show where a VM is, and for every node why it can't take it."""
    cluster = seat.cluster
    return answer(vm_where(cluster, cluster.vm(vm)))


@post("/{vm:str}/node", guards=[operator], responses=writing, status_code=200)
async def set_node(
    seat: Here,
    vm: VmPath,
    data: JSONBody[NodeWanted],
    wait_s: Wait = 0.0,
) -> Outcome:
    """Bring a VM to another node for a while (migrate), for good (move), or back (unmigrate).

    A migrated VM remembers its previous node, to which unmigrate, or that node's ready, brings it back. With force, a
    VM that is migrated already is migrated again: its original previous node is kept; to that node, it is the same as
    unmigrate.
    """
    return await seat.do(_of_move(vm, data), wait_s, dry_run=data.dry_run)


@post("/{vm:str}/locks", guards=[operator], responses=writing, status_code=200)
async def flush_locks(seat: Here, vm: VmPath, wait_s: Wait = 0.0) -> Outcome:
    """Free the locks of a VM's volumes whose holder is off."""
    return await seat.do(lambda by: storage.ask(by, "vm flush-locks", {"vm": vm}, confirmed=True), wait_s)


@get("/{vm:str}/log", guards=[operator], responses=writing)
async def show_log(
    seat: Here, vm: VmPath, lines: Lines = LINES, after: After = "", wait_s: Wait = ANSWER_WAIT_S
) -> LogLines:
    """Show what a VM's guest said last on its serial console.

    Its node's daemon is asked for it, which is why a read-only token may not. To follow, ask again after `place`.
    """
    return await seat.read_log(lambda by: logs.ask_vm_log(by, vm, lines=lines, after=after), wait_s)


async def _set_metadata(seat: Seat, vm: str, data: MetadataWanted, wait_s: float) -> Outcome:
    return await seat.do(lambda by: metadata.meta(by, vm, data.fields(), move=data.move), wait_s)


_LIFE: Mapping[VmVerb, Callable[..., Result]] = {
    VmVerb.START: vms.start,
    VmVerb.SHUTDOWN: vms.shutdown,
    VmVerb.STOP: vms.stop,
    VmVerb.RESTART: vms.restart,
    VmVerb.DISABLE: vms.disable,
}
_LIMITED = frozenset({VmVerb.SHUTDOWN, VmVerb.RESTART, VmVerb.DISABLE})


def _of_life(vm: str, data: StateWanted) -> Verb:
    limit: dict[str, Any] = {"limit_s": data.limit_s} if data.state in _LIMITED else {}
    return partial(_call, _LIFE[data.state], vm, limit)


def _of_move(vm: str, data: NodeWanted) -> Verb:
    if data.action is MoveVerb.MIGRATE:
        return lambda by: moves.migrate(by, vm, to=data.node, force=data.force)
    if data.action is MoveVerb.MOVE:
        return lambda by: moves.move(by, vm, to=data.node)
    return lambda by: moves.unmigrate(by, vm)


def _call(verb: Callable[..., Result], vm: str, options: dict[str, Any], by: Operator) -> Result:
    return verb(by, vm, **options)


ROUTER = Router(
    "/vm",
    route_handlers=[
        list_vms,
        define,
        show,
        modify,
        undefine,
        dump,
        rename,
        show_metadata,
        set_some,
        set_metadata,
        show_tags,
        change_tags,
        show_state,
        set_state,
        show_node,
        set_node,
        flush_locks,
        show_log,
    ],
    tags=["vm"],
)
