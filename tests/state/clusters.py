"""Small clusters in memory for the tests of sessions and snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pvccore.model.change import Change, Kind, Write
from pvccore.model.fence import Fence
from pvccore.model.node import NodeConfig, Readiness
from pvccore.model.record import Record
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Placement, Vm, Xml
from pvccore.state.live import LiveCluster
from pvccore.state.memory import MemoryStore, MemoryTree
from pvccore.state.schema import Schema
from pvccore.state.session import Session, create_tree
from pvccore.state.store import Store
from tests.state.worlds import Clock

WEB1 = "00000000-0000-4000-8000-000000000001"
WEB2 = "00000000-0000-4000-8000-000000000002"


def register(node: str) -> Change:
    """A node's first daemon start."""
    records: dict[Kind, Record] = {
        Kind.NODE_CONFIG: NodeConfig(machine_id=node),
        Kind.READINESS: Readiness(),
        Kind.FENCE: Fence(),
    }
    writes = tuple(Write(kind=kind, key=node, before=None, after=record) for kind, record in records.items())
    return Change(writes=writes, what=f"{node} registered", node=node)


def define(uuid: str, name: str, node: str = "") -> Change:
    """A VM with its three documents."""
    records: dict[Kind, Record] = {
        Kind.DEFINITION: Definition(name=name, memory_mb=1024),
        Kind.PLACEMENT: Placement(node=node),
        Kind.XML: Xml(text="<domain/>"),
    }
    writes = tuple(Write(kind=kind, key=uuid, before=None, after=record) for kind, record in records.items())
    return Change(writes=writes, what=f"define {name}", vm=name)


def place(vm: Vm, *, quiet: bool = False, **changes: Any) -> Change:
    """A changed placement."""
    write = Write(kind=Kind.PLACEMENT, key=vm.uuid, before=vm.placement, after=replace(vm.placement, **changes))
    return Change(writes=(write,), what=f"place {vm.name}", vm=vm.name, quiet=quiet)


@dataclass
class Lab:
    """A cluster of two nodes and one VM, `web1` on hv1, seen by one client."""

    clock: Clock
    tree: MemoryTree
    store: MemoryStore
    schema: Schema
    session: Session
    live: LiveCluster

    def vm(self, name: str = "web1") -> Vm:
        """The VM as the newest snapshot has it."""
        return self.live.refresh()[0].vm(name)

    def data(self, path: str) -> bytes | None:
        """A document's bytes."""
        (znode,) = self.store.read([path])
        return None if znode is None else znode.data


def session_for(store: Store, schema: Schema, who: str = "anna@desk") -> Session:
    """A session whose wall clock stands still."""
    return Session(store, schema, who=who, wall_clock=lambda: 1700000000.0)


def make_lab() -> Lab:
    clock, schema = Clock(), Schema()
    tree = MemoryTree(clock)
    store = tree.connect()
    session = session_for(store, schema)
    create_tree(session)
    for change in (register("hv1"), register("hv2"), define(WEB1, "web1", "hv1")):
        session.commit(change)
    live = LiveCluster(store, schema, clock=clock)
    live.start()
    live.refresh()
    return Lab(clock=clock, tree=tree, store=store, schema=schema, session=session, live=live)
