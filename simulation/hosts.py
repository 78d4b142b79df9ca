"""The hosts of the simulated world: how a scenario describes them, what is kept of each, how they stand at 0 s."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from pvccore.model.bmc import BmcTest
from pvccore.model.change import Change, Kind, Write
from pvccore.model.fence import Fence, FenceAgent, FenceAgentKind
from pvccore.model.node import Goodbye, GoodbyeReason, NodeConfig, NodeRole, Presence, Readiness, Report, SelfFence
from pvccore.model.record import Record
from pvccore.model.struct import Struct, replace
from pvccore.model.vm import Claim, Definition, Placement, VmState, Wanted, Xml
from pvccore.plan.domains import DomainState
from pvccore.state.session import Session
from simulation.clock import VirtualClock
from simulation.daemon import SimulatedDaemon
from simulation.machine import Machine
from simulation.storage import SimulatedCeph
from simulation.watchdog import watchdog_rule


class NodeSpec(Struct, frozen=True, kw_only=True):
    """A node as a scenario describes it. alive False: powered off since long before 0 s, with a goodbye."""

    name: str
    memory_mb: int
    vcpus: int
    role: NodeRole = NodeRole.COORDINATOR
    load: float = 0.1
    alive: bool = True
    readiness: Readiness = Readiness()
    fence_agents: tuple[FenceAgent, ...] = ()


class VmSpec(Struct, frozen=True, kw_only=True):
    """A VM as a scenario describes it. parked: it was stopped on its node for want of another."""

    uuid: str
    definition: Definition
    node: str
    wanted: Wanted = Wanted.RUNNING
    previous_node: str = ""
    parked: bool = False


@dataclass(slots=True)
class Host:
    """A machine, its daemon, and what is wrong with them. stall, crash: see `World`."""

    machine: Machine
    config: NodeConfig
    daemon: SimulatedDaemon | None = None
    runs: int = 0
    is_partitioned: bool = False
    waits_for_store: bool = False
    stall_in: int = 0
    stall_s: float = 0.0
    crash_in: int = 0


def build_host(
    spec: NodeSpec, number: int, clock: VirtualClock, ceph: SimulatedCeph, random: Random, session_s: float
) -> Host:
    """The machine that a node's description asks for, and what its daemon registers.

    A node with the fence agent `watchdog` has one, and arms it in a cluster with such sessions.
    """
    address = f"192.0.2.{number}" if number < 255 else f"192.0.{2 + number // 250}.{number % 250}"  # noqa: PLR2004
    machine = Machine(
        name=spec.name,
        memory_mb=spec.memory_mb,
        vcpus=spec.vcpus,
        address=address,
        clock=clock,
        ceph=ceph,
        random=Random(random.random()),
        base_load=spec.load,
        power=spec.alive,
    )
    config = NodeConfig(
        machine_id=machine.machine_id,
        role=spec.role,
        storage_address=address,
        migration_address=address,
        fence_agents=spec.fence_agents,
    )
    if any(agent.kind is FenceAgentKind.WATCHDOG for agent in spec.fence_agents):
        bound_s = watchdog_rule(session_s).bound_s
        config = replace(config, self_fence=SelfFence.WATCHDOG, self_fence_bound_s=bound_s)
    return Host(machine=machine, config=config)


def write_cluster(
    session: Session, hosts: Mapping[str, Host], nodes: Iterable[NodeSpec], vms: Iterable[VmSpec]
) -> None:
    """Write the cluster down as it is at 0 s, with every VM that is wanted running running."""
    started = Write(kind=Kind.STARTED, key="", before=None, after=Record())
    session.commit(Change(writes=(started,), quiet=True))
    for spec in nodes:
        _write_node(session, spec, hosts[spec.name])
    for vm in vms:
        _write_vm(session, vm, hosts[vm.node].machine)


def _write_node(session: Session, spec: NodeSpec, host: Host) -> None:
    goodbye = None if spec.alive else Goodbye(boot_id=host.machine.boot_id, reason=GoodbyeReason.HOST_STOP)
    records: tuple[tuple[Kind, Record], ...] = (
        (Kind.NODE_CONFIG, host.config),
        (Kind.PRESENCE, Presence(boot_id=host.machine.boot_id, goodbye=goodbye)),
        (Kind.READINESS, spec.readiness),
        (Kind.FENCE, Fence()),
    )
    if host.config.bmcs:
        records += ((Kind.BMC, BmcTest(at=session.wall_clock(), by=spec.name, config=0, maintenance=0)),)
    writes = tuple(Write(kind=kind, key=spec.name, before=None, after=record) for kind, record in records)
    session.commit(Change(writes=writes, quiet=True))
    if not spec.alive:
        free_mb = spec.memory_mb
        session.report(spec.name, Report(memory_total_mb=spec.memory_mb, memory_free_mb=free_mb, vcpus=spec.vcpus))


def _write_vm(session: Session, spec: VmSpec, machine: Machine) -> None:
    runs = spec.wanted is Wanted.RUNNING and machine.power and not spec.parked
    placement = Placement(
        wanted=spec.wanted,
        state=VmState.RUNNING if runs else VmState.STOPPED,
        node=spec.node,
        previous_node=spec.previous_node,
        parked_on=spec.node if spec.parked else "",
        why="parked before" if spec.parked else "",
        claim=Claim(boot_id=machine.boot_id, run_id="before") if runs else None,
    )
    records: tuple[tuple[Kind, Record], ...] = (
        (Kind.DEFINITION, spec.definition),
        (Kind.XML, Xml(text="<domain/>")),
        (Kind.PLACEMENT, placement),
    )
    writes = tuple(Write(kind=kind, key=spec.uuid, before=None, after=record) for kind, record in records)
    session.commit(Change(writes=writes, quiet=True))
    if runs:
        definition = spec.definition
        machine.add_domain(spec.uuid, definition.memory_mb, definition.vcpus, definition.volumes, DomainState.RUNNING)
