"""A small cluster in memory with an operator before it; agents and a manager are played by the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.fence import Fence, FenceAgent, FenceAgentKind
from pvccore.model.node import Node, NodeConfig, Presence, Readiness, Report
from pvccore.model.record import Record
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Placement, Vm, VmState, Wanted, Xml
from pvccore.operations.operator import Operator
from pvccore.operations.reading import load_cluster
from pvccore.state.memory import MemoryStore, MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import Session, create_tree
from pvccore.state.store import Create, Delete

GUEST_XML = """<domain type='kvm'>
  <name>{name}</name>{uuid}
  <memory unit='MiB'>{memory_mb}</memory>
  <vcpu>{vcpus}</vcpu>
  <devices>
    <disk type='network' device='disk'><source protocol='rbd' name='vms/{name}_disk'/><target dev='vda'/></disk>
    <interface type='bridge'><source bridge='br100'/></interface>
  </devices>
</domain>
"""
IPMI = FenceAgent(kind=FenceAgentKind.IPMI, address="127.0.0.1:6230")


def guest_xml(name: str, uuid: str = "", *, memory_mb: int = 1024, vcpus: int = 1) -> str:
    tag = f"\n  <uuid>{uuid}</uuid>" if uuid else ""
    return GUEST_XML.format(name=name, uuid=tag, memory_mb=memory_mb, vcpus=vcpus)


def uuid_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


class World:
    """The store, an operator named anna@ops1, and the shortest way to put records there."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.tree = MemoryTree(lambda: self.now)
        self.store: MemoryStore = self.tree.connect()
        self.schema = Schema("/pvc")
        self._ids: Iterator[int] = count(1)
        self._uuids: Iterator[int] = count(1)
        create_tree(Session(self.store, self.schema, who="root@ops1", wall_clock=self.wall_clock))
        self.setup = Session(self.store, self.schema, who="setup", wall_clock=self.wall_clock)
        self.operator = self.seat("anna@ops1")

    def wall_clock(self) -> float:
        self.now += 0.001
        return self.now

    def seat(self, who: str, cluster: Callable[[], Cluster] | None = None) -> Operator:
        return Operator(
            session=Session(self.store, self.schema, who=who, wall_clock=self.wall_clock),
            cluster=cluster or self.load,
            new_id=lambda: f"{next(self._ids):032x}",
        )

    def load(self) -> Cluster:
        return load_cluster(self.store, self.schema)

    def vm(self, name: str) -> Vm:
        return self.load().vm(name)

    def node(self, name: str) -> Node:
        return self.load().node(name)

    def last_entry(self) -> tuple[str, str]:
        entry = self.load().journal[-1]
        return entry.who, entry.what

    def write(self, kind: Kind, key: str, before: Record | None, after: Record | None) -> None:
        self.setup.commit(Change(writes=(Write(kind=kind, key=key, before=before, after=after),), quiet=True))

    def add_node(self, name: str, *, memory_mb: int = 8192, alive: bool = True, boot: bool = True) -> None:
        self.write(Kind.NODE_CONFIG, name, None, NodeConfig(machine_id=name, fence_agents=(IPMI,)))
        if boot:
            self.write(Kind.PRESENCE, name, None, Presence(boot_id=f"boot-of-{name}", daemon_id="d1"))
        self.write(Kind.READINESS, name, None, Readiness())
        self.write(Kind.FENCE, name, None, Fence())
        report = Report(
            boot_id=f"boot-of-{name}", memory_total_mb=memory_mb, memory_free_mb=memory_mb, load=0.5, vcpus=8
        )
        self.write(Kind.REPORT, name, None, report)
        if alive:
            self.store.commit([Create(self.schema.alive_prefix(name), ephemeral=True, sequential=True)])

    def add_vm(
        self,
        name: str,
        node: str,
        state: VmState = VmState.RUNNING,
        *,
        wanted: Wanted | None = None,
        definition: Definition | None = None,
        placement: Placement | None = None,
    ) -> None:
        uuid = uuid_of(next(self._uuids))
        asked = wanted or (Wanted.STOPPED if state is VmState.STOPPED else Wanted.RUNNING)
        described = replace(definition or Definition(memory_mb=1024, vcpus=1), name=name)
        where = replace(placement or Placement(), node=node, state=state, wanted=asked)
        self.setup.commit(
            Change(
                writes=(
                    Write(kind=Kind.DEFINITION, key=uuid, before=None, after=described),
                    Write(kind=Kind.PLACEMENT, key=uuid, before=None, after=where),
                    Write(kind=Kind.XML, key=uuid, before=None, after=Xml(text=guest_xml(name, uuid))),
                ),
                quiet=True,
            )
        )

    def place(self, name: str, **fields: object) -> None:
        """What an agent or the manager would write into a placement."""
        vm = self.vm(name)
        self.write(Kind.PLACEMENT, vm.uuid, vm.placement, replace(vm.placement, **fields))  # type: ignore[arg-type]

    def set_node(self, name: str, kind: Kind, before: Record, **fields: object) -> None:
        self.write(kind, name, before, replace(before, **fields))  # type: ignore[arg-type]

    def kill(self, name: str) -> None:
        """The node's daemon has lost its session."""
        folder = self.schema.alive(name)
        for token in self.store.children([folder])[0] or []:
            self.store.commit([Delete(f"{folder}/{token}")])


def three_nodes() -> World:
    world = World()
    for name in ("hv1", "hv2", "hv3"):
        world.add_node(name)
    return world
