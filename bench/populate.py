"""Makes clusters of any size in a store: `python -m bench.populate HOSTS/CHROOT --nodes 500 --vms 10000`."""

from __future__ import annotations

import argparse
import random
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence

from pvccore.model.change import Change, Kind, Write
from pvccore.model.fence import Fence, FenceAgent, FenceAgentKind
from pvccore.model.node import DomainReport, NodeConfig, NodeRole, Presence, Readiness, Report
from pvccore.model.vm import Claim, Definition, Placement, VmState, Wanted, Xml
from pvccore.state.address import ZooKeeperAddress
from pvccore.state.multi import Multi
from pvccore.state.schema import Schema
from pvccore.state.session import Session, create_tree
from pvccore.state.store import Create, Operation, Put, Store
from pvccore.state.zookeeper import ZooKeeperStore

BATCH_OPERATIONS = 500
BATCH_BYTES = 700_000
COORDINATORS = 5
POOLS = ("vms",)
MEMORY_MB = 262_144
XML = """<domain type='kvm'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>{memory_mb}</memory>
  <vcpu>{vcpus}</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <disk type='network' device='disk'>
      <source protocol='rbd' name='vms/{name}_disk0'/>
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>
"""


def node_name(number: int) -> str:
    """The name of a node, by number."""
    return f"hv{number + 1}"


def vm_uuid(number: int) -> str:
    """The uuid of a VM, by number: the same in every cluster."""
    return str(uuid.UUID(int=(0x4000 << 64) | (0x8 << 60) | number + 1))


def node_change(number: int, domains: Iterable[int], chance: random.Random) -> Change:
    """A registered node that has reported."""
    name = node_name(number)
    config = NodeConfig(
        machine_id=uuid.UUID(int=number + 1).hex,
        role=NodeRole.COORDINATOR if number < COORDINATORS else NodeRole.HYPERVISOR,
        storage_address=f"10.2.{number // 250}.{number % 250 + 1}",
        migration_address=f"10.3.{number // 250}.{number % 250 + 1}",
        fence_agents=(FenceAgent(kind=FenceAgentKind.IPMI, address=f"10.4.{number // 250}.{number % 250 + 1}:623"),),
    )
    records = {
        Kind.NODE_CONFIG: config,
        Kind.PRESENCE: Presence(boot_id=boot_id(number), daemon_id=uuid.UUID(int=number).hex),
        Kind.READINESS: Readiness(),
        Kind.FENCE: Fence(),
        Kind.REPORT: report(number, domains, chance),
    }
    return Change(
        writes=tuple(Write(kind=kind, key=name, before=None, after=record) for kind, record in records.items())
    )


def report(number: int, domains: Iterable[int], chance: random.Random) -> Report:
    """What a node with these VMs says of itself."""
    running = tuple(
        DomainReport(
            uuid=vm_uuid(vm),
            state="running",
            cpu=round(chance.random(), 3),
            memory_mb=2048,
            disk_bytes_s=chance.randrange(10**6),
            net_bytes_s=chance.randrange(10**6),
            placement_version=0,
        )
        for vm in domains
    )
    return Report(
        boot_id=boot_id(number),
        at=time.time(),
        memory_total_mb=MEMORY_MB,
        memory_free_mb=MEMORY_MB // 2,
        load=round(chance.random() * 20, 2),
        vcpus=64,
        domains=running,
    )


def vm_change(number: int, nodes: int, chance: random.Random, pools: Sequence[str]) -> Change:
    """A running VM, its disk in one of the pools."""
    key = vm_uuid(number)
    name = f"vm-{number + 1:05}"
    definition = Definition(
        name=name,
        description=f"service {number % 97} of team {number % 13}",
        tags=(f"team-{number % 13}", "production"),
        memory_mb=2048 * chance.choice((1, 2, 4)),
        vcpus=chance.choice((1, 2, 4)),
        volumes=(f"{pools[number % len(pools)]}/{name}_disk0",),
        networks=("vmbr0",),
        node_limit=tuple(node_name(chance.randrange(nodes)) for _ in range(number % 10 // 8)),
    )
    placement = Placement(
        wanted=Wanted.RUNNING,
        state=VmState.RUNNING,
        node=node_name(number % nodes),
        claim=Claim(boot_id=boot_id(number % nodes), run_id=uuid.UUID(int=number).hex),
        clients=(f"10.2.0.1:0/{chance.randrange(10**9)}",),
    )
    xml = Xml(text=XML.format(name=name, uuid=key, memory_mb=definition.memory_mb, vcpus=definition.vcpus))
    records = {Kind.DEFINITION: definition, Kind.PLACEMENT: placement, Kind.XML: xml}
    return Change(
        writes=tuple(Write(kind=kind, key=key, before=None, after=record) for kind, record in records.items())
    )


def populate(
    store: Store,
    schema: Schema,
    *,
    nodes: int,
    vms: int,
    alive: bool = True,
    seed: int = 1,
    pools: Sequence[str] = POOLS,
) -> None:
    """Fill an empty store with a cluster in which all is well, in multis; `alive` lasts as long as the session."""
    chance = random.Random(seed)
    session = Session(store, schema, who="populate@bench", wall_clock=time.time)
    create_tree(session)
    changes = [node_change(number, range(number, vms, nodes), chance) for number in range(nodes)]
    changes += [vm_change(number, nodes, chance, pools) for number in range(vms)]
    for batch in _batches(_operations(schema, changes)):
        store.commit(batch)
    if alive:
        for start in range(0, nodes, BATCH_OPERATIONS):
            names = [node_name(number) for number in range(start, min(nodes, start + BATCH_OPERATIONS))]
            store.commit([Create(schema.alive_prefix(name), ephemeral=True, sequential=True) for name in names])
        session.acquire_lease(node_name(0))


def boot_id(number: int) -> str:
    """The boot of a node, by number."""
    return str(uuid.UUID(int=number + 1))


def _operations(schema: Schema, changes: Iterable[Change]) -> Iterator[list[Operation]]:
    for change in changes:
        multi = Multi(schema, change)
        for write in change.writes:
            multi.write(write)
        yield multi.operations


def _batches(groups: Iterable[list[Operation]]) -> Iterator[list[Operation]]:
    """Whole groups, as many as ZooKeeper takes in one request."""
    batch: list[Operation] = []
    size = 0
    for group in groups:
        group_size = sum(_size(operation) for operation in group)
        if batch and (len(batch) + len(group) > BATCH_OPERATIONS or size + group_size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch += group
        size += group_size
    if batch:
        yield batch


def _size(operation: Operation) -> int:
    data = operation.data if isinstance(operation, (Create, Put)) else b""
    return len(operation.path) + len(data) + 64


def main() -> None:
    """Fill the cluster at an address, and hold its nodes alive until Enter is pressed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zookeeper")
    parser.add_argument("--nodes", type=int, default=500)
    parser.add_argument("--vms", type=int, default=10_000)
    options = parser.parse_args()
    address = ZooKeeperAddress.parse(options.zookeeper)
    store = ZooKeeperStore(address, clock=time.monotonic, session_s=30.0)
    store.connect()
    started_s = time.monotonic()
    populate(store, address.schema, nodes=options.nodes, vms=options.vms)
    print(f"{options.nodes} nodes and {options.vms} VMs in {time.monotonic() - started_s:.1f} s")
    input("The nodes are alive until you press Enter.")
    store.close()


if __name__ == "__main__":
    main()
