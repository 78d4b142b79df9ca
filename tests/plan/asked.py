"""Small clusters on which a person's verbs are tried."""

from __future__ import annotations

from pvccore.model.cluster import Cluster
from pvccore.model.fence import Fence, FenceAgent, FenceAgentKind, FencePhase
from pvccore.model.maintenance import Maintenance
from pvccore.model.node import Alive, Node, NodeConfig, Presence, Readiness, ReadinessState, Report, WantedReadiness
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Migration, Placement, Request, RequestVerb, Vm, VmState, Wanted

IPMI = FenceAgent(kind=FenceAgentKind.IPMI, address="127.0.0.1:6230")


def node(name: str, *, alive: bool = True, memory_mb: int = 8192, phase: FencePhase = FencePhase.NONE) -> Node:
    return Node(
        name=name,
        config=NodeConfig(version=0, fence_agents=(IPMI,), migration_address=f"{name}.migration"),
        presence=Presence(version=0, boot_id=f"boot-{name}"),
        alive=Alive(token="s-1") if alive else None,
        readiness=Readiness(version=0),
        report=Report(version=0, memory_total_mb=memory_mb, memory_free_mb=memory_mb),
        fence=Fence(version=0, phase=phase, round=1, boot_id=f"boot-{name}"),
    )


def flushed(one: Node) -> Node:
    readiness = replace(one.readiness, wanted=WantedReadiness.FLUSHED, state=ReadinessState.FLUSHED)
    return replace(one, readiness=readiness)


def vm(name: str, on: str, state: VmState = VmState.RUNNING, *, memory_mb: int = 1024, **placement: object) -> Vm:
    asked = Wanted.STOPPED if state is VmState.STOPPED else Wanted.RUNNING
    where = replace(Placement(version=3, wanted=asked, state=state, node=on), **placement)  # type: ignore[arg-type]
    return Vm(uuid=f"uuid-{name}", definition=Definition(version=2, name=name, memory_mb=memory_mb), placement=where)


def limited(one: Vm, *limit: str) -> Vm:
    return replace(one, definition=replace(one.definition, node_limit=limit))


def asked(verb: RequestVerb) -> Request:
    return Request(id="r1", verb=verb, by="ben@ops2")


def travel(source: str, target: str) -> Migration:
    return Migration(id="m1", source=source, target=target)


def cluster(*parts: Node | Vm, maintenance: bool = False) -> Cluster:
    """hv1 to hv3 unless given otherwise, and these VMs."""
    nodes = {name: node(name) for name in ("hv1", "hv2", "hv3")}
    nodes |= {one.name: one for one in parts if isinstance(one, Node)}
    vms = {one.uuid: one for one in parts if isinstance(one, Vm)}
    return Cluster(
        nodes=nodes,
        vms=vms,
        names={one.name: one.uuid for one in vms.values()},
        maintenance=Maintenance(version=0, on=maintenance),
    )
